// Bodies that pass validation, made from the OpenAPI document: a new route has one without anybody writing it.
import { generatorBody, language, templateBody } from './messangi.js';
import { type Document, type Operation, resolve, type Schema } from './openapi.js';

/** What a schema cannot say well enough, by the name of the DTO. */
const BY_HAND: Record<string, () => object> = {
  SaveMessangiGeneratorDto: () => generatorBody('1'),
  CreateMessangiTemplateDto: () => templateBody(language('en')),
  CreateAccountDto: () => ({
    name: 'spec',
    provider: 'meta-cloud',
    config: { wabaId: '1234567', accessToken: 'x'.repeat(20), appSecrets: ['y'.repeat(20)] },
    countries: ['MX'],
    senders: [],
  }),
};

/** The DTO a request takes; undefined when it takes none. */
export function bodySchema(document: Document, operation: Operation): Schema | undefined {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema && resolve(document, schema);
}

/** `known` fills fields by their name, e.g. an id that must exist. Optional fields come along when `known` has them. */
export function sampleBody(
  document: Document,
  operation: Operation,
  known: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> | undefined {
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (!schema) return undefined;
  const byHand = BY_HAND[schema.$ref?.split('/').at(-1) ?? ''];
  return (byHand ? byHand() : sample(document, schema, known)) as Record<string, unknown>;
}

function sample(document: Document, schemaOrRef: Schema, known: Readonly<Record<string, unknown>>): unknown {
  const schema = resolve(document, schemaOrRef) as Schema & Record<'example' | 'default', unknown>;
  if (schema.properties) {
    const required = new Set(schema.required);
    return Object.fromEntries(
      Object.entries(schema.properties)
        .filter(([name]) => required.has(name) || name in known)
        .map(([name, property]) => [name, name in known ? known[name] : sample(document, property, known)]),
    );
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.oneOf) return sample(document, schema.oneOf[0]!, known);
  switch (schema.type) {
    case 'array':
      return [sample(document, schema.items!, known)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return false;
    case 'string':
      return 'en';
    default:
      return {};
  }
}
