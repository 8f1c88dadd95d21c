import type { AccountEventType, AccountNotice } from '../../message-provider.js';
import { asList, isObject } from '../json.js';

type Value = Record<string, unknown>;
type Read = (value: Value) => AccountNotice | 'ignored' | undefined;

/** Messages a second of a number that Meta has moved up; a number begins with 80. */
const UPGRADED_MESSAGES_PER_SECOND = 1_000;

/** Meta's webhook fields that tell of the account or one of its numbers, and what each says. */
const READERS: Record<string, Read> = {
  account_update: readAccountUpdate,
  security: readSecurity,
  phone_number_quality_update: readNumberUpdate,
  business_capability_update: readCapability,
};

export const ACCOUNT_FIELDS: readonly string[] = Object.keys(READERS);

/** `ignored`: an event that changes nothing here; undefined: it cannot be read, or is of another field. */
export function readAccountNews(field: string, value: Value): AccountNotice | 'ignored' | undefined {
  return Object.hasOwn(READERS, field) ? READERS[field]!(value) : undefined;
}

/** A ban that is announced is a restriction until it comes; an account that is deleted sends as little as a banned one. */
const BAN_STATES: Record<string, AccountEventType> = {
  DISABLE: 'account.banned',
  SCHEDULE_FOR_DISABLE: 'account.restricted',
  REINSTATE: 'account.reinstated',
};

function readAccountUpdate(value: Value): AccountNotice | 'ignored' | undefined {
  const word = wordOf(value['event']);
  if (word === undefined) return undefined;
  switch (word) {
    case 'DISABLED_UPDATE': {
      const state = wordOf(memberOf(value['ban_info'], 'waba_ban_state'));
      if (state === undefined) return undefined;
      const event = Object.hasOwn(BAN_STATES, state) ? BAN_STATES[state] : undefined;
      return event ? notice(event, { reason: word, state }) : 'ignored';
    }
    case 'ACCOUNT_DELETED':
      return notice('account.banned', { reason: word });
    case 'ACCOUNT_VIOLATION':
      return notice('account.restricted', {
        reason: word,
        violation: memberOf(value['violation_info'], 'violation_type'),
      });
    case 'ACCOUNT_RESTRICTION':
      return notice('account.restricted', {
        reason: word,
        restriction: memberOf(firstOf(value['restriction_info']), 'restriction_type'),
      });
    default:
      return 'ignored';
  }
}

/** Somebody at Meta asked to switch the two-step PIN off: whoever did not is about to lose the number. */
function readSecurity(value: Value): AccountNotice | 'ignored' | undefined {
  const word = wordOf(value['event']);
  if (word === undefined) return undefined;
  if (word !== 'PIN_RESET_REQUEST') return 'ignored';
  return notice('sender.pin_reset_requested', { requester: value['requester'] }, value);
}

const QUALITY_EVENTS: Record<string, AccountEventType> = {
  FLAGGED: 'sender.quality_changed',
  UNFLAGGED: 'sender.quality_changed',
  UPGRADE: 'account.capability_changed',
  DOWNGRADE: 'account.capability_changed',
  ONBOARDING: 'account.capability_changed',
  THROUGHPUT_UPGRADE: 'sender.throughput_changed',
};

/** One field tells of three things: quality, the daily limit and the throughput. */
function readNumberUpdate(value: Value): AccountNotice | 'ignored' | undefined {
  const word = wordOf(value['event']);
  if (word === undefined) return undefined;
  const event = Object.hasOwn(QUALITY_EVENTS, word) ? QUALITY_EVENTS[word] : undefined;
  if (!event) return 'ignored';
  const told = notice(
    event,
    {
      reason: word,
      limit: value['current_limit'],
      previousLimit: value['old_limit'],
      dailyConversations: value['max_daily_conversations_per_business'],
    },
    value,
  );
  return event === 'sender.throughput_changed'
    ? { ...told, messagesPerSecond: UPGRADED_MESSAGES_PER_SECOND }
    : told;
}

/** Limits: a number, `-1` for none, or a tier's name. The first member was spelled otherwise before October 2025. */
function readCapability(value: Value): AccountNotice | undefined {
  const told = notice('account.capability_changed', {
    dailyConversations:
      value['max_daily_conversations_per_business'] ?? value['max_daily_conversation_per_phone'],
    phoneNumbers: value['max_phone_numbers_per_waba'] ?? value['max_phone_numbers_per_business'],
  });
  return told.data ? told : undefined;
}

/** Of `data` only what is an identifier or a number: Meta's sentences stay at Meta. */
function notice(event: AccountEventType, data: Record<string, unknown>, value: Value = {}): AccountNotice {
  const words = Object.entries(data).flatMap(([name, told]): [string, string | number][] => {
    const word = Number.isSafeInteger(told) ? (told as number) : wordOf(told);
    return word === undefined ? [] : [[name, word]];
  });
  const sender = digitsOf(value['display_phone_number']);
  return {
    kind: 'account',
    event,
    ...(sender !== undefined && { sender }),
    ...(words.length > 0 && { data: Object.fromEntries(words) }),
  };
}

export function digitsOf(displayed: unknown): string | undefined {
  const digits = typeof displayed === 'string' ? displayed.replace(/[\s+()-]/g, '') : '';
  return /^\d{4,15}$/.test(digits) ? digits : undefined;
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value) ? value : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? asList(value)[0] : value;
}
