import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Metrics, MetricsServer } from './metrics.js';

@Global()
@Module({})
export class MetricsModule {
  /** `serve`: open METRICS_PORT. A command line tool counts for nobody. */
  static forRoot({ serve }: { serve: boolean }): DynamicModule {
    return {
      module: MetricsModule,
      providers: serve ? [Metrics, MetricsServer] : [Metrics],
      exports: [Metrics],
    };
  }
}
