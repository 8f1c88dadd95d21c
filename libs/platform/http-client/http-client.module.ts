import { Global, Module } from '@nestjs/common';
import { Config } from '#platform/config';
import { HttpClient } from './http-client.js';

@Global()
@Module({
  providers: [
    {
      provide: HttpClient,
      useFactory: ({ simulatorOrigin }: Config) =>
        new HttpClient({ guard: { trustedOrigins: simulatorOrigin ? [simulatorOrigin] : [] } }),
      inject: [Config],
    },
  ],
  exports: [HttpClient],
})
export class HttpClientModule {}
