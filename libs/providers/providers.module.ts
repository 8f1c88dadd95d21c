import { Module } from '@nestjs/common';
import { AccountsService } from './accounts.service.js';
import { CircuitBreakers } from './breakers/circuit-breakers.js';

@Module({ providers: [AccountsService, CircuitBreakers], exports: [AccountsService, CircuitBreakers] })
export class ProvidersModule {}
