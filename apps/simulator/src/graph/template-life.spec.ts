import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, SimulatorUnderTest, WABA, WebhookReceiver } from '../simulator.fixtures.js';

const DAY_MS = 24 * 3_600_000;

let simulator: SimulatorUnderTest;

beforeEach(async () => {
  simulator = await SimulatorUnderTest.start();
});

afterEach(() => simulator.stop());

async function list(query = '') {
  return (await simulator.graph('GET', `${WABA}/message_templates${query}`)).json;
}

describe('editing', () => {
  const components = [
    { type: 'BODY' },
    { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] },
  ];

  it('replaces the components, sends the template to review again, once in 24 hours', async () => {
    const { id } = (await simulator.createTemplate()).json;

    expect((await simulator.graph('POST', id, { components })).json).toEqual({ success: true });
    expect((await simulator.graph('GET', id)).json.components).toHaveLength(2);
    expect((await simulator.graph('POST', id, { components })).status).toBe(400);

    simulator.clock.step(DAY_MS + 1);
    expect((await simulator.graph('POST', id, { components })).status).toBe(200);
  });

  it('is refused while the template is pending, and for the category of an approved one', async () => {
    const { id } = (await simulator.createTemplate()).json;
    const free = [{ type: 'BODY', text: 'Hello there' }];
    expect((await simulator.graph('POST', id, { category: 'UTILITY', components: free })).status).toBe(400);

    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    const pending = (await simulator.createTemplate({ name: 'other' })).json;
    expect((await simulator.graph('POST', pending.id, { components })).status).toBe(400);
  });
});

describe('deleting', () => {
  const remove = (query: string) => simulator.graph('DELETE', `${WABA}/message_templates?${query}`);

  it('by name takes every language and locks the name of an approved template for 30 days', async () => {
    await simulator.createTemplate();
    await simulator.createTemplate({ language: 'es' });

    expect((await remove('name=login_code')).json).toEqual({ success: true });
    expect((await list()).data).toEqual([]);
    expect((await simulator.createTemplate({ language: 'fr' })).json.error).toMatchObject({
      code: 100,
      error_subcode: 2388023,
    });

    simulator.clock.step(30 * DAY_MS + 1);
    expect((await simulator.createTemplate()).status).toBe(200);
  });

  it('by id takes and locks one language', async () => {
    const { id } = (await simulator.createTemplate()).json;
    await simulator.createTemplate({ language: 'es' });

    await remove(`hsm_id=${id}&name=login_code`);

    expect((await list('?fields=language')).data).toMatchObject([{ language: 'es' }]);
    expect((await simulator.createTemplate()).json.error.error_subcode).toBe(2388023);
    expect((await simulator.createTemplate({ language: 'fr' })).status).toBe(200);
  });

  it('of one that was never approved locks the name for a minute', async () => {
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    await simulator.createTemplate();
    await remove('name=login_code');

    expect((await simulator.createTemplate()).status).toBe(400);
    simulator.clock.step(60_001);
    expect((await simulator.createTemplate()).status).toBe(200);
  });

  it('by a list of ids is all or nothing', async () => {
    const { id } = (await simulator.createTemplate()).json;

    expect((await remove(`hsm_ids=["${id}","1"]`)).status).toBe(400);
    expect((await list()).data).toHaveLength(1);
    expect((await remove(`hsm_ids=["${id}"]&name=login_code`)).status).toBe(400);
    expect((await remove(`hsm_ids=["${id}"]`)).json).toEqual({ success: true });
  });
});

describe('the review', () => {
  let receiver: WebhookReceiver;

  beforeEach(async () => {
    receiver = await new WebhookReceiver().start();
    await simulator.subscribe(receiver.url);
    await simulator.control('PUT', 'behavior', { approveAfterMs: 60 });
  });

  afterEach(() => receiver.stop());

  const news = () => eventually(() => receiver.changes('message_template_status_update').at(-1)?.value);

  it('approves after a while and says so, the id an integer, the language with a hyphen', async () => {
    const { json } = await simulator.createTemplate();
    expect(json.status).toBe('PENDING');

    expect(await news()).toEqual({
      event: 'APPROVED',
      message_template_id: Number(json.id),
      message_template_name: 'login_code',
      message_template_language: 'en-US',
      reason: 'NONE',
      message_template_category: 'AUTHENTICATION',
    });
    expect(receiver.deliveries[0]?.json.entry[0]).toMatchObject({ id: WABA, time: expect.any(Number) });
    expect((await simulator.graph('GET', json.id)).json.status).toBe('APPROVED');
  });

  it('can be told to reject', async () => {
    await simulator.control('PUT', 'behavior', { approval: 'reject', rejectReason: 'TAG_CONTENT_MISMATCH' });
    const { id } = (await simulator.createTemplate()).json;

    expect(await news()).toMatchObject({ event: 'REJECTED', reason: 'TAG_CONTENT_MISMATCH' });
    expect((await simulator.graph('GET', `${id}?fields=status,rejected_reason`)).json).toMatchObject({
      status: 'REJECTED',
      rejected_reason: 'TAG_CONTENT_MISMATCH',
    });
  });

  it('can be held, and goes on when it no longer is', async () => {
    await simulator.control('PUT', 'behavior', { approval: 'hold', approveAfterMs: 0 });
    const { id } = (await simulator.createTemplate()).json;
    expect((await simulator.graph('GET', id)).json.status).toBe('PENDING');

    await simulator.control('PUT', 'behavior', { approval: 'auto' });

    expect((await simulator.graph('GET', id)).json.status).toBe('APPROVED');
  });

  it('obeys a reviewer: approve, pause twice, then disable', async () => {
    await simulator.control('PUT', 'behavior', { approval: 'hold' });
    const { id } = (await simulator.createTemplate()).json;
    const order = async (verb: string) =>
      (await simulator.control('POST', `templates/${id}/${verb}`)).json.status;

    expect(await order('approve')).toBe('APPROVED');
    expect(await order('pause')).toBe('PAUSED');
    expect((await simulator.graph('POST', `${id}/unpause`)).json).toEqual({ success: true });
    expect(await order('pause')).toBe('PAUSED');
    expect(await order('pause')).toBe('DISABLED');
    await eventually(() =>
      receiver.changes('message_template_status_update').length === 5 ? true : undefined,
    );
    const titles = receiver
      .changes('message_template_status_update')
      .map(({ value }) => value.other_info?.title);
    expect(new Set(titles)).toEqual(
      new Set([undefined, 'FIRST_PAUSE', 'UNPAUSE', 'SECOND_PAUSE', 'DISABLED']),
    );
  });
});
