export {
  createDataSource,
  Database,
  type Entity,
  isDatabaseFailure,
  missingMigrations,
  sqlState,
} from './database.js';
export { DatabaseModule } from './database.module.js';
export { asUuid } from './id-column.js';
