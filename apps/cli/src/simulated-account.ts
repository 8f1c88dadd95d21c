import { BootRefused, readVariables } from '#platform/config';
import type { SimulatedAccount } from './demo.js';

/** The simulator's account as the launcher names it in SIM_* variables, and the key of an earlier demo. */
export function readSimulatedAccount(): { account: SimulatedAccount; knownKey: string | undefined } {
  const found = readVariables([
    'SIM_WABA_ID',
    'SIM_PHONE_NUMBER_ID',
    'SIM_SENDER_ADDRESS',
    'SIM_ACCESS_TOKEN',
    'SIM_APP_SECRET',
    'SIM_SMTP_USERNAME',
    'SIM_SMTP_PASSWORD',
    'SIM_INFOBIP_API_KEY',
    'SIM_INFOBIP_WEBHOOK_SECRET',
    'DEMO_API_KEY',
  ]);
  const needed = (name: string): string => {
    const value = found[name];
    if (!value) throw new BootRefused(`The demo needs ${name}`);
    return value;
  };
  return {
    account: {
      wabaId: needed('SIM_WABA_ID'),
      phoneNumberId: needed('SIM_PHONE_NUMBER_ID'),
      senderAddress: needed('SIM_SENDER_ADDRESS'),
      accessToken: needed('SIM_ACCESS_TOKEN'),
      appSecret: needed('SIM_APP_SECRET'),
      smtpUsername: needed('SIM_SMTP_USERNAME'),
      smtpPassword: needed('SIM_SMTP_PASSWORD'),
      infobipApiKey: found['SIM_INFOBIP_API_KEY'],
      infobipWebhookSecret: found['SIM_INFOBIP_WEBHOOK_SECRET'],
    },
    knownKey: found['DEMO_API_KEY'],
  };
}
