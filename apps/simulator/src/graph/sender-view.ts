// Owns what a phone number looks like on GET.

import { displayOf } from '../core/phone-number.js';
import type { Sender } from './graph-accounts.js';
import { parameterError } from './graph-error.js';
import { type GraphParams, textParam } from './graph-params.js';

const DEFAULT_FIELDS = [
  'verified_name',
  'code_verification_status',
  'display_phone_number',
  'quality_rating',
  'platform_type',
  'throughput',
];

const FIELDS: Record<string, (sender: Sender) => unknown> = {
  id: ({ id }) => id,
  verified_name: ({ verifiedName }) => verifiedName,
  display_phone_number: ({ displayNumber }) => displayOf(displayNumber),
  code_verification_status: ({ verified }) => (verified ? 'VERIFIED' : 'NOT_VERIFIED'),
  quality_rating: () => 'GREEN',
  platform_type: ({ registered }) => (registered ? 'CLOUD_API' : 'NOT_APPLICABLE'),
  throughput: () => ({ level: 'STANDARD' }),
  status: ({ registered }) => (registered ? 'CONNECTED' : 'DISCONNECTED'),
  name_status: () => 'APPROVED',
  account_mode: () => 'LIVE',
  is_official_business_account: () => false,
  is_pin_enabled: ({ pin }) => pin !== undefined,
  messaging_limit_tier: () => 'TIER_2K',
  whatsapp_business_manager_messaging_limit: () => 'TIER_2K',
  webhook_configuration: ({ override }) => (override ? { phone_number: override.uri } : undefined),
};

export function senderView(sender: Sender, params: GraphParams): Record<string, unknown> {
  const asked = textParam(params, 'fields')
    ?.replace(/\{[^}]*\}/g, '')
    .split(',')
    .map((field) => field.trim());
  const view: Record<string, unknown> = {};
  for (const field of asked ?? DEFAULT_FIELDS) {
    const read = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
    if (!read) {
      throw parameterError(
        `Tried accessing nonexisting field (${field}) on node type (WhatsAppBusinessPhoneNumber)`,
      );
    }
    const value = read(sender);
    if (value !== undefined) view[field] = value;
  }
  return { ...view, id: sender.id };
}
