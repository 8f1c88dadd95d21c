import { Module, type OnModuleInit } from '@nestjs/common';
import { GeneratorsModule } from '#generators';
import { PAGE_PREFIX, registerErrorRenderer } from '#platform/http-server';
import { ChallengesModule } from '../challenges.module.js';
import { ChallengesController } from './challenges.controller.js';
import { ConsentsController } from './consents.controller.js';
import { InboundOpener } from './inbound-opener.js';
import { InboundPageController } from './pages/inbound-page.controller.js';
import { ExchangesController } from './exchanges.controller.js';
import { LinkPagesController } from './pages/link-pages.controller.js';
import { refusalPage } from './pages/refusal-page.js';
import { ErasuresController } from './erasures.controller.js';
import { ReceiversController } from './receivers.controller.js';
import { TestNumbersController } from './test-numbers.controller.js';
import { PageCursor } from './page-cursor.js';

@Module({
  imports: [ChallengesModule, GeneratorsModule],
  controllers: [
    ChallengesController,
    ErasuresController,
    ExchangesController,
    InboundPageController,
    LinkPagesController,
    ConsentsController,
    ReceiversController,
    TestNumbersController,
  ],
  providers: [PageCursor, InboundOpener],
})
export class ChallengesHttpModule implements OnModuleInit {
  onModuleInit(): void {
    registerErrorRenderer([PAGE_PREFIX], refusalPage);
  }
}
