import { describe, expect, it } from 'vitest';
import { SimulatorConfig } from '../simulator.config.js';
import { Clock } from './clock.js';
import { LOG_CAPACITY, MessageLog } from './message-log.js';
import type { MessageDraft } from './message.js';
import { StateFile } from './state-file.js';

function draft(id: number): MessageDraft {
  return {
    channel: 'whatsapp',
    skin: 'graph',
    id: `wamid.${id}`,
    accountId: '1',
    senderId: '2',
    from: '584111111111',
    senderName: 'Countersign demo',
    to: `5255${String(id % 3).padStart(8, '0')}`,
    text: String(id),
    buttons: [],
    fate: { kind: 'delivered' },
  };
}

describe('the message log under load', () => {
  it('keeps the newest 25,000, forgets the rest everywhere, and stays quick', () => {
    const log = new MessageLog(new Clock(), new StateFile(new SimulatorConfig()));
    const total = LOG_CAPACITY * 4;
    const began = performance.now();
    for (let id = 1; id <= total; id += 1) log.append(draft(id));
    const perMessageUs = ((performance.now() - began) / total) * 1_000;

    const all = log.query({ since: 0, limit: Infinity });
    expect([log.size, all.length, all[0]?.seq, log.lastSeq]).toEqual([
      LOG_CAPACITY,
      LOG_CAPACITY,
      total - LOG_CAPACITY + 1,
      total,
    ]);
    expect(log.get('wamid.1')).toBeUndefined();
    expect(log.get(`wamid.${total}`)?.seq).toBe(total);
    const chats = log.latestByHandset(10);
    expect(chats.reduce((sum, { count }) => sum + count, 0)).toBe(LOG_CAPACITY);
    expect(chats.map(({ newest }) => newest.seq)).toEqual([total, total - 1, total - 2]);
    expect(perMessageUs).toBeLessThan(50);
  });
});
