import { Global, Module } from '@nestjs/common';
import { Audit } from './audit.js';
import { AuditLog } from './audit-log.js';
import { AuditSigner } from './audit-signer.js';

/** Every room that changes something records it. */
@Global()
@Module({ providers: [Audit, AuditLog, AuditSigner], exports: [Audit, AuditLog, AuditSigner] })
export class AuditModule {}
