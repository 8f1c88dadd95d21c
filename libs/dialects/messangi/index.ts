import { Module, type OnModuleInit } from '@nestjs/common';
import { ChallengesModule } from '#challenges';
import { GeneratorsModule } from '#generators';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '#templates';
import { registerErrorRenderer } from '#platform/http-server';
import { renderMessangiError } from './envelope.js';
import { MessangiCallbacksModule } from './messangi-callbacks.module.js';
import { Messangi2faController } from './messangi-2fa.controller.js';
import { MessangiTemplatesController } from './messangi-templates.controller.js';

export { MessangiCallbacksModule };

const PREFIXES = ['/eyriesgate/', '/balerion/', '/v1/2fa', '/v2/whatsapp/', '/whatsapp/'];

/** Messangi's 2FA API, by its documented calls: only host and key change. A translation; every rule is elsewhere. */
@Module({
  imports: [ChallengesModule, GeneratorsModule, TemplatesModule, ProvidersModule, MessangiCallbacksModule],
  controllers: [Messangi2faController, MessangiTemplatesController],
})
export class MessangiDialectModule implements OnModuleInit {
  onModuleInit(): void {
    registerErrorRenderer(PREFIXES, renderMessangiError);
  }
}
