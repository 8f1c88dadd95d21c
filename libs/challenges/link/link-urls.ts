import { Injectable } from '@nestjs/common';
import { Config } from '#platform/config';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';

/** A challenge and what proves something about it, as an address or a cookie holds the two. */
export interface Ticket {
  id: Identifier;
  secret: string;
}

const SECRET = /^[\w-]{22}$/;

/** The addresses of the hosted pages. `PUBLIC_URL` is what they all begin with. */
@Injectable()
export class LinkUrls {
  constructor(private readonly config: Config) {}

  /** What a template's button holds in place of the link's own end. */
  get base(): string {
    return `${this.config.http.publicUrl}/p/l/`;
  }

  link(ticket: Ticket): { url: string; suffix: string } {
    const suffix = renderTicket(ticket);
    return { url: this.base + suffix, suffix };
  }

  bind(ticket: Ticket): string {
    return `${this.config.http.publicUrl}/p/b/${renderTicket(ticket)}`;
  }
}

export function renderTicket({ id, secret }: Ticket): string {
  return `${renderNative('challenge', id)}.${secret}`;
}

export function parseTicket(text: string | undefined): Ticket | undefined {
  const [challenge, secret, ...rest] = text?.split('.') ?? [];
  const id = parseNative('challenge', challenge);
  return id && secret !== undefined && SECRET.test(secret) && rest.length === 0 ? { id, secret } : undefined;
}
