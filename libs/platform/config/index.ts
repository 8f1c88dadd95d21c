export { BootRefused, Config, loadConfig, readVariables } from './config.js';
export { ConfigModule } from './config.module.js';
