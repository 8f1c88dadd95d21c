import type { Channel } from '#providers';

/** How much it proves that somebody wrote from a number: an SMS names any sender that its author likes. */
export type Assurance = 'low' | 'medium';

export function assuranceOf(channel: Channel): Assurance {
  return channel === 'sms' ? 'low' : 'medium';
}
