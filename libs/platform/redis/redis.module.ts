import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Config } from '#platform/config';
import { CORK, RedisConnection } from './redis-connection.js';
import { RedisWatch } from './redis-watch.js';

@Global()
@Module({})
export class RedisModule {
  /** `cork`: join the writes of one event-loop turn. True in the API, false in workers. */
  static forRoot(options: { cork: boolean }): DynamicModule {
    return {
      module: RedisModule,
      providers: [
        { provide: CORK, useValue: options.cork },
        {
          provide: RedisConnection,
          useFactory: (config: Config, cork: boolean) => new RedisConnection(config, cork).connect(),
          inject: [Config, CORK],
        },
        RedisWatch,
      ],
      exports: [RedisConnection, RedisWatch],
    };
  }
}
