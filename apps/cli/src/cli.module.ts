import { type DynamicModule, Module } from '@nestjs/common';
import { challengeEntities, ChallengesModule, CHAT_QUEUE, SEND_QUEUES } from '#challenges';
import { generatorEntities, GeneratorsModule } from '#generators';
import { journalEntities } from '#journal';
import { limitEntities, LimitsModule } from '#limits';
import { providerEntities, ProvidersModule } from '#providers';
import { templateEntities } from '#templates';
import { tenantEntities, TenantsModule } from '#tenants';
import { ClockModule } from '#platform/clock';
import { type Config, ConfigModule } from '#platform/config';
import { CryptoModule } from '#platform/crypto';
import { DatabaseModule } from '#platform/database';
import { HttpClientModule } from '#platform/http-client';
import { MetricsModule } from '#platform/metrics';
import { PartitionsModule } from '#platform/partitions';
import { ConfigOutboxEntity, PublishedConfigModule } from '#platform/published-config';
import { QueueModule } from '#platform/queue';
import { RedisModule } from '#platform/redis';

@Module({})
export class CliModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: CliModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        CryptoModule,
        MetricsModule.forRoot({ serve: false }),
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
          ConfigOutboxEntity,
        ]),
        PublishedConfigModule,
        HttpClientModule,
        QueueModule.forRoot('producer', [...SEND_QUEUES, CHAT_QUEUE]),
        TenantsModule,
        ProvidersModule,
        GeneratorsModule,
        LimitsModule,
        ChallengesModule,
      ],
    };
  }
}
