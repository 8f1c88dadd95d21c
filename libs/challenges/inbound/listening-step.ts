import type { ChannelStep, StepInput } from '#generators';
import type { Channel, LoadedAccount, LoadedSender } from '#providers';
import { Problem } from '#platform/errors';

const DEFAULT_LANGUAGE = 'en';
const OF_A_SEND = ['template', 'wording', 'placeholder', 'fallbackAfterSeconds', 'onUnknown'] as const;
const DIGITS = /^\d{3,15}$/;

/** A step whose sender people write to. `at`: where the plan has it, for refusals. Throws what cannot work. */
export function listeningStep(
  input: StepInput,
  { account, sender }: { account: LoadedAccount; sender: LoadedSender },
  at: string,
): ChannelStep {
  const { channel, language = DEFAULT_LANGUAGE } = input;
  for (const name of OF_A_SEND)
    if (input[name] !== undefined)
      throw Problem.field(
        `${at}/${name}`,
        'not_allowed',
        `nothing is sent first, so a step takes no ${name}`,
      );
  if (!account.provider.chat?.channels.includes(channel as Channel))
    throw Problem.field(
      `${at}/sender`,
      'not_allowed',
      'this sender’s account cannot talk back to who writes on this channel',
    );
  if (channel === 'sms' && !DIGITS.test(input.sender))
    throw Problem.field(`${at}/sender`, 'not_allowed', 'nobody can write to a sender that is a name');
  return {
    channel,
    accountId: account.id,
    senderId: sender.id,
    senderAddress: input.sender,
    language,
  };
}
