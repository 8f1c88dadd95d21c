import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { challengeEntities, challengeRetention, CHAT_QUEUE, REPORT_QUEUE, SEND_QUEUES } from '#challenges';
import { ChallengesJobsModule, ErasureJobsModule } from '#challenges/jobs';
import { generatorEntities } from '#generators';
import { journalEntities, journalRetention } from '#journal';
import { JournalJobsModule } from '#journal/jobs';
import { limitEntities, limitRetention } from '#limits';
import { providerEntities } from '#providers';
import { ProvidersJobsModule } from '#providers/jobs';
import { templateEntities } from '#templates';
import { TemplatesJobsModule } from '#templates/jobs';
import { tenantEntities, TenantsModule } from '#tenants';
import { MessangiCallbacksModule } from '#dialects/messangi';
import { webhookEntities, WEBHOOKS_QUEUE } from '#webhooks';
import { WebhooksChoresModule, WebhooksJobsModule } from '#webhooks/jobs';
import { ClockModule } from '#platform/clock';
import { BootRefused, type Config, ConfigModule } from '#platform/config';
import { CryptoModule } from '#platform/crypto';
import { DatabaseModule } from '#platform/database';
import { HealthModule } from '#platform/health';
import { HttpClientModule } from '#platform/http-client';
import { IdempotencyGuard, LoadShedder } from '#platform/http-server';
import { MetricsModule } from '#platform/metrics';
import { PartitionsModule } from '#platform/partitions';
import { ConfigOutboxEntity, PublishedConfigModule } from '#platform/published-config';
import { HOUSEKEEPING_QUEUE, HousekeepingModule, QueueModule } from '#platform/queue';
import { RedisModule } from '#platform/redis';

const CHALLENGE_QUEUES: readonly string[] = [...SEND_QUEUES, CHAT_QUEUE, REPORT_QUEUE];
/** Every queue a worker may work on. */
export const WORKER_QUEUES: readonly string[] = [...CHALLENGE_QUEUES, WEBHOOKS_QUEUE, HOUSEKEEPING_QUEUE];

/** Modules whose services register chores. */
const CHORES: NonNullable<ModuleMetadata['imports']> = [
  ProvidersJobsModule,
  TemplatesJobsModule,
  WebhooksChoresModule,
  ErasureJobsModule,
  JournalJobsModule.forRules([...journalRetention, ...challengeRetention, ...limitRetention]),
];

@Module({})
export class WorkerModule {
  static forRoot(config: Config): DynamicModule {
    const chosen = chooseQueues(config.worker.queues);
    const ofChallenges = chosen.filter((name) => CHALLENGE_QUEUES.includes(name));
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
          ...journalEntities,
          ...providerEntities,
          ...templateEntities,
          ...generatorEntities,
          ...challengeEntities,
          ...limitEntities,
          ...webhookEntities,
          ConfigOutboxEntity,
        ]),
        PublishedConfigModule,
        HttpClientModule,
        QueueModule.forRoot('worker', WORKER_QUEUES),
        HealthModule,
        TenantsModule,
        ChallengesJobsModule.forQueues(ofChallenges, config.worker.concurrency),
        ...(chosen.includes(WEBHOOKS_QUEUE) ? [WebhooksJobsModule, MessangiCallbacksModule] : []),
        ...(chosen.includes(HOUSEKEEPING_QUEUE) ? [HousekeepingModule, ...CHORES] : []),
      ],
      providers: [IdempotencyGuard, LoadShedder],
    };
  }
}

/** All queues, or those of the environment's WORKER_QUEUES. An unknown name would be a queue nobody works on, so it refuses to boot. */
export function chooseQueues(wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return WORKER_QUEUES;
  const unknown = wanted.filter((name) => !WORKER_QUEUES.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    throw new BootRefused(
      `WORKER_QUEUES names ${unknown.join(', ') || 'no queue'}; the queues are ${WORKER_QUEUES.join(', ')}`,
    );
  }
  return [...new Set(wanted)];
}
