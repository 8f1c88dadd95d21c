import type { OpenAPIObject } from '@nestjs/swagger';

// The package has these types, and does not export them.
type Components = NonNullable<OpenAPIObject['components']>;
export type Schemas = NonNullable<Components['schemas']>;
export type Reference = Extract<Schemas[string], { $ref: string }>;
export type Schema = Exclude<Schemas[string], Reference>;
export type Response = Exclude<NonNullable<Components['responses']>[string], Reference>;
export type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']>;
