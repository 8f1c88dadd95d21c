// A tenant's own server, at the simulator: what was posted to it, and how it answers.
import { Webhook } from 'standardwebhooks';
import { type Answer, ask, type House, until } from './house.js';

interface Post {
  receivedAt: string;
  headers: Record<string, string>;
  body: string;
}

interface Behavior {
  status: number;
  latencyMs: number;
  retryAfter: string;
  fault: 'none' | 'hang' | 'drip' | 'reset';
}

export class Inbox {
  readonly url: string;
  private readonly control: string;

  constructor(house: House, name: string) {
    this.url = `${house.simulator.url}/inbox/${name}`;
    this.control = `${house.simulator.url}/_sim/inboxes/${name}`;
  }

  async posts(): Promise<Post[]> {
    return (await ask('GET', this.control)).json.posts;
  }

  async count(): Promise<number> {
    return (await ask('GET', this.control)).json.count;
  }

  async behave(behavior: Partial<Behavior>): Promise<void> {
    const { status, text } = await ask('PUT', this.control, behavior);
    if (status !== 200) throw new Error(text);
  }

  /** Waits until what came is enough. */
  until(done: (posts: Post[]) => boolean, timeoutMs?: number): Promise<Post[]> {
    return until(() => this.posts(), done, timeoutMs);
  }
}

/** What the official library makes of a delivery; throws when it does not believe it. */
export function verified(secret: string, { body, headers }: Post): Answer['json'] {
  return new Webhook(secret).verify(body, headers);
}

export const typesOf = (posts: readonly Post[]): string[] =>
  posts.map(({ body }) => (JSON.parse(body) as { type: string }).type);

export interface Endpoint {
  id: string;
  secret: string;
  path: string;
}

export async function newEndpoint(
  house: House,
  url: string,
  events = ['challenge.*'],
  headers: Record<string, string> = {},
): Promise<Endpoint> {
  const { status, text, json } = await house.call('POST', '/v1/webhook-endpoints', { url, events }, headers);
  if (status !== 201) throw new Error(text);
  return { id: json.id, secret: json.secret, path: `/v1/webhook-endpoints/${json.id}` };
}

/** Opens a challenge and gives the right answer. */
export async function approve(
  house: House,
  generator: string,
  receiver: string,
  fields: Record<string, unknown> = {},
): Promise<string> {
  const { status, text, json } = await house.call('POST', '/v1/challenges', {
    generator,
    receiver,
    ...fields,
  });
  if (status !== 201) throw new Error(text);
  const { code } = (await house.call('GET', `/v1/challenges/${json.id}/code`)).json;
  await house.call('POST', `/v1/challenges/${json.id}/check`, { code });
  return json.id;
}
