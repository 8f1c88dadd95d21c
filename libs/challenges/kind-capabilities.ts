import type { Kind } from '#generators';
import type { Channel } from '#providers';

/**
 * What each channel can carry, as far as an adapter speaks it. A link needs a place for it, a question needs a way to
 * answer it, and who shall write to us needs an address of ours to write to. WhatsApp forbids links in AUTHENTICATION
 * templates; LINE's, Zalo's and KakaoTalk's notifications take no answers, but people write to accounts there, and are
 * answered; Telegram's gateway carries codes only.
 */
const CARRIED: Record<Exclude<Kind, 'code'>, readonly Channel[]> = {
  link: ['whatsapp', 'sms', 'email', 'viber', 'line', 'zalo', 'kakao'],
  inbound: ['whatsapp', 'sms', 'viber', 'line', 'zalo', 'kakao'],
  confirm: ['whatsapp', 'sms', 'viber'],
};

/** Whether a generator of this kind may plan this channel. Which channels carry codes the adapters say. */
export function carries(kind: Kind, channel: Channel): boolean {
  return kind === 'code' || CARRIED[kind].includes(channel);
}

/** In the order in which the rule is told. */
export function carriersOf(kind: Exclude<Kind, 'code'>): readonly Channel[] {
  return CARRIED[kind];
}
