export { Satisfies } from './satisfies.js';
export { escapePointer, toFieldErrors } from './field-errors.js';
export { Compiled, CREDENTIAL_NAMES, DtoPipe, EmptyDto, OptionalBody, validBody } from './validation.pipe.js';
export { isMetadata, METADATA_RULE } from './metadata.js';
export { DEFAULT_PAGE, PageDto } from './page.dto.js';
