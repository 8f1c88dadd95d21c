// Holds answers against the OpenAPI document: as much of JSON Schema as the document uses, and nothing silently.
export interface Schema {
  $ref?: string;
  type?: string;
  nullable?: boolean;
  enum?: unknown[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
}

export interface Document {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, never>> & {
    schemas: Record<string, Schema>;
    securitySchemes: Record<string, { type: string; scheme?: string }>;
  };
}

export interface Operation {
  operationId: string;
  tags: string[];
  security?: Record<string, string[]>[];
  parameters?: { $ref?: string; in?: string; name?: string }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, ResponseBody & { $ref?: string }>;
}

export interface ResponseBody {
  description: string;
  content?: Record<string, { schema: Schema; example?: unknown }>;
  headers?: Record<string, unknown>;
}

/** What a `$ref` of the document points at; throws when it points nowhere. */
export function resolve<T>(document: Document, value: T & { $ref?: string }): T {
  if (value.$ref === undefined) return value;
  let found: unknown = document;
  for (const part of value.$ref.slice(2).split('/')) found = (found as Record<string, unknown>)?.[part];
  if (found === undefined) throw new Error(`${value.$ref} points nowhere`);
  return resolve(document, found as T & { $ref?: string });
}

/** Where the value differs from the schema; nothing when it does not. */
export function differences(document: Document, schemaOrRef: Schema, value: unknown, at = '$'): string[] {
  const schema = resolve(document, schemaOrRef);
  if (value === null) return schema.nullable ? [] : [`${at}: null`];
  if (schema.oneOf) {
    const each = schema.oneOf.map((option) => differences(document, option, value, at));
    return each.filter((found) => found.length === 0).length === 1
      ? []
      : [`${at}: not one of`, ...each.flat()];
  }
  if (schema.enum && !schema.enum.includes(value)) return [`${at}: ${JSON.stringify(value)} is not listed`];
  switch (schema.type) {
    case 'object':
      return objectDifferences(document, schema, value, at);
    case 'array':
      if (!Array.isArray(value)) return [`${at}: no array`];
      return value.flatMap((item, index) => differences(document, schema.items!, item, `${at}[${index}]`));
    case 'string':
      return stringDifferences(schema, value, at);
    case 'integer':
      if (!Number.isInteger(value)) return [`${at}: no integer`];
      return (value as number) < (schema.minimum ?? -Infinity) ||
        (value as number) > (schema.maximum ?? Infinity)
        ? [`${at}: out of range`]
        : [];
    case 'number':
      return typeof value === 'number' ? [] : [`${at}: no number`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at}: no boolean`];
    default:
      return [`${at}: the schema has the type ${schema.type}`];
  }
}

function objectDifferences(document: Document, schema: Schema, value: unknown, at: string): string[] {
  if (typeof value !== 'object' || Array.isArray(value)) return [`${at}: no object`];
  const members = value as Record<string, unknown>;
  const missing = (schema.required ?? []).filter((name) => !(name in members));
  return [
    ...missing.map((name) => `${at}.${name}: missing`),
    ...Object.entries(members).flatMap(([name, member]) => {
      const property = schema.properties?.[name];
      if (property) return differences(document, property, member, `${at}.${name}`);
      const rest = schema.additionalProperties;
      if (rest === true) return [];
      return rest
        ? differences(document, rest, member, `${at}.${name}`)
        : [`${at}.${name}: not in the schema`];
    }),
  ];
}

function stringDifferences({ pattern, format }: Schema, value: unknown, at: string): string[] {
  if (typeof value !== 'string') return [`${at}: no string`];
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    return [`${at}: ${value} against ${pattern}`];
  if (format === 'date-time' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value))
    return [`${at}: ${value} is no time`];
  if (format === 'uuid' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value))
    return [`${at}: ${value} is no UUID`];
  return [];
}
