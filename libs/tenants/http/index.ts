import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { KeysController } from './keys.controller.js';

@Module({ controllers: [KeysController, AuditController] })
export class TenantsHttpModule {}
