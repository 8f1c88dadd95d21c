import { Module, type OnModuleInit } from '@nestjs/common';
import type { EventType } from '#journal';
import { CallbackFormats, OutboundModule } from '#webhooks';
import { envelope } from './envelope.js';
import { MESSANGI_FORMAT, toStatusData } from './messangi-2fa.dto.js';

/** What Messangi's clients call what happens to a code. What is not here has no word there. */
const WORDS = {
  'message.sent': 'code.sent',
  'message.delivered': 'code.delivered',
  'message.read': 'code.read',
  'challenge.approved': 'code.validated',
  'challenge.expired': 'code.expired',
  'challenge.canceled': 'code.canceled',
  'challenge.locked': 'code.failed',
  'challenge.undeliverable': 'code.failed',
} as const satisfies Partial<Record<EventType, string>>;

/** Call-backs in this dialect's words: its envelope around the answer of `status`, with a masked number and no token. */
@Module({ imports: [OutboundModule] })
export class MessangiCallbacksModule implements OnModuleInit {
  constructor(private readonly formats: CallbackFormats) {}

  onModuleInit(): void {
    this.formats.register({
      name: MESSANGI_FORMAT,
      events: Object.keys(WORDS) as (keyof typeof WORDS)[],
      contentType: 'application/json; charset=utf-8',
      render: (type, { challenge, receiver }, now) => {
        const { token: _none, ...status } = toStatusData(challenge, receiver ?? null, null);
        return envelope(now, { event: WORDS[type as keyof typeof WORDS], ...status });
      },
    });
  }
}
