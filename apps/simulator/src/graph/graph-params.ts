// Owns how Graph reads a call: query and body are one bag of parameters, a JSON
// value may come as text in a form or query, and a body that is not an object
// counts as no parameters at all.

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { parameterError } from './graph-error.js';

export type GraphParams = Record<string, unknown>;

export const Params = createParamDecorator((_: unknown, context: ExecutionContext): GraphParams => {
  const { query, body } = context.switchToHttp().getRequest<FastifyRequest>();
  return { ...(isObject(query) ? query : {}), ...(isObject(body) ? body : {}) };
});

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined when absent; arrays and objects also as JSON text. */
export function jsonParam(params: GraphParams, name: string): unknown {
  const value = params[name];
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    throw parameterError(`Param ${name} must be valid JSON`);
  }
}

export function textParam(params: GraphParams, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw parameterError(`Param ${name} must be a string`);
}

export function requiredText(params: GraphParams, name: string): string {
  const value = textParam(params, name);
  if (value === undefined) throw parameterError(`The parameter ${name} is required.`);
  return value;
}

/** An integer, also as text, as form and query parameters are. */
export function integerParam(value: unknown, name: string): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw parameterError(`Param ${name} must be an integer`);
}

/** A boolean, also as text. */
export function booleanParam(value: unknown, name: string): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw parameterError(`Param ${name} must be a boolean`);
}

/** One of the values in either case, answered in upper case. */
export function enumParam<const T extends readonly string[]>(
  value: unknown,
  name: string,
  values: T,
): T[number] {
  const wanted = typeof value === 'string' ? value.toUpperCase() : undefined;
  const found = values.find((candidate) => candidate === wanted);
  if (found !== undefined) return found;
  throw parameterError(
    `Param ${name} must be one of {${values.join(', ')}} - got ${JSON.stringify(value) ?? 'nothing'}.`,
  );
}
