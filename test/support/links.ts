// Links as the people and the backends of a house deal with them: a generator, an approved template, the link in a
// message, and the page behind it as a browser without scripts sees it.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, ask, type House, until } from './house.js';

export interface Visit {
  url: string;
  headers: Record<string, string | string[] | undefined>;
}

/** A site of somebody's: shows one page, and remembers who came. */
export interface Site {
  /** `http://127.0.0.1:…`. */
  origin: string;
  /** The same site under another host, which browsers hold for a stranger's. */
  foreign: string;
  visits: Visit[];
  close(): Promise<void>;
}

export async function openSite(pageFor: (url: string) => string = () => '<p>Welcome back'): Promise<Site> {
  const visits: Visit[] = [];
  const server: Server = createServer((request, response) => {
    visits.push({ url: request.url!, headers: request.headers });
    response.setHeader('content-type', 'text/html').end(pageFor(request.url!));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    foreign: `http://localhost:${port}`,
    visits,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** A UTILITY template whose button leads to the page of a link, in each language. */
export function linkTemplate(house: House, account: string, name: string): object {
  const button = {
    type: 'URL',
    text: 'Open',
    url: `${house.api.url}/p/l/{{1}}`,
    example: `${house.api.url}/p/l/x`,
  };
  const words: Record<string, string> = {
    en: 'Open this link to sign in.',
    es: 'Abra este enlace para iniciar sesión.',
    pt_BR: 'Abra este link para entrar.',
  };
  const languages = Object.entries(words).map(([language, body]) => ({ language, body, buttons: [button] }));
  return { account, name, category: 'UTILITY', languages };
}

/** Once every language is approved. */
export async function approved(house: House, template: object): Promise<string> {
  const created = await house.call('POST', '/v1/templates', template);
  if (created.status !== 201) throw new Error(created.text);
  await until(
    () => house.call('POST', `/v1/templates/${created.json.id}/sync`),
    ({ json }) => json.languages.every(({ status }: { status: string }) => status === 'approved'),
  );
  return created.json.id;
}

/** The link in the newest of so many messages to a receiver. */
export async function linkTo(house: House, receiver: string, count = 1): Promise<string> {
  const messages = await until(
    () => house.simulated(receiver),
    (found) => found.length === count,
  );
  const { text, buttons, code } = messages.at(-1)!;
  const inText = /https?:\/\/\S+\/p\/l\/\w+\.[\w-]{22}/.exec(text)?.[0];
  const onButton = buttons.find(({ kind }) => kind === 'url')?.value;
  // What Twilio's own template makes of its variable is not told: its button begins as ours do.
  return inText ?? onButton ?? `${house.api.url}/p/l/${code}`;
}

const FORM = 'application/x-www-form-urlencoded';

/** Sends the form of a page as a browser does that stands on it. */
export async function submit(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = new URLSearchParams({ form: newForm(), ...fields }).toString();
  return ask('POST', url, body, {
    'content-type': FORM,
    origin: 'null',
    'sec-fetch-site': 'same-origin',
    ...headers,
  });
}

let forms = 0;
export function newForm(): string {
  return `form-${String(++forms).padStart(17, '0')}`;
}

/** What a person reads of a page. */
export function readPage({ text }: Answer): { title: string; lang: string; text: string } {
  return {
    title: decode(/<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? ''),
    lang: /<html lang="(.*?)">/.exec(text)?.[1] ?? '',
    text: decode(text.replace(/<style.*?<\/style>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ')),
  };
}

function decode(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
