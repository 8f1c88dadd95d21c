// What every adapter that talks back must do: the same situations as a send of a code, for words in a conversation.
import { expect } from 'vitest';
import type { MessageProvider } from '../message-provider.js';
import type { ChatCase, ProviderCase } from './provider-case.fixtures.js';
import { type Check, checker, freeze, readBody, situationChecks } from './send-checks.fixtures.js';

export function chatChecks(provider: ProviderCase): Check[] {
  return (provider.chat ?? []).flatMap((chat) => checksOf(provider, chat));
}

function checksOf(provider: ProviderCase, chat: ChatCase): Check[] {
  const talking = asSender(provider, chat);
  const check = checker(talking);
  const checks = [
    ...situationChecks(talking),
    check('request: is the documented one', async (rig) => {
      expect(await rig.sendTo(talking.accepted('message-1'))).toMatchObject({
        outcome: 'accepted',
        providerMessageId: 'message-1',
      });
      const { method, url, headers, body } = chat.request;
      const [request] = rig.sent;
      expect(request).toMatchObject({ method, url, headers });
      expect(readBody(talking, request!.body)).toEqual(body);
    }),
    ...(chat.windowClosed
      ? [
          check('window: a conversation that is over is a refusal, which no retry mends', async (rig) => {
            expect(await rig.sendTo(chat.windowClosed!)).toMatchObject({ outcome: 'rejected' });
          }),
        ]
      : []),
  ];
  return checks.map(({ name, run }) => ({ name: `${chat.name}: ${name}`, run }));
}

/** The adapter as one whose `send` talks: the message of the suite gives way to that of the case. */
function asSender(provider: ProviderCase, { message, request, accepted }: ChatCase): ProviderCase {
  const talking: MessageProvider = {
    ...provider.provider,
    send: ({ deadlineMs }, config, context) =>
      provider.provider.chat!.send(freeze({ ...message, deadlineMs }), config, context),
  };
  return { ...provider, provider: talking, request, ...(accepted && { accepted }) };
}
