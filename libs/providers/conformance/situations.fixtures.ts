// What can become of a send, and what an adapter must make of it, whichever provider is behind it.
import type { ProviderCase, SimulatedCase, Situation } from './provider-case.fixtures.js';
import {
  cutShort,
  dripBody,
  dripHeaders,
  hangUp,
  type Play,
  reset,
  type ScriptedServer,
  silence,
  text,
} from './scripted-server.fixtures.js';

export const PAGE =
  '<!doctype html><html><head><title>Bad Gateway</title></head><body>Bad Gateway</body></html>';
const HALF = '{"messages":[{"id":"wamid.A","mess';

interface Expectation {
  what: string;
  expected: Record<string, unknown>;
  /** Where the situation would otherwise never end. */
  deadlineMs?: number;
  /** Whether the message may have been taken all the same; then only `unknown` is true. */
  play(provider: ProviderCase, server: ScriptedServer): Play;
}

const UNKNOWN = { outcome: 'unknown' };
const html = (status: number): Play => text(status, PAGE, { 'content-type': 'text/html' });

const SITUATIONS: Record<Situation, Expectation> = {
  accepts: {
    what: 'an acceptance',
    expected: { outcome: 'accepted' },
    play: (provider) => provider.accepted('message-1'),
  },
  badCredentials: {
    what: 'refused credentials stop the account',
    expected: { outcome: 'rejected', failure: 'account' },
    play: (provider) => provider.badCredentials,
  },
  badReceiver: {
    what: 'a refused receiver stops nobody else',
    expected: { outcome: 'rejected', failure: 'receiver' },
    play: (provider) => provider.badReceiver,
  },
  throttled: {
    what: 'a throttle is tried again',
    expected: { outcome: 'retry' },
    play: (provider) => provider.throttled({}),
  },
  throttledForTwoSeconds: {
    what: 'a throttle with a delay is tried again after it',
    expected: { outcome: 'retry', afterMs: 2_000 },
    play: (provider) => provider.throttled({ 'retry-after': '2' }),
  },
  /** Its own outcome is the provider's; see `unavailable` of the case. */
  unavailable: {
    what: 'an error of the provider’s own is what the provider says it is',
    expected: {},
    play: (provider) => provider.unavailable.play,
  },
  badGateway: {
    what: 'an error of something before the provider tells nothing of the message',
    expected: UNKNOWN,
    play: () => html(502),
  },
  silence: { what: 'silence, up to the deadline', expected: UNKNOWN, deadlineMs: 400, play: () => silence },
  reset: { what: 'a reset after the request was read', expected: UNKNOWN, play: () => reset },
  hangUp: { what: 'a connection that ends without an answer', expected: UNKNOWN, play: () => hangUp },
  cutShort: { what: 'an answer whose connection breaks', expected: UNKNOWN, play: () => cutShort(200, HALF) },
  halfJson: {
    what: 'half a JSON document',
    expected: UNKNOWN,
    play: () => text(200, HALF, { 'content-type': 'application/json' }),
  },
  page: { what: 'a page with 200', expected: UNKNOWN, play: () => html(200) },
  empty: { what: 'nothing, with 200', expected: UNKNOWN, play: () => text(200, '') },
  redirect: {
    what: 'a redirection, which is not followed',
    expected: UNKNOWN,
    play: (_provider, server) => text(302, '', { location: `${server.url}/elsewhere` }),
  },
  tenMegabytes: {
    what: 'ten megabytes',
    expected: UNKNOWN,
    play: (_provider, server) => server.flood(10 * 1024 * 1024),
  },
  flood: { what: 'an answer without an end', expected: UNKNOWN, play: (_provider, server) => server.flood() },
  dripHeaders: { what: 'headers byte by byte', expected: UNKNOWN, deadlineMs: 400, play: () => dripHeaders },
  dripBody: { what: 'a body byte by byte', expected: UNKNOWN, deadlineMs: 400, play: () => dripBody },
};

/** Every situation, with the provider's own word where it has one. */
export function situationsOf(provider: SimulatedCase): (Expectation & { name: Situation })[] {
  return (Object.entries(SITUATIONS) as [Situation, Expectation][]).map(([name, situation]) => ({
    ...situation,
    name,
    expected: expectedOf(provider, name) ?? situation.expected,
  }));
}

const ANY_ANSWER: readonly Situation[] = ['halfJson', 'page', 'empty'];

function expectedOf(provider: SimulatedCase, name: Situation): Expectation['expected'] | undefined {
  if (name === 'unavailable') return { outcome: provider.unavailable.outcome };
  return provider.odd?.anyAnswerAccepts && ANY_ANSWER.includes(name) ? { outcome: 'accepted' } : undefined;
}
