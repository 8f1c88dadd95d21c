import { OTP_TYPES, type SupportedApp, TEMPLATE_CATEGORIES, type TemplateCategory } from '#providers';
import { type FieldError, Problem } from '#platform/errors';
import { MemberReader } from './member-reader.js';
import type { ButtonInput, LanguageInput, TemplateInput } from './template-input.js';
import type { Placing } from './template-rules.js';

/** A template as Graph and 360dialog take it: one language, its parts as a list of components. */
export interface MetaTemplate {
  name: string;
  language: string;
  category: string;
  components: readonly unknown[];
  message_send_ttl_seconds?: number;
}

const COMPONENTS = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS'] as const;
const BUTTONS = ['OTP', 'QUICK_REPLY', 'PHONE_NUMBER', 'URL'] as const;

/** What was read, and where each of its members stood. */
interface Reading {
  entry: LanguageInput;
  places: Map<string, string>;
  errors: FieldError[];
}

/**
 * Reads their format into ours, with what points the rules' complaints back into it. Throws for what cannot be read;
 * whether it is a good template is for the rules. Words are taken in either case, and the app of a one-tap button also
 * on the button itself, as Graph took it up to v20.0.
 */
export function readMetaTemplate(template: MetaTemplate): { input: TemplateInput; place: Placing } {
  const category = TEMPLATE_CATEGORIES.find((known) => known === template.category.toUpperCase());
  const reading: Reading = {
    entry: {
      language: template.language,
      ...(template.message_send_ttl_seconds !== undefined && {
        ttlSeconds: template.message_send_ttl_seconds,
      }),
    },
    places: new Map([
      ['language', '#/language'],
      ['ttlSeconds', '#/message_send_ttl_seconds'],
    ]),
    errors: [],
  };
  const { entry, places, errors } = reading;
  if (!category)
    errors.push({
      pointer: '#/category',
      code: 'not_allowed',
      detail: `category must be one of ${TEMPLATE_CATEGORIES.join(', ')}`,
    });
  const seen = new Set<string>();
  template.components.forEach((component, at) => {
    const reader = new MemberReader(component, `#/components/${at}`, errors);
    const type = reader.word('type', COMPONENTS);
    if (type && seen.has(type))
      reader.complain('type', 'not_unique', `only one ${type} component is allowed`);
    if (type) seen.add(type);
    if (type === 'HEADER') readHeader(reader, reading);
    if (type === 'BODY') readBody(reader, reading);
    if (type === 'FOOTER') readFooter(reader, reading);
    if (type === 'BUTTONS') readButtons(reader, reading);
    if (type) reader.finish();
  });
  if (category) errors.push(...missing(category, seen, entry));
  if (errors.length > 0) throw new Problem('request.invalid', { errors });
  return {
    input: { name: template.name, category: category!, languages: [entry] },
    place: (_index, member) => places.get(member) ?? '#/components',
  };
}

function missing(category: TemplateCategory, seen: ReadonlySet<string>, entry: LanguageInput): FieldError[] {
  const needed = category === 'AUTHENTICATION' ? ['BODY', 'BUTTONS'] : ['BODY'];
  const errors = needed
    .filter((type) => !seen.has(type))
    .map((type) => ({
      pointer: '#/components',
      code: 'required',
      detail: `a ${type} component is required`,
    }));
  if (category === 'AUTHENTICATION' && seen.has('BUTTONS') && entry.otpType === undefined && !entry.buttons)
    errors.push({
      pointer: '#/components',
      code: 'required',
      detail: 'one button of the type OTP is required',
    });
  return errors;
}

/** Keeps a member under our name, and where it stood under theirs. */
function keep<Name extends keyof LanguageInput>(
  { entry, places }: Reading,
  name: Name,
  value: LanguageInput[Name] | undefined,
  pointer: string,
): void {
  places.set(name, pointer);
  if (value !== undefined) entry[name] = value;
}

function readHeader(reader: MemberReader, reading: Reading): void {
  reader.word('format', ['TEXT']);
  keep(reading, 'header', reader.text('text'), reader.at('text'));
}

function readBody(reader: MemberReader, reading: Reading): void {
  keep(
    reading,
    'addSecurityRecommendation',
    reader.flag('add_security_recommendation'),
    reader.at('add_security_recommendation'),
  );
  keep(reading, 'body', reader.text('text'), reader.at('text'));
  const example = reader.object('example');
  if (!example) {
    reading.places.set('samples', reader.pointer);
    return;
  }
  // `body_text` is a list of lists, of which one is used; some clients send the inner one alone.
  const rows = example.list('body_text') ?? [];
  const samples = Array.isArray(rows[0]) ? (rows[0] as unknown[]) : rows;
  if (samples.some((sample) => typeof sample !== 'string')) example.complain('body_text', 'string_required');
  else keep(reading, 'samples', samples as string[], example.at('body_text'));
  samples.forEach((_sample, at) => reading.places.set(`samples/${at}`, example.at('body_text')));
  example.finish();
}

function readFooter(reader: MemberReader, reading: Reading): void {
  const minutes = 'code_expiration_minutes';
  keep(reading, 'codeExpirationMinutes', reader.whole(minutes), reader.at(minutes));
  keep(reading, 'footer', reader.text('text'), reader.at('text'));
}

function readButtons(reader: MemberReader, reading: Reading): void {
  const list = reader.list('buttons') ?? [];
  if (list.length === 0) reader.complain('buttons', 'too_few', 'buttons must hold at least one button');
  reading.places.set('buttons', reader.at('buttons'));
  const buttons: ButtonInput[] = [];
  let codes = 0;
  list.forEach((item, at) => {
    const button = new MemberReader(item, `${reader.at('buttons')}/${at}`, reading.errors);
    const type = button.word('type', BUTTONS);
    if (type === 'OTP' && ++codes > 1) button.complain('type', 'too_many', 'only one OTP button is allowed');
    if (type === 'OTP') readOtpButton(button, reading);
    else if (type) buttons.push(readButton(button, type, buttons.length, reading));
    if (type) button.finish();
  });
  if (buttons.length > 0) reading.entry.buttons = buttons;
}

function readOtpButton(button: MemberReader, reading: Reading): void {
  const terms = 'zero_tap_terms_accepted';
  keep(reading, 'otpType', button.word('otp_type', OTP_TYPES), button.at('otp_type'));
  keep(reading, 'copyCodeButtonText', button.text('text'), button.at('text'));
  keep(reading, 'autofillButtonText', button.text('autofill_text'), button.at('autofill_text'));
  keep(reading, 'zeroTapTermsAccepted', button.flag(terms), button.at(terms));
  const apps = button.list('supported_apps');
  const here = button.has('package_name') || button.has('signature_hash');
  if (apps && here)
    button.complain(
      'package_name',
      'not_allowed',
      'an app stands on the button or in supported_apps, not both',
    );
  const read = apps
    ? apps.map((item, at) => {
        const app = new MemberReader(item, `${button.at('supported_apps')}/${at}`, reading.errors);
        const found = readApp(app, at, reading);
        app.finish();
        return found;
      })
    : undefined;
  const onButton = here ? [readApp(button, 0, reading)] : undefined;
  keep(reading, 'supportedApps', read ?? onButton, button.at('supported_apps'));
}

function readApp(app: MemberReader, at: number, { places }: Reading): SupportedApp {
  places.set(`supportedApps/${at}/packageName`, app.at('package_name'));
  places.set(`supportedApps/${at}/signatureHash`, app.at('signature_hash'));
  return {
    packageName: app.text('package_name') ?? '',
    signatureHash: app.text('signature_hash') ?? '',
  };
}

function readButton(
  button: MemberReader,
  type: ButtonInput['type'],
  at: number,
  { places }: Reading,
): ButtonInput {
  const here = `buttons/${at}`;
  places.set(here, button.pointer);
  places.set(`${here}/text`, button.at('text'));
  places.set(`${here}/phoneNumber`, button.at('phone_number'));
  places.set(`${here}/url`, button.at('url'));
  places.set(`${here}/example`, button.at('example'));
  const [phoneNumber, url] = [button.text('phone_number'), button.text('url')];
  const examples = button.texts('example');
  if (examples && examples.length !== 1) button.complain('example', 'count', 'example must hold one address');
  return {
    type,
    text: button.text('text') ?? '',
    ...(phoneNumber !== undefined && { phoneNumber }),
    ...(url !== undefined && { url }),
    ...(examples?.[0] !== undefined && { example: examples[0] }),
  };
}
