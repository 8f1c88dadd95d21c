import type { FieldError } from '#platform/errors';

export const INBOUND_PURPOSES = ['login', 'consent'] as const;
export type InboundPurpose = (typeof INBOUND_PURPOSES)[number];

/** What a generator of kind `inbound` says beside its rules: what it means when somebody sends us the code. */
export interface InboundOptions {
  purpose: InboundPurpose;
  /** What people agree to, word for word. Of the purpose `consent`, and there always. */
  consentText?: string;
  /** Whether the code alone is the answer, or the person is asked in the chat. True when absent; a login always asks. */
  confirmInChat?: boolean;
}

/** With the question around it, what a chat message takes. */
export const MOST_CONSENT_TEXT = 600;
/** A sign-in is a matter of minutes; people think about a consent. */
const MOST_LIFE_SECONDS = { login: 600, consent: 86_400 };
/** One of three numbers is right: with more tries it would be guessed. */
export const MOST_PICKS = 2;

/** Control and format characters hide or turn round what a person reads. A text may have lines. */
const UNSEEN = /(?!\n)\p{C}/u;

interface Rules {
  lifeSeconds: number;
  maxAttempts: number;
}

/** Everything that is wrong with the options, each with the field and the rule. */
export function judgeInboundOptions(
  { purpose, consentText, confirmInChat }: InboundOptions,
  { lifeSeconds, maxAttempts }: Rules,
): FieldError[] {
  const errors: FieldError[] = [];
  const most = MOST_LIFE_SECONDS[purpose];
  if (lifeSeconds > most)
    errors.push(fault('lifeSeconds', 'too_large', `at most ${most} s for the purpose ${purpose}`));
  if (purpose === 'login') {
    if (consentText !== undefined)
      errors.push(fault('inbound/consentText', 'not_allowed', 'a login is no consent: make two generators'));
    if (confirmInChat === false)
      errors.push(
        fault('inbound/confirmInChat', 'not_allowed', 'a login is always confirmed in the chat (QR-jacking)'),
      );
    if (maxAttempts > MOST_PICKS)
      errors.push(fault('maxAttempts', 'too_large', `at most ${MOST_PICKS}: one of three numbers is right`));
  } else if (consentText === undefined) {
    errors.push(fault('inbound/consentText', 'required', 'a consent is to words that can be shown later'));
  } else if (consentText.trim() === '' || UNSEEN.test(consentText)) {
    errors.push(
      fault('inbound/consentText', 'format', 'consentText must have letters that are seen, and none hidden'),
    );
  }
  return errors;
}

function fault(field: string, code: string, detail: string): FieldError {
  return { pointer: `#/${field}`, code, detail };
}
