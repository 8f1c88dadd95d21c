// A person at the simulator's phone: writes to our senders, presses buttons, opens links, reads.
import { type Answer, ask, type House, until } from './house.js';

/** A message on the phone, as it is shown. */
export interface Bubble {
  id: string;
  channel: string;
  senderDisplay: string;
  text: string;
  buttons: { kind: string; label: string; value?: string }[];
  status: string;
  own?: { answers?: string; button?: number };
}

export interface Person {
  /** `sender`: digits or name. `hidesNumber`: the business is told an id of the person in place of the number. */
  types(channel: string, text: string, sender: string, options?: { hidesNumber?: boolean }): Promise<Bubble>;
  /** Answers a message with words that quote it. */
  quotes(messageId: string, text: string): Promise<Bubble>;
  /** A button of that message, by what it carries or by what it says. */
  presses(messageId: string, button: string, options?: { hidesNumber?: boolean }): Promise<Bubble>;
  /** Sends what a `wa.me`, `sms:` or `viber:` link holds, unedited. */
  follows(deepLink: string): Promise<Bubble>;
  /** As a browser would that follows no redirection. */
  opens(link: string, headers?: Record<string, string>): Promise<Answer>;
  /** What we said on that channel and has arrived, oldest first. */
  sees(channel: string): Promise<Bubble[]>;
  /** The first of it that says this, once it has arrived; only of what came after the message `since`, if that is given. */
  waitsFor(channel: string, words: string | RegExp, since?: Bubble): Promise<Bubble>;
}

export function person(house: House, number: string): Person {
  const phone = `${house.simulator.url}/_sim/phones/${encodeURIComponent(number)}`;
  const act = async (what: string, body: object): Promise<Bubble> => {
    const { status, text, json } = await ask('POST', `${phone}/${what}`, body);
    if (status !== 200) throw new Error(`${what}: ${status} ${text}`);
    return json;
  };
  const all = async (): Promise<Bubble[]> => (await ask('GET', phone)).json.messages;
  const arrived = ({ own, status }: Bubble): boolean => !own && (status === 'delivered' || status === 'read');
  const sees = async (channel: string): Promise<Bubble[]> =>
    (await all()).filter((bubble) => bubble.channel === channel && arrived(bubble));
  const types: Person['types'] = (channel, text, sender, options = {}) =>
    act('write', { channel, text, to: sender, ...options });
  return {
    types,
    follows: (deepLink) => types(...wordsOf(deepLink)),
    quotes: (messageId, text) => act('reply', { messageId, text, quote: true }),
    presses: async (messageId, button, options = {}) => {
      const { buttons = [] } = (await all()).find(({ id }) => id === messageId) ?? {};
      const at = buttons.findIndex(({ value, label }) => value === button || label === button);
      if (at < 0)
        throw new Error(`no button ${button} among ${buttons.map(({ label }) => label).join(', ')}`);
      return act('reply', { messageId, buttonIndex: at, ...options });
    },
    opens: (link, headers) => ask('GET', link, undefined, headers),
    sees,
    waitsFor: async (channel, words, since) => {
      const says = ({ text }: Bubble): boolean =>
        typeof words === 'string' ? text.includes(words) : words.test(text);
      const later = async (): Promise<Bubble[]> => {
        const bubbles = await all();
        const from = since ? bubbles.findIndex(({ id }) => id === since.id) + 1 : 0;
        return bubbles.slice(from).filter((bubble) => bubble.channel === channel && arrived(bubble));
      };
      const found = await until(later, (bubbles) => bubbles.some(says));
      return found.find(says)!;
    },
  };
}

function wordsOf(deepLink: string): [channel: string, text: string, sender: string] {
  const { protocol, pathname, searchParams } = new URL(deepLink);
  const held = (name: string): string => searchParams.get(name) ?? '';
  if (protocol === 'sms:') return ['sms', held('body'), pathname];
  if (protocol === 'viber:')
    return ['viber', held('text') || held('draft'), held('chatURI') || held('number')];
  return ['whatsapp', held('text'), pathname.slice(1)];
}
