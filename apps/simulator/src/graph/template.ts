// Owns the shape of a stored template, which is what Graph answers, not what was
// sent: preset texts are filled in and the OTP button has become a URL button.

export const TEMPLATE_CATEGORIES = ['AUTHENTICATION', 'UTILITY', 'MARKETING'] as const;
export type TemplateCategory = (typeof TEMPLATE_CATEGORIES)[number];

export type TemplateStatus =
  | 'PENDING'
  | 'APPROVED'
  | 'REJECTED'
  | 'PAUSED'
  | 'DISABLED'
  | 'IN_APPEAL'
  | 'PENDING_DELETION'
  | 'DELETED'
  | 'LIMIT_EXCEEDED'
  | 'ARCHIVED';

export interface StoredButton {
  type: 'URL' | 'QUICK_REPLY' | 'PHONE_NUMBER';
  text: string;
  url?: string;
  phone_number?: string;
  example?: string[];
}

export interface StoredComponent {
  type: 'HEADER' | 'BODY' | 'FOOTER' | 'BUTTONS';
  format?: 'TEXT';
  text?: string;
  add_security_recommendation?: boolean;
  code_expiration_minutes?: number;
  example?: { body_text?: string[][]; header_text?: string[] };
  buttons?: StoredButton[];
}

export const OTP_TYPES = ['COPY_CODE', 'ONE_TAP', 'ZERO_TAP'] as const;
type OtpType = (typeof OTP_TYPES)[number];

/** What remains of the OTP button for the phone to render. */
export interface OtpButton {
  otpType: OtpType;
  text?: string;
  autofillText?: string;
  apps: { packageName: string; signatureHash: string }[];
}

export interface Template {
  id: string;
  wabaId: string;
  name: string;
  language: string;
  category: TemplateCategory;
  status: TemplateStatus;
  components: StoredComponent[];
  otp?: OtpButton;
  ttlSeconds?: number;
  rejectedReason: string;
  qualityScore: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN';
  createdAt: number;
  /** Since when it waits for review. */
  submittedAt: number;
  /** Whether its name stays locked for 30 days once it is deleted. */
  wasApproved: boolean;
  /** Times of edits while approved: one in 24 h, ten in 30 days. */
  edits: number[];
  /** Paused twice already: the third time disables. */
  pauses: number;
}

export type TemplateContent = Pick<Template, 'components' | 'otp'>;

export function component(
  template: TemplateContent,
  type: StoredComponent['type'],
): StoredComponent | undefined {
  return template.components.find((candidate) => candidate.type === type);
}

/** How many of `{{1}} {{2}} …` a text has. */
export function placeholders(text: string | undefined): string[] {
  return [...new Set(text?.match(/\{\{\d+\}\}/g) ?? [])];
}
