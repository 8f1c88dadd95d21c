import { getMetadataStorage } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import { UpdateAccountDto } from '#providers/http';
import type { Schema, Schemas } from './openapi-types.js';

type Rule = (constraints: any[]) => Partial<Schema>; // eslint-disable-line @typescript-eslint/no-explicit-any -- each rule knows its own
type ClassType = new (...args: never[]) => object;

/** What each decorator means as JSON Schema. One that is not here says nothing that a schema could. */
const RULES: Record<string, Rule> = {
  isInt: () => ({ type: 'integer' }),
  min: ([minimum]) => ({ minimum }),
  max: ([maximum]) => ({ maximum }),
  minLength: ([minLength]) => ({ minLength }),
  maxLength: ([maxLength]) => ({ maxLength }),
  isLength: ([minLength, maxLength]) => ({ minLength, maxLength }),
  matches: ([pattern]) => ({ pattern: (pattern as RegExp).source }),
  isIn: ([values]) => ({ enum: [...(values as unknown[])] }),
  isISO8601: () => ({ format: 'date-time' }),
  arrayMinSize: ([minItems]) => ({ minItems }),
  arrayMaxSize: ([maxItems]) => ({ maxItems }),
  arrayUnique: () => ({ uniqueItems: true }),
};

/**
 * Writes the rules of the DTOs' decorators into their schemas, so that the document says what the validation does.
 * The schemas are found by the name of their class: two classes of one name would lie about each other.
 */
export function addRules(schemas: Schemas): void {
  const classes = new Map<string, ClassType>();
  for (const type of validatedClasses()) {
    if (!(type.name in schemas)) continue;
    if (classes.has(type.name)) throw new Error(`two DTOs are called ${type.name}: rename one`);
    classes.set(type.name, type);
  }
  for (const [name, type] of classes) {
    const schema = schemas[name] as Schema;
    schema.additionalProperties = false;
    for (const rule of getMetadataStorage().getTargetValidationMetadatas(type, '', true, false))
      applyRule(schema.properties?.[rule.propertyName] as Schema | undefined, rule);
  }
}

/** class-validator keeps its classes to itself, and only those with a decorator of their own. */
function validatedClasses(): ClassType[] {
  const storage = getMetadataStorage() as unknown as { validationMetadatas: Map<ClassType, unknown> };
  return [...storage.validationMetadatas.keys(), UpdateAccountDto];
}

function applyRule(property: Schema | undefined, { name, each, constraints }: ValidationMetadata): void {
  const rule = name === undefined ? undefined : RULES[name];
  if (!property || !rule) return;
  const target = each ? (property.items as Schema) : property;
  const said = rule(constraints ?? []);
  // What a decorator of the documentation says stands, but for the type: `number` is all it can know.
  Object.assign(target, { ...said, ...target, ...(said.type && { type: said.type }) });
}
