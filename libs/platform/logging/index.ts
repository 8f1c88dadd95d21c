export { configureLogging, describeError, loggerFor, NestLogger } from './logger.js';
