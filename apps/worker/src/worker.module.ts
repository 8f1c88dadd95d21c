import { type DynamicModule, Module } from '@nestjs/common';
import { challengeEntities, SEND_QUEUES } from '#challenges';
import { ChallengesJobsModule } from '#challenges/jobs';
import { generatorEntities } from '#generators';
import { limitEntities } from '#limits';
import { providerEntities } from '#providers';
import { templateEntities } from '#templates';
import { tenantEntities, TenantsModule } from '#tenants';
import { ClockModule } from '#platform/clock';
import { BootRefused, type Config, ConfigModule } from '#platform/config';
import { CryptoModule } from '#platform/crypto';
import { DatabaseModule } from '#platform/database';
import { HealthModule } from '#platform/health';
import { HttpClientModule } from '#platform/http-client';
import { IdempotencyGuard } from '#platform/http-server';
import { MetricsModule } from '#platform/metrics';
import { PartitionsModule } from '#platform/partitions';
import { ConfigOutboxEntity, PublishedConfigModule } from '#platform/published-config';
import { QueueModule } from '#platform/queue';
import { RedisModule } from '#platform/redis';

@Module({})
export class WorkerModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        CryptoModule,
        MetricsModule.forRoot({ serve: true }),
        RedisModule.forRoot({ cork: false }),
        PartitionsModule,
        DatabaseModule.forRoot([
          ...tenantEntities,
          ...providerEntities,
          ...templateEntities,
          ...generatorEntities,
          ...challengeEntities,
          ...limitEntities,
          ConfigOutboxEntity,
        ]),
        PublishedConfigModule,
        HttpClientModule,
        QueueModule.forRoot('worker', SEND_QUEUES),
        HealthModule,
        TenantsModule,
        ChallengesJobsModule.forQueues(chooseQueues(config.worker.queues), config.worker.concurrency),
      ],
      providers: [IdempotencyGuard],
    };
  }
}

/** All queues, or those of WORKER_QUEUES. An unknown name would be a queue nobody works on, so it refuses to boot. */
export function chooseQueues(wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return SEND_QUEUES;
  const unknown = wanted.filter((name) => !SEND_QUEUES.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    throw new BootRefused(
      `WORKER_QUEUES names ${unknown.join(', ') || 'no queue'}; the queues are ${SEND_QUEUES.join(', ')}`,
    );
  }
  return [...new Set(wanted)];
}
