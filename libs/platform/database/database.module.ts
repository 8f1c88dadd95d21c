import { type DynamicModule, Global, Module } from '@nestjs/common';
import { BootRefused, Config } from '#platform/config';
import { Database, type Entity } from './database.js';

@Global()
@Module({})
export class DatabaseModule {
  /** Each app passes the entities of the rooms it opens: platform knows none of them. */
  static forRoot(entities: readonly Entity[]): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: Database,
          inject: [Config],
          useFactory: async (config: Config) => {
            const database = new Database(config, entities);
            const missing = await database.start();
            if (missing.length > 0) {
              await database.onApplicationShutdown();
              throw new BootRefused(
                `The database lacks ${missing.join(', ')}: run \`npm run cli -- migrate\` first.`,
              );
            }
            return database;
          },
        },
      ],
      exports: [Database],
    };
  }
}
