import { Global, Module } from '@nestjs/common';
import { AuditModule } from '#journal';
import { KeyStore } from './key-store.js';
import { KeyUses } from './key-uses.js';
import { TenantsService } from './tenants.service.js';

@Global()
@Module({
  imports: [AuditModule],
  providers: [TenantsService, KeyStore, KeyUses],
  exports: [TenantsService, KeyStore],
})
export class TenantsModule {}
