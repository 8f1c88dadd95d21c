export { Satisfies } from './satisfies.js';
export { compileChecker } from './compiled-checker.js';
export { toFieldErrors } from './field-errors.js';
export { Compiled, CREDENTIAL_NAMES, DtoPipe, OptionalBody } from './validation.pipe.js';
