import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SendersService } from '#providers';
import { Database } from '#platform/database';
import { TemplateLanguageEntity } from './template.entity.js';

/** Tells the room of providers, which may not look here, whether an account has a template that can be sent. */
@Injectable()
export class ApprovedAccounts implements OnModuleInit {
  constructor(
    private readonly senders: SendersService,
    private readonly database: Database,
  ) {}

  onModuleInit(): void {
    this.senders.setApprovalLookup((tenantId, accountId) =>
      this.database.repository(TemplateLanguageEntity).existsBy({ tenantId, accountId, status: 'approved' }),
    );
  }
}
