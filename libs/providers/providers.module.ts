import { Module } from '@nestjs/common';
import { TenantEventsModule } from '#journal';
import { AccountNewsService } from './account-news.service.js';
import { AccountsService } from './accounts.service.js';
import { BreakerNews } from './breakers/breaker-news.js';
import { CircuitBreakers } from './breakers/circuit-breakers.js';
import { PinVault } from './pin-vault.js';
import { SendersService } from './senders.service.js';
import { SendTurns } from './turns/send-turns.js';

@Module({
  imports: [TenantEventsModule],
  providers: [
    AccountNewsService,
    AccountsService,
    BreakerNews,
    CircuitBreakers,
    PinVault,
    SendersService,
    SendTurns,
  ],
  exports: [
    AccountNewsService,
    AccountsService,
    CircuitBreakers,
    SendersService,
    SendTurns,
    TenantEventsModule,
  ],
})
export class ProvidersModule {}
