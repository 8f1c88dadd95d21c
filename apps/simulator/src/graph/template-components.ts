// Owns the outline of `components`: an array of objects with a type in either
// case, each type at most once.

import { parameterError, templateError } from './graph-error.js';
import { enumParam, type GraphParams, isObject } from './graph-params.js';

const COMPONENT_TYPES = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS'] as const;
type ComponentType = (typeof COMPONENT_TYPES)[number];

export function parseComponents(input: unknown): Partial<Record<ComponentType, GraphParams>> {
  if (input === undefined || input === null) throw parameterError('The parameter components is required.');
  if (!Array.isArray(input)) throw parameterError('Param components must be an array.');
  const byType: Partial<Record<ComponentType, GraphParams>> = {};
  for (const [index, item] of (input as unknown[]).entries()) {
    if (!isObject(item)) throw parameterError(`Param components[${index}] must be an object.`);
    const type = enumParam(item.type, `components[${index}]['type']`, COMPONENT_TYPES);
    if (byType[type])
      throw templateError('Component repeated', `A template can have only one ${type} component.`);
    byType[type] = item;
  }
  return byType;
}
