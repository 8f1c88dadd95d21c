export { configureLogging, describeError, type Logger, loggerFor, NestLogger } from './logger.js';
