import { Global, Module } from '@nestjs/common';
import { KeyStore } from './key-store.js';
import { TenantsService } from './tenants.service.js';

@Global()
@Module({ providers: [TenantsService, KeyStore], exports: [TenantsService, KeyStore] })
export class TenantsModule {}
