export { Satisfies } from './satisfies.js';
export { escapePointer, toFieldErrors } from './field-errors.js';
export { Compiled, CREDENTIAL_NAMES, DtoPipe, EmptyDto, OptionalBody } from './validation.pipe.js';
export { isMetadata, METADATA_RULE } from './metadata.js';
