import { Module } from '@nestjs/common';
import { ProvidersModule } from '#providers';
import { ApprovedAccounts } from './approved-accounts.js';
import { EarlyNotices } from './early-notices.js';
import { PreviewsService } from './previews.service.js';
import { SubmissionsService } from './submissions.service.js';
import { TemplateSyncService } from './sync.service.js';
import { TemplateNews } from './template-news.js';
import { TemplatesService } from './templates.service.js';

@Module({
  imports: [ProvidersModule],
  providers: [
    ApprovedAccounts,
    EarlyNotices,
    PreviewsService,
    SubmissionsService,
    TemplateNews,
    TemplatesService,
    TemplateSyncService,
  ],
  exports: [
    PreviewsService,
    ProvidersModule,
    SubmissionsService,
    TemplateNews,
    TemplatesService,
    TemplateSyncService,
  ],
})
export class TemplatesModule {}
