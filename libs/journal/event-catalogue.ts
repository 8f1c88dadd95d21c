/** What a member of an event's `data` is; a test holds real events against it. */
export interface EventMember {
  type: 'string' | 'integer' | 'boolean' | 'object';
  says: string;
  always?: true;
}
type Members = Record<string, EventMember>;

const CHALLENGE: Members = {
  challenge: { type: 'string', says: 'its id', always: true },
  sequence: {
    type: 'integer',
    says: '1, 2, 3, … within the challenge: deliveries may overtake each other',
    always: true,
  },
  generator: { type: 'string', says: 'the generator it was opened with' },
  mode: { type: 'string', says: '`live` or `test`' },
  purpose: { type: 'string', says: 'what it is for' },
  receiver: { type: 'string', says: 'masked: `+52550•••0000`' },
  language: { type: 'string', says: 'the language asked for' },
  metadata: { type: 'object', says: 'yours, as given when it was opened' },
  channel: { type: 'string', says: 'the channel of the message it is about' },
  reason: { type: 'string', says: 'why, as a word' },
  failures: { type: 'integer', says: 'wrong answers so far' },
  expiresAt: { type: 'string', says: 'when it ends by itself' },
  replaces: { type: 'string', says: 'the challenge in whose place it came' },
  disclosedTo: { type: 'string', says: 'the API key that was shown the code' },
};

const MESSAGE: Members = {
  ...CHALLENGE,
  message: { type: 'integer', says: 'its number within the challenge', always: true },
  account: { type: 'string', says: 'the provider account it goes through' },
  attempt: { type: 'integer', says: 'tries to hand it to the provider' },
  duplicatePossible: { type: 'boolean', says: 'an earlier try may have arrived as well' },
  providerMessageId: { type: 'string', says: 'the id the provider gave it' },
  route: { type: 'string', says: 'why this channel, where it is not the first of the plan' },
  follows: { type: 'integer', says: 'the message it came after by the channel plan' },
};

const MESSAGE_REFUSED: Members = { ...CHALLENGE, follows: MESSAGE['follows']! };

/** Words and numbers that belong to the event: `data` of these holds strings and integers, whatever their names. */
const WORDS: Members = {};
const TIMES: Members = {
  times: {
    type: 'integer',
    says: 'how often within the half second that the event stands for',
    always: true,
  },
};

const MEMBERS = {
  challenge: CHALLENGE,
  message: MESSAGE,
  limit: TIMES,
  budget: TIMES,
  switch: TIMES,
  receiver: WORDS,
  account: WORDS,
  sender: WORDS,
  template: WORDS,
  webhook: WORDS,
} satisfies Record<string, Members>;

/**
 * Every event a tenant can hear of, by its name, and what it says. The room before the dot decides what `data` holds.
 * A name is never given another meaning. What belongs to a later feature (`identity.*`) is added as a line.
 */
export const EVENT_CATALOGUE = {
  'challenge.requested': 'It was opened; its first message is queued.',
  'challenge.answer_refused': 'A wrong answer was counted.',
  'challenge.approving': 'A right answer waits for its row in PostgreSQL (`strictApproval`).',
  'challenge.approval_released': 'That row could not be written: the answer was not counted.',
  'challenge.approval_repeated': 'The row was there before: it had been approved already.',
  'challenge.approved': 'The right answer was given.',
  'challenge.expired': 'Its time is over.',
  'challenge.locked': 'Its attempts are used up.',
  'challenge.canceled': 'It was canceled: by you, or by the one in its place (`superseded`).',
  'challenge.denied': 'The person said no.',
  'challenge.undeliverable': 'Every message was certainly refused.',
  'challenge.disclosed': 'The code was shown to an API key.',
  'challenge.exchange_issued': 'An approved link is worth a token to the browser that asked.',
  'challenge.exchanged': 'The approval was fetched for the browser that asked.',
  'challenge.received': 'Somebody sent us the code that was shown.',
  'challenge.mismatched': 'It was sent by another person than the expected one.',
  'challenge.unclear': 'A reply was neither yes nor no, or could not be told apart (`reason`).',
  'message.queued': 'It waits for a worker.',
  'message.sending': 'It is being handed to the provider.',
  'message.accepted': 'The provider took it.',
  'message.sent': 'The provider says it is on its way.',
  'message.delivered': 'It is on the handset.',
  'message.read': 'It was read.',
  'message.failed': 'It was refused, or could not be delivered.',
  'message.late_failure': 'The provider took back what it had said before.',
  'message.unknown': 'Nobody can say whether the provider took it.',
  'message.dropped': 'Its time at the provider is over without a delivery.',
  'message.rendered': 'What it shows was written down, before it is sent.',
  'message.priced': 'The provider told what it charges.',
  'limit.refused': 'A send was refused by a limit, a switch or a list.',
  'limit.shadowed': 'A limit in shadow would have refused a send.',
  'limit.shadow_blocked': 'A public caller was told that all is well, and nothing was sent.',
  'limit.country_near': 'Much more than usual is sent to a country.',
  'limit.conversion_low': 'Few codes that are sent there are entered.',
  'limit.conversion_denied': 'Hardly any is: sending there is stopped.',
  'limit.conversion_restored': 'Sending there is possible again.',
  'limit.spray_detected': 'Wrong answers are spread over many challenges.',
  'limit.restarted': 'Redis was emptied: limits began anew.',
  'budget.soft': 'Four fifths of a budget are used.',
  'budget.exhausted': 'A budget is used up.',
  'receiver.erasure_requested': 'Somebody asked for a receiver to be forgotten.',
  'receiver.erased': 'It is forgotten.',
  'switch.changed': 'Sending was switched off somewhere, or on again.',
  'account.banned': 'The provider does not let the account send any more.',
  'account.restricted': 'The provider restricts the account.',
  'account.reinstated': 'The account may send again.',
  'account.capability_changed': 'The provider changed what the account may do.',
  'account.breaker_opened': 'Too many sends failed: the account is left out for a while.',
  'account.breaker_closed': 'The account is used again.',
  'account.token_expiring': 'Its credentials end within seven days.',
  'sender.pin_set': 'The two-step PIN was set.',
  'sender.pin_refused': 'The provider says that the PIN is another one.',
  'sender.pin_due': 'The PIN is 90 days old.',
  'sender.pin_reset_requested': 'Somebody asked the provider to switch the PIN off.',
  'sender.code_requested': 'A code to prove the number was asked for.',
  'sender.verified': 'The number was proved.',
  'sender.registered': 'It was registered for sending.',
  'sender.deregistered': 'It was taken off the provider.',
  'sender.quality_changed': 'The provider rates the number otherwise.',
  'sender.throughput_changed': 'It may send faster.',
  'template.approved': 'A language was approved.',
  'template.rejected': 'A language was rejected.',
  'template.paused': 'A language was paused.',
  'template.disabled': 'A language was disabled.',
  'template.deleted': 'A language was deleted at the provider.',
  'template.quality_changed': 'People rate the template otherwise.',
  'template.recategorised': 'The provider files it under another category.',
  'webhook.endpoint_disabled': 'Nothing is delivered to an endpoint any more (`reason`: `failing`, `gone`).',
  'webhook.test': 'You pressed the button; sent to that endpoint only.',
} as const satisfies Record<`${keyof typeof MEMBERS}.${string}`, string>;

export type EventType = keyof typeof EVENT_CATALOGUE;
/** Of `data`, per room. A member may be added under the same number; another meaning or a member less is a new one. */
export const EVENT_VERSION = 1;

/** False for a type of another build, which is nobody's to tell. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENT_CATALOGUE, type);
}

export function membersOf(type: EventType): Members {
  // The one event of its room that is a line in the timeline of a challenge.
  if (type === 'limit.refused') return MESSAGE_REFUSED;
  return MEMBERS[type.slice(0, type.indexOf('.')) as keyof typeof MEMBERS];
}
