import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testConfig } from '../../test/support/configuration.js';
import { Clock } from '#platform/clock';
import { configureLogging } from '#platform/logging';
import type { SendRequest } from './admission.js';
import { toPolicy } from './limit-policy.js';
import { sendOf } from './limits.fixtures.js';
import { judgeLocally } from './local-checks.js';
import { ReceiverLists } from './receiver-lists.js';
import { type DigestOf, sharedChecks } from './shared-checks.js';

configureLogging('silent', 'test');

let folder: string;
let lists: ReceiverLists;
let clock: Clock;
let written = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lists-'));
  write('disposable-domains.txt', '# version: 2026-11-01\nmailinator.com\nTempMail.example\n');
  write('temporary-numbers.txt', '# version: 2026-11-01\n+12025550100\n');
  const config = testConfig({ LIMIT_LISTS: folder });
  clock = new Clock(config);
  lists = new ReceiverLists(config, clock);
  await lists.look();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each version has a time of its own, as files that are minutes apart have. */
function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
  utimesSync(join(folder, file), ++written, written);
}

const mail = (domain: string): SendRequest['receiver'] => ({ canonical: `a@${domain}`, domain });

describe('FR-08: the lists of disposable receivers', () => {
  it('know domains, those below them, and numbers', () => {
    expect(lists.has(mail('mailinator.com'))).toBe(true);
    expect(lists.has(mail('deep.mail.MAILINATOR.com'))).toBe(true);
    expect(lists.has(mail('tempmail.example'))).toBe(true);
    expect(lists.has(mail('notmailinator.com'))).toBe(false);
    expect(lists.has(mail('example.com'))).toBe(false);
    expect(lists.has({ canonical: '+12025550100' })).toBe(true);
    expect(lists.has({ canonical: '+12025550101' })).toBe(false);
  });

  it('are off by default, flag in shadow, and deny when enforced', () => {
    const request = sendOf('tenant', { receiver: mail('mailinator.com') });
    const judged = (mode?: 'shadow' | 'enforce'): string[] =>
      judgeLocally(
        request,
        toPolicy({ limits: mode ? [{ limit: 'receiver.disposable', mode }] : [] }),
        lists,
      ).map(({ code }) => code);
    expect(judged()).toEqual([]);
    expect(judged('shadow')).toEqual(['limit.disposable']);
    expect(judged('enforce')).toEqual(['limit.disposable']);
  });

  it('are read again when they change, without a restart', async () => {
    write('disposable-domains.txt', '# version: 2026-11-20\nyopmail.com\n');
    expect(lists.has(mail('yopmail.com'))).toBe(false);
    await lists.look();
    expect(lists.has(mail('yopmail.com'))).toBe(true);
    expect(lists.has(mail('mailinator.com'))).toBe(false);
  });

  it('are told to be stale after ninety days', async () => {
    const version = '2026-11-01';
    clock.offsetMs = Date.parse(version) + 90 * 86_400_000 - Date.now() - 60_000;
    expect(lists.stale()).toEqual([]);
    clock.offsetMs += 120_000;
    expect(lists.stale()).toEqual([
      { list: 'disposable-domains.txt', version },
      { list: 'temporary-numbers.txt', version },
    ]);
    write('temporary-numbers.txt', '# version: 2027-01-30\n');
    await lists.look();
    expect(lists.stale()).toHaveLength(1);
  });
});

describe('FR-17: while a list cannot be read', () => {
  const digestOf: DigestOf = (_label, text) => text;
  const windows = (): unknown[] =>
    sharedChecks(
      sendOf('tenant', { receiver: { canonical: '+12025550123', prefix: '+1202555', country: 'US' } }),
      toPolicy({}),
      digestOf,
      lists.failing,
    ).map(({ limit, args }) => [limit, ...args.slice(0, 1)]);

  it('sends go on under halved limits, and what was read before is still known', async () => {
    expect(windows()).toEqual([['sends.prefix', 10], ['conversion.prefix'], ['sends.country', 200]]);
    rmSync(join(folder, 'disposable-domains.txt'));
    await lists.look();
    expect(windows()).toEqual([['sends.prefix', 5], ['conversion.prefix'], ['sends.country', 100]]);
    expect(lists.has(mail('mailinator.com'))).toBe(true);
    write('disposable-domains.txt', '# version: 2026-11-01\n');
    await lists.look();
    expect(windows()).toEqual([['sends.prefix', 10], ['conversion.prefix'], ['sends.country', 200]]);
  });

  it('a list that nobody configured is not missed', async () => {
    expect(new ReceiverLists(testConfig(), clock).failing).toBe(false);
  });
});
