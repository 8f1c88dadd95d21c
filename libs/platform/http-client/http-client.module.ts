import { Global, Module } from '@nestjs/common';
import { Config } from '#platform/config';
import { HttpClient } from './http-client.js';

@Global()
@Module({
  providers: [
    {
      provide: HttpClient,
      useFactory: ({ simulatorOrigins }: Config) =>
        new HttpClient({ guard: { trustedOrigins: [...simulatorOrigins] } }),
      inject: [Config],
    },
  ],
  exports: [HttpClient],
})
export class HttpClientModule {}
