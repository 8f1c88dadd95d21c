import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];
const waiting = new Map<string, Callback[]>();

/**
 * The operating system's answer, asked for once however many connections wait for it: each question holds one of
 * four threads, and a slow name server would otherwise hold them all.
 */
export const resolveOnce: LookupFunction = (hostname, options, callback) => {
  const key = `${hostname} ${JSON.stringify(options)}`;
  const others = waiting.get(key);
  if (others) return void others.push(callback);
  waiting.set(key, [callback]);
  lookup(hostname, options, (error, address: string | LookupAddress[], family?: number) => {
    const callbacks = waiting.get(key)!;
    waiting.delete(key);
    for (const answer of callbacks) answer(error, address, family);
  });
};
