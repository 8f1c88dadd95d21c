export { ERROR_CATALOGUE, type ErrorCode } from './catalogue.js';
export { dependencyUnavailable, type FieldError, Problem } from './problem.js';
