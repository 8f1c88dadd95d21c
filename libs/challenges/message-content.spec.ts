import { describe, expect, it } from 'vitest';
import type { ChannelStep } from '#generators';
import { contentOf } from './message-content.js';
import { judgeTransaction, transactionOf } from './transaction-context.js';

const STEP: ChannelStep = {
  channel: 'email',
  accountId: 'account',
  senderId: 'sender',
  senderAddress: 'codes@shop.example',
  language: 'en',
};
const RULES = { lifeSeconds: 600 };
const TRANSACTION = { amount: '120.00', currency: 'MXN', payee: 'ACME' };
const about = {
  code: '012345',
  language: 'es_MX',
  purpose: 'transaction',
  transaction: TRANSACTION,
} as const;

describe('what a message says', () => {
  it('is the template’s business where there is one', () => {
    expect(contentOf({ ...STEP, channel: 'whatsapp', templateId: 'template' }, RULES, about)).toBeUndefined();
  });

  it('is the step’s own wording, with its values', () => {
    const wording = {
      subject: 'Pay {{payee}}',
      text: '{{code}}: {{amount}} {{currency}} to {{payee}}, {{minutes}} min',
    };
    expect(contentOf({ ...STEP, wording }, RULES, about)).toEqual({
      subject: 'Pay ACME',
      text: '012345: 120.00 MXN to ACME, 10 min',
      html: '<p><strong>012345</strong>: 120.00 MXN to ACME, 10 min</p>',
    });
  });

  it('shows a payee as text, whatever it holds (ATK-41)', () => {
    const transaction = { ...TRANSACTION, payee: '<b onclick="x">$& & co' };
    const { html } = contentOf({ ...STEP, wording: { text: '{{code}} {{payee}}' } }, RULES, {
      ...about,
      transaction,
    })!;
    expect(html).toBe('<p><strong>012345</strong> &#60;b onclick=&#34;x&#34;&#62;$&#38; &#38; co</p>');
  });

  it('names amount and payee by itself, in the language of the challenge (STD-33, STD-35)', () => {
    const { subject, text } = contentOf(STEP, RULES, about)!;
    expect(subject).toBe('Autorice una operación');
    expect(text).toBe(
      '012345 es su código para autorizar 120.00 MXN a ACME. Es válido durante 10 minutos. No lo comparta con nadie.',
    );
    const without = contentOf(STEP, RULES, { ...about, transaction: undefined })!;
    expect(without.text).not.toMatch(/\{|120/);
  });
});

describe('the transaction of a context', () => {
  it('is whole or none', () => {
    expect(transactionOf({ ...TRANSACTION, note: 'x' })).toEqual(TRANSACTION);
    expect(transactionOf({ amount: '1', currency: 'EUR' })).toBeUndefined();
    expect(transactionOf(undefined)).toBeUndefined();
  });

  it.each([
    ['payee', 'ACME\u202eEMCA', 'format'],
    ['payee', 'AC\u200bME', 'format'],
    ['payee', 'ACME\nPay now', 'format'],
    ['payee', 'see http://evil.example', 'format'],
    ['currency', 'pesos', 'too_long'],
    ['currency', 'mxn', 'format'],
    ['amount', '', 'required'],
  ])('with a %s of %j is told (ATK-41)', (name, value, code) => {
    const found = judgeTransaction({ ...TRANSACTION, [name]: value });
    expect(found).toEqual([expect.objectContaining({ pointer: `#/context/${name}`, code })]);
    expect(JSON.stringify(found)).not.toContain('evil');
  });

  it('keeps what means something elsewhere only (ATK-41)', () => {
    for (const payee of ['{{code}}', '${7*7}', "O'Brien; DROP TABLE x", 'amazon.com'])
      expect(transactionOf({ ...TRANSACTION, payee })?.payee).toBe(payee);
  });
});
