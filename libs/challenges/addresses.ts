import { type CanonicalReceiver, parsePhone } from '#platform/phone';
import type { Channel } from '#providers';

/** Where a challenge may go: the receiver it is about, and perhaps an address of the other kind for later steps. */
export interface Receivers {
  primary: CanonicalReceiver;
  fallback?: CanonicalReceiver;
}

/** The address that a channel can reach; undefined when there is none of its kind. */
export function receiverFor(
  channel: Channel,
  { primary, fallback }: Receivers,
): CanonicalReceiver | undefined {
  const fits = (receiver: CanonicalReceiver | undefined): boolean =>
    receiver !== undefined && isEmail(receiver.address) === (channel === 'email');
  if (fits(primary)) return primary;
  return fits(fallback) ? fallback : undefined;
}

/** An address that was accepted once, read again. */
export function readReceiver(address: string): CanonicalReceiver {
  const parsed = isEmail(address) ? undefined : parsePhone(address);
  return typeof parsed === 'object' ? parsed : { address, canonical: address };
}

export function isEmail(address: string): boolean {
  return address.includes('@');
}
