import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, RECEIVER, SimulatorUnderTest } from '../simulator.fixtures.js';

let simulator: SimulatorUnderTest;

beforeAll(async () => {
  simulator = await SimulatorUnderTest.start();
  await simulator.createTemplate();
});

afterAll(() => simulator.stop());

describe('the pages', () => {
  it.each([
    ['/phone', 'text/html'],
    ['/phone/', 'text/html'],
    [`/phone/${RECEIVER}`, 'text/html'],
    [`/phone/+${RECEIVER}`, 'text/html'],
    [`/phone/%2B${RECEIVER}`, 'text/html'],
    ['/phone/assets/frame.css', 'text/css'],
    ['/phone/assets/phone.js', 'text/javascript'],
    ['/phone/assets/icon.svg', 'image/svg+xml'],
  ])('%s is %s, under a strict policy', async (path, type) => {
    const { status, headers } = await simulator.call('GET', path);

    expect([status, String(headers['content-type']).startsWith(type)]).toEqual([200, true]);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
  });

  it('have nothing inline and ask only for files that exist', async () => {
    for (const path of ['/phone', `/phone/${RECEIVER}`]) {
      const { text } = await simulator.call('GET', path);
      expect(text).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/);
      for (const [, asset] of text.matchAll(/(?:src|href)="(\/phone\/assets\/[^"]+)"/g)) {
        expect((await simulator.call('GET', asset!)).status).toBe(200);
      }
    }
  });

  it('refuse a path that is no file and no number', async () => {
    expect((await simulator.call('GET', '/phone/assets/phone.controller.ts')).status).toBe(404);
    expect((await simulator.call('GET', '/phone/assets/..%2fphone.controller.ts')).status).toBe(404);
    expect((await simulator.call('GET', '/phone/nobody')).status).toBe(404);
  });

  it('open the number of the form without script', async () => {
    const { status, headers } = await simulator.call('GET', '/phone?number=%2B52%2055%201234%205678');
    expect([status, headers.location]).toEqual([303, `/phone/+${RECEIVER}`]);
  });
});

describe('live events', () => {
  it('start with the chat and go on with each message and status', async () => {
    await simulator.send();
    await simulator.logged('delivered');
    const abort = new AbortController();
    const response = await fetch(`${simulator.url}/_sim/phones/+${RECEIVER}/events`, {
      signal: abort.signal,
    });
    let heard = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) heard += chunk;
    })().catch(() => undefined);
    const told = (event: string) =>
      [...heard.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)]
        .filter(([, name]) => name === event)
        .map(([, , data]) => JSON.parse(data!));

    const [snapshot] = await eventually(() => (told('snapshot').length > 0 ? told('snapshot') : undefined));
    expect(snapshot).toMatchObject({
      number: RECEIVER,
      display: '+52 55 1234 5678',
      messages: [{ status: 'delivered', language: 'en-US' }],
    });

    await simulator.send();
    await simulator.send({ to: '+15550001111' });
    await eventually(() => (told('message').length === 3 ? true : undefined));
    expect(told('message').map(({ status }) => status)).toEqual(['accepted', 'sent', 'delivered']);

    await simulator.control('DELETE', 'messages');
    await eventually(() => (told('cleared').length === 1 ? true : undefined));
    abort.abort();
    await reading;
  });

  it('list the phones, the latest first', async () => {
    await simulator.send({ to: '+15550001111' });
    await simulator.send();

    const { json } = await simulator.control('GET', 'phones');
    expect(json.phones.map(({ number }: { number: string }) => number)).toEqual([RECEIVER, '15550001111']);
  });
});
