import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { type FieldError, Problem } from '#platform/errors';
import { type Checker, compileChecker } from './compiled-checker.js';
import { toFieldErrors } from './field-errors.js';

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

/** Validates every DTO: unknown fields are refused, values are never echoed, nothing is converted in a body. */
@Injectable()
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom' || type === 'param' || !metatype || isBuiltIn(metatype)) return value;
    const dto = metatype as ClassType;
    if (type === 'query') return validateQuery(dto, value);
    const accepts = compiled.get(dto);
    if (accepts?.(value)) return value;
    return validateBody(dto, value);
  }
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
  const errors = validateSync(instance, STRICT);
  if (errors.length > 0) {
    const fields = toFieldErrors(errors);
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
    findNulls(member, `${pointer}/${name.slice(0, 64)}`),
  );
}

function validateQuery(dto: ClassType, value: unknown): object {
  const instance = plainToInstance(dto, value ?? {});
  const errors = toFieldErrors(validateSync(instance, STRICT)).map(({ pointer, ...rest }) => ({
    pointer: pointer.slice(2),
    ...rest,
  }));
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
