// Webhooks as Meta posts them, written by hand: what a spec wants to say that the simulator would not.
import { createHmac } from 'node:crypto';
import { SimulatorConfig } from '../../apps/simulator/src/simulator.config.js';
import { type Answer, ask, type House } from './house.js';

const SIMULATED = new SimulatorConfig();

export interface SpokenStatus {
  id: string;
  status: string;
  correlation?: string;
  errorCode?: number;
}

export function statusItem({ id, status, correlation, errorCode }: SpokenStatus): object {
  return {
    id,
    status,
    timestamp: '1750030073',
    recipient_id: '525512345678',
    ...(correlation !== undefined && { biz_opaque_callback_data: correlation }),
    ...(errorCode !== undefined && { errors: [{ code: errorCode, title: 'refused' }] }),
  };
}

/** The envelope of `statuses`, from the demo account's sender unless another is named. */
export function statusesBody(items: readonly unknown[], phoneNumberId = SIMULATED.phoneNumberId): string {
  return envelope('messages', {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: SIMULATED.senderAddress, phone_number_id: phoneNumberId },
    statuses: items,
  });
}

/** The envelope of `messages`, to the demo account's sender unless another is named. */
export function messagesBody(items: readonly unknown[], phoneNumberId = SIMULATED.phoneNumberId): string {
  return envelope('messages', {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: SIMULATED.senderAddress, phone_number_id: phoneNumberId },
    messages: items,
  });
}

export function envelope(field: string, value: unknown, object = 'whatsapp_business_account'): string {
  return JSON.stringify({ object, entry: [{ id: SIMULATED.wabaId, changes: [{ field, value }] }] });
}

export function signature(body: string, secret = SIMULATED.appSecret): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Where the demo account takes its webhooks. */
export function webhookUrl(house: House): string {
  return `${house.api.url}/webhooks/meta-cloud/${house.demo.accountId}`;
}

/** Posts a body under a proof: the right one unless another is given, `null` for none. */
export function post(
  house: House,
  body: string,
  proof: string | null = signature(body),
  url = webhookUrl(house),
): Promise<Answer> {
  return ask('POST', url, body, proof === null ? {} : { 'x-hub-signature-256': proof });
}
