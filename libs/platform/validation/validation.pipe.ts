import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { type FieldError, Problem } from '#platform/errors';
import { type Checker, compileChecker } from './compiled-checker.js';
import { escapePointer, toFieldErrors } from './field-errors.js';

type ClassType = ClassConstructor<object>;
const compiled = new Map<ClassType, Checker>();
const bodyOptional = new Set<ClassType>();

/** Marks the DTO of a hot route: its declarations are compiled when the class is defined, so boot fails on one that cannot be. */
export function Compiled(): ClassDecorator {
  return (type) => {
    compiled.set(type as unknown as ClassType, compileChecker(type as unknown as ClassType));
  };
}

/** Marks a DTO whose request may come without a body. */
export function OptionalBody(): ClassDecorator {
  return (type) => {
    bodyOptional.add(type as unknown as ClassType);
  };
}

/** A call that takes no fields. It may come with `{}` or without a body. */
@OptionalBody()
export class EmptyDto {}

/** Validates every DTO: unknown fields are refused, values are never echoed, nothing is converted in a body. */
@Injectable()
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom' || type === 'param' || !metatype || isBuiltIn(metatype)) return value;
    const dto = metatype as ClassType;
    return type === 'query' ? validateQuery(dto, value) : validBody(dto, value);
  }
}

/**
 * The body as the DTO declares it; throws the problem that names each field and rule. The pipe does this for every
 * `@Body()`; a hot route calls it, since Nest makes half a dozen promises for each parameter that a pipe looks at.
 */
export function validBody<T extends object>(dto: ClassConstructor<T>, value: unknown): T {
  const accepts = compiled.get(dto);
  return (accepts?.(value) ? value : validateBody(dto, value)) as T;
}

function validateBody(dto: ClassType, value: unknown): object {
  if (value === undefined || value === null) {
    if (value === undefined && bodyOptional.has(dto)) return validate(dto, {});
    throw new Problem(value === undefined ? 'request.body_required' : 'request.object_required');
  }
  if (typeof value !== 'object' || Array.isArray(value)) throw new Problem('request.object_required');
  return validate(dto, value);
}

function validate(dto: ClassType, value: object): object {
  const nulls = findNulls(value);
  if (nulls.length > 0) throw new Problem('request.invalid', { errors: nulls });
  const instance = plainToInstance(dto, value);
  const fields = [...findDropped(value, instance), ...toFieldErrors(validateSync(instance, STRICT))];
  if (fields.length > 0) {
    if (fields.some((field) => field.code === 'unknown_field' && CREDENTIAL_NAMES.test(field.pointer))) {
      throw new Problem('request.credentials_in_url');
    }
    throw new Problem('request.invalid', { errors: fields });
  }
  return instance;
}

/** class-validator takes null for absent; here a field is left out or has a value. */
function findNulls(value: unknown, pointer = '#'): FieldError[] {
  if (value === null)
    return [{ pointer, code: 'null_not_allowed', detail: 'leave the field out instead of sending null' }];
  if (typeof value !== 'object') return [];
  return Object.entries(value as object).flatMap(([name, member]) =>
    findNulls(member, `${pointer}/${escapePointer(name)}`),
  );
}

/**
 * class-transformer leaves out a field called like a method that every object has (`toString`, `valueOf`), so the
 * rules never see that it is unknown. Looks at the DTOs' own fields; data without a class is the caller's.
 */
function findDropped(sent: unknown, kept: unknown, pointer = '#'): FieldError[] {
  if (typeof sent !== 'object' || typeof kept !== 'object' || sent === null || kept === null) return [];
  if (Object.getPrototypeOf(kept) === Object.prototype) return [];
  return Object.entries(sent).flatMap(([name, member]) => {
    const at = `${pointer}/${escapePointer(name)}`;
    if (!Object.hasOwn(kept, name)) return [{ pointer: at, code: 'unknown_field' }];
    return findDropped(member, (kept as Record<string, unknown>)[name], at);
  });
}

function validateQuery(dto: ClassType, value: unknown): object {
  const sent = (value ?? {}) as object;
  const instance = plainToInstance(dto, sent);
  const errors = [...findDropped(sent, instance), ...toFieldErrors(validateSync(instance, STRICT))].map(
    ({ pointer, ...rest }) => ({ pointer: pointer.slice(2), ...rest }),
  );
  if (errors.length > 0) {
    const unknown = errors.some((error) => error.code === 'unknown_field');
    throw new Problem(unknown ? 'request.unknown_parameter' : 'request.invalid_parameter', { errors });
  }
  return instance;
}

/** `api_key`, `token`, … as a field: a credential on its way into logs. */
export const CREDENTIAL_NAMES = /(^|\/)(api_?key|apikey|access_?token|auth(orization)?|bearer|secret)$/i;

const STRICT = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: false,
  stopAtFirstError: false,
};

function isBuiltIn(type: unknown): boolean {
  return type === String || type === Number || type === Boolean || type === Array || type === Object;
}
