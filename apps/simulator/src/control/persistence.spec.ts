import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, RECEIVER, SimulatorUnderTest, WABA, WebhookReceiver } from '../simulator.fixtures.js';

let folder: string;
let stateFile: string;
let simulator: SimulatorUnderTest;

async function restart(): Promise<void> {
  await simulator.stop();
  simulator = await SimulatorUnderTest.start({ stateFile });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  stateFile = join(folder, 'nested', 'state.json');
  simulator = await SimulatorUnderTest.start({ stateFile });
});

afterEach(async () => {
  await simulator.stop();
  await rm(folder, { recursive: true });
});

describe('a restart', () => {
  it('keeps templates, accounts, subscriptions, locks and messages', async () => {
    const receiver = await new WebhookReceiver().start();
    const { id } = (await simulator.createTemplate()).json;
    await simulator.createTemplate({ name: 'gone' });
    await simulator.graph('DELETE', `${WABA}/message_templates?name=gone`);
    await simulator.control('PUT', 'accounts', {
      wabaId: '900',
      accessToken: 'other-token',
      phoneNumbers: [],
    });
    await simulator.subscribe(receiver.url);
    await simulator.send();
    await simulator.logged('delivered');

    await restart();

    expect((await simulator.graph('GET', id)).json.status).toBe('APPROVED');
    expect((await simulator.createTemplate({ name: 'gone' })).json.error.error_subcode).toBe(2388023);
    expect((await simulator.graph('GET', '900', undefined, 'other-token')).status).toBe(200);
    await simulator.send();
    await eventually(() => (receiver.statuses().length >= 4 ? true : undefined));
    const { json } = await simulator.control('GET', `messages?to=${RECEIVER}`);
    expect(json.messages.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2]);
    await receiver.stop();
  });

  it('goes on with a review and with a message that were under way', async () => {
    await simulator.control('PUT', 'behavior', {
      statuses: { sentAfterMs: 60_000, deliveredAfterMs: 60_000 },
    });
    await simulator.createTemplate();
    await simulator.send();
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    const { id } = (await simulator.createTemplate({ name: 'waiting' })).json;

    await restart();

    expect((await simulator.graph('GET', id)).json.status).toBe('APPROVED');
    expect((await simulator.logged('delivered')).statuses).toHaveLength(3);
  });

  it('starts without faults', async () => {
    await simulator.control('PUT', 'behavior', { faults: [{ kind: 'reset' }] });
    await restart();

    expect((await simulator.control('GET', 'behavior')).json.faults).toEqual([]);
  });
});

describe('the state file', () => {
  it('is written a moment after a change, for its owner only', async () => {
    await simulator.createTemplate();

    const written = await eventually(() => readFile(stateFile, 'utf8').catch(() => undefined));
    expect(JSON.parse(written).templates.templates).toHaveLength(1);
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
  });

  it('is set aside when it can not be read', async () => {
    await simulator.createTemplate();
    await simulator.stop();
    await writeFile(stateFile, '{"format":1,"templ');

    simulator = await SimulatorUnderTest.start({ stateFile });

    expect((await simulator.graph('GET', `${WABA}/message_templates`)).json).toEqual({ data: [] });
    expect(await readFile(`${stateFile}.unreadable`, 'utf8')).toBe('{"format":1,"templ');
  });
});
