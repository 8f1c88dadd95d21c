export { BootRefused, Config, loadConfig, originOf, readVariables } from './config.js';
export { ConfigModule } from './config.module.js';
