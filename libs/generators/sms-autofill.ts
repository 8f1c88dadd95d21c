import type { FieldError } from '#platform/errors';
import type { Kind } from './kinds.js';
import { renderWording, type Wording } from './wording.js';

/** Who may take the code out of an SMS by itself. Each has its own last line, so there is one at most. */
export interface Autofilled {
  /** The site whose page may: the host of its address (WebOTP, "origin-bound one-time codes"). */
  webOtpDomain?: string;
  /** The Android app that may: 11 characters made of its package and the key that signs it (SMS Retriever). */
  androidAppHash?: string;
}

interface Step extends Autofilled {
  channel: string;
  wording?: Wording;
}

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const APP_HASH = /^[A-Za-z0-9+/]{11}$/;
/** Android looks at no longer message. */
const RETRIEVER_BYTES = 140;
/** A message of these is as long as one gets. */
const LONGEST = { minutes: '1440', amount: 'x'.repeat(32), currency: 'XXX', payee: 'x'.repeat(70) };
const LONGEST_CODE = 15;

export function judgeAutofill(generator: {
  kind?: Kind;
  codeLength: number;
  callerCodes?: boolean;
  plan: readonly Step[];
}): FieldError[] {
  const { kind = 'code', codeLength, callerCodes } = generator;
  const code = 'X'.repeat(callerCodes ? LONGEST_CODE : codeLength);
  return generator.plan.flatMap((step, at) => judgeStep(step, kind, code, `#/channels/${at}`));
}

function judgeStep(step: Step, kind: Kind, code: string, at: string): FieldError[] {
  const { channel, webOtpDomain, androidAppHash, wording } = step;
  const errors: FieldError[] = [];
  const refuse = (name: keyof Autofilled, rule: string, detail: string): void =>
    void errors.push({ pointer: `${at}/${name}`, code: rule, detail });
  for (const name of ['webOtpDomain', 'androidAppHash'] as const)
    if (step[name] !== undefined && (channel !== 'sms' || kind !== 'code'))
      refuse(name, 'not_allowed', `${name} goes with codes by SMS`);
  if (webOtpDomain !== undefined && !DOMAIN.test(webOtpDomain))
    refuse('webOtpDomain', 'format', 'webOtpDomain is a host in small letters, without scheme, port or path');
  if (androidAppHash === undefined) return errors;
  if (!APP_HASH.test(androidAppHash))
    refuse('androidAppHash', 'format', 'androidAppHash has 11 characters of base64');
  if (webOtpDomain !== undefined)
    refuse('androidAppHash', 'not_allowed', 'a message has one last line: webOtpDomain or androidAppHash');
  const longest = wording && renderWording(wording, { code, ...LONGEST }).text;
  if (
    longest !== undefined &&
    Buffer.byteLength(withLastLine(longest, code, { androidAppHash })) > RETRIEVER_BYTES
  )
    refuse(
      'androidAppHash',
      'too_long',
      `Android looks at ${RETRIEVER_BYTES} bytes at most, the hash included`,
    );
  return errors;
}

/** The text with the line that a browser or a phone looks for at its end. */
export function withLastLine(
  text: string,
  code: string,
  { webOtpDomain, androidAppHash }: Autofilled,
): string {
  if (webOtpDomain !== undefined) return `${text}\n\n@${webOtpDomain} #${code}`;
  return androidAppHash === undefined ? text : `${text}\n\n${androidAppHash}`;
}
