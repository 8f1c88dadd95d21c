import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { challengeEntities, CHAT_QUEUE, SEND_QUEUES } from '#challenges';
import { ChallengesHttpModule } from '#challenges/http';
import { MessangiDialectModule } from '#dialects/messangi';
import { generatorEntities } from '#generators';
import { GeneratorsHttpModule } from '#generators/http';
import { journalEntities } from '#journal';
import { limitEntities } from '#limits';
import { LimitsHttpModule } from '#limits/http';
import { providerEntities } from '#providers';
import { ProvidersHttpModule } from '#providers/http';
import { templateEntities } from '#templates';
import { TemplatesHttpModule } from '#templates/http';
import { ApiKeyGuard, tenantEntities, TenantsModule } from '#tenants';
import { webhookEntities } from '#webhooks';
import { TenantsHttpModule } from '#tenants/http';
import { WebhooksHttpModule } from '#webhooks/http';
import { ClockModule } from '#platform/clock';
import { type Config, ConfigModule } from '#platform/config';
import { CryptoModule } from '#platform/crypto';
import { DatabaseModule } from '#platform/database';
import { HealthModule } from '#platform/health';
import { HttpClientModule } from '#platform/http-client';
import { IdempotencyGuard, LoadShedder, QueryGuard } from '#platform/http-server';
import { MetricsModule } from '#platform/metrics';
import { PartitionsModule } from '#platform/partitions';
import { ConfigOutboxEntity, PublishedConfigModule } from '#platform/published-config';
import { QueueModule } from '#platform/queue';
import { RedisModule } from '#platform/redis';

@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        CryptoModule,
        MetricsModule.forRoot({ serve: true }),
        RedisModule.forRoot({ cork: true }),
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
        QueueModule.forRoot('producer', [...SEND_QUEUES, CHAT_QUEUE]),
        HealthModule,
        TenantsModule,
        TenantsHttpModule,
        TemplatesHttpModule,
        GeneratorsHttpModule,
        ProvidersHttpModule,
        LimitsHttpModule,
        ChallengesHttpModule,
        WebhooksHttpModule,
        MessangiDialectModule,
      ],
      // In this order: is there time for it, who asks, is the query known, was it asked before.
      providers: [
        IdempotencyGuard,
        LoadShedder,
        { provide: APP_GUARD, useExisting: LoadShedder },
        { provide: APP_GUARD, useClass: ApiKeyGuard },
        { provide: APP_GUARD, useClass: QueryGuard },
        { provide: APP_GUARD, useExisting: IdempotencyGuard },
      ],
    };
  }
}
