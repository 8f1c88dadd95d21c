import type { ChannelStep } from '#generators';

/** Addresses that open a chat with one of our senders, with the text in it where the channel allows that. */
export interface WriteLinks {
  whatsapp?: string;
  sms?: string;
  /** The same for Apple's phones, which want the text behind `&`. */
  smsApple?: string;
  viber?: string;
  line?: string;
  zalo?: string;
  kakao?: string;
}

const DIGITS = /^\d+$/;

/** One for each channel of the plan; the first step of a channel speaks for it. */
export function writeLinks(plan: readonly ChannelStep[], text: string): WriteLinks {
  let links: WriteLinks = {};
  for (const step of plan) links = { ...links, ...LINKS[step.channel]!(step.senderAddress, text), ...links };
  return links;
}

/** What a camera is shown: the first step's chat. */
export function firstLink(plan: readonly ChannelStep[], text: string): string {
  const [{ channel, senderAddress }] = plan as [ChannelStep];
  const links = LINKS[channel]!(senderAddress, text);
  return Object.values(links)[0] as string;
}

/** Zalo and KakaoTalk open the chat empty: the code is typed. */
const LINKS: Record<string, (sender: string, text: string) => WriteLinks> = {
  whatsapp: (sender, text) => ({ whatsapp: `https://wa.me/${sender}?text=${encodeURIComponent(text)}` }),
  sms: (sender, text) => {
    // A short code is no international number.
    const number = sender.length > 6 ? `+${sender}` : sender;
    const body = encodeURIComponent(text);
    return { sms: `sms:${number}?body=${body}`, smsApple: `sms:${number}&body=${body}` };
  },
  viber: (sender, text) => ({
    viber: DIGITS.test(sender)
      ? `viber://chat?number=%2B${sender}&draft=${encodeURIComponent(text)}`
      : `viber://pa?chatURI=${encodeURIComponent(sender)}&text=${encodeURIComponent(text)}`,
  }),
  line: (sender, text) => ({
    line: `https://line.me/R/oaMessage/${encodeURIComponent(sender)}/?${encodeURIComponent(text)}`,
  }),
  zalo: (sender) => ({ zalo: `https://zalo.me/${encodeURIComponent(sender)}` }),
  kakao: (sender) => ({ kakao: `https://pf.kakao.com/${encodeURIComponent(sender)}/chat` }),
};
