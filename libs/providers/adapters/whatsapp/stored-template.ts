import type { OtpType, SupportedApp, TemplateBody, UtilityButton } from '../../message-provider.js';
import { OTP_TYPES } from '../../message-provider.js';

type Row = Record<string, unknown>;

/**
 * A template's body from the components that are listed of it, which are not those that were sent: preset texts are
 * filled in, and the OTP button has become a URL button. Undefined for what we could not have made: media, named
 * placeholders, a code without a button. The texts of buttons come back also where the channel's own were taken.
 */
export function readStoredTemplate(
  category: string,
  components: unknown,
  ttlSeconds: unknown,
): TemplateBody | undefined {
  if (!Array.isArray(components)) return undefined;
  const parts = new Map<string, Row>();
  for (const component of components) {
    if (!isRow(component) || typeof component['type'] !== 'string') return undefined;
    const type = component['type'].toUpperCase();
    if (parts.has(type)) return undefined;
    parts.set(type, component);
  }
  const lifetime = Number.isInteger(ttlSeconds) ? { ttlSeconds: ttlSeconds as number } : {};
  if ([...parts.keys()].some((type) => !['HEADER', 'BODY', 'FOOTER', 'BUTTONS'].includes(type)))
    return undefined;
  const body =
    category === 'AUTHENTICATION'
      ? readAuthentication(parts)
      : category === 'UTILITY'
        ? readUtility(parts)
        : undefined;
  return body && { ...body, ...lifetime };
}

function readAuthentication(parts: ReadonlyMap<string, Row>): TemplateBody | undefined {
  const [button, ...others] = rowsOf(parts.get('BUTTONS')?.['buttons']);
  if (!parts.has('BODY') || parts.has('HEADER') || !button || others.length > 0) return undefined;
  const minutes = parts.get('FOOTER')?.['code_expiration_minutes'];
  const otp = readOtpButton(button);
  return (
    otp && {
      category: 'AUTHENTICATION',
      addSecurityRecommendation: parts.get('BODY')!['add_security_recommendation'] === true,
      ...(Number.isInteger(minutes) && { codeExpirationMinutes: minutes as number }),
      ...otp,
    }
  );
}

interface Otp {
  otpType: OtpType;
  copyCodeButtonText?: string;
  autofillButtonText?: string;
  supportedApps?: SupportedApp[];
}

/** Of the button that was sent, the address of the stored one tells the kind, and the app of the other two kinds. */
function readOtpButton(button: Row): Otp | undefined {
  const stored = new URLSearchParams(textOf(button['url'])?.split('?')[1] ?? '');
  const word = textOf(button['otp_type']) ?? stored.get('otp_type') ?? '';
  const otpType = OTP_TYPES.find((known) => known === word.toUpperCase());
  if (!otpType) return undefined;
  const text = textOf(button['text']);
  const autofill = textOf(button['autofill_text']) ?? stored.get('cta_display_name') ?? undefined;
  const apps = rowsOf(button['supported_apps']).map((app) => ({
    packageName: textOf(app['package_name']) ?? '',
    signatureHash: textOf(app['signature_hash']) ?? '',
  }));
  const [packageName, signatureHash] = [stored.get('package_name'), stored.get('signature_hash')];
  if (apps.length === 0 && packageName !== null && signatureHash !== null)
    apps.push({ packageName, signatureHash });
  return {
    otpType,
    ...(text !== undefined && { copyCodeButtonText: text }),
    ...(otpType !== 'COPY_CODE' && autofill !== undefined && { autofillButtonText: autofill }),
    ...(apps.length > 0 && { supportedApps: apps }),
  };
}

function readUtility(parts: ReadonlyMap<string, Row>): TemplateBody | undefined {
  const [header, body, footer] = ['HEADER', 'BODY', 'FOOTER'].map((type) => parts.get(type));
  const text = textOf(body?.['text']);
  if (text === undefined) return undefined;
  if (header && (header['format'] !== 'TEXT' || /\{\{/.test(textOf(header['text']) ?? '{{')))
    return undefined;
  const example = isRow(body!['example']) ? body!['example']['body_text'] : undefined;
  const row: unknown = Array.isArray(example) && Array.isArray(example[0]) ? example[0] : (example ?? []);
  const samples = Array.isArray(row) ? row.map(String) : [];
  const names = [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name]) => name);
  if (names.some((name, at) => name !== String(at + 1)) || names.length !== samples.length) return undefined;
  const buttons = rowsOf(parts.get('BUTTONS')?.['buttons']).map(readButton);
  if (buttons.some((button) => button === undefined)) return undefined;
  return {
    category: 'UTILITY',
    ...(header && { header: textOf(header['text'])! }),
    body: text,
    samples,
    ...(footer && { footer: textOf(footer['text']) ?? '' }),
    buttons: buttons as UtilityButton[],
  };
}

function readButton(button: Row, at: number): UtilityButton | undefined {
  const [text, url, number] = ['text', 'url', 'phone_number'].map((name) => textOf(button[name]));
  if (text === undefined) return undefined;
  switch (textOf(button['type'])?.toUpperCase()) {
    case 'QUICK_REPLY':
      return { type: 'QUICK_REPLY', text };
    case 'PHONE_NUMBER':
      return number === undefined ? undefined : { type: 'PHONE_NUMBER', text, phoneNumber: number };
    case 'URL': {
      // A message fills the variable of the first button only.
      if (url === undefined || (at > 0 && url.includes('{{'))) return undefined;
      const [example] = Array.isArray(button['example']) ? (button['example'] as unknown[]) : [];
      return { type: 'URL', text, url, ...(typeof example === 'string' && { example }) };
    }
    default:
      return undefined;
  }
}

function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.filter(isRow) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
