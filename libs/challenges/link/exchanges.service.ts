import { Injectable } from '@nestjs/common';
import type { Principal } from '#tenants';
import { Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';
import { HotStore, newOperation } from '../hot-store/hot-store.js';
import { LinkStore } from '../hot-store/link-store.js';
import { s256 } from '../pkce.js';
import { parseTicket, renderTicket, type Ticket } from './link-urls.js';
import { LinkVault } from './link-vault.js';

export interface IssuedExchange {
  token: string;
  expiresAt: number;
}

const LIFE_MS = 60_000;
/** The asking browser may come back a little later than the phone approves. */
const ISSUED_WITHIN_MS = 300_000;

/**
 * The token that an approved link is worth, once, to the browser that asked and to no other: the clicking one may be
 * somebody else's (forwarded links, session fixation).
 */
@Injectable()
export class ExchangesService {
  constructor(
    private readonly store: LinkStore,
    private readonly hotStore: HotStore,
    private readonly links: LinkVault,
  ) {}

  /** To the browser that has the cookie: the address to go on to. Undefined when there is none for it. */
  async returnAddress(asking: Ticket | undefined, id: Identifier, form: string): Promise<string | undefined> {
    if (asking?.id !== id || !this.links.isAskingProof(id, asking.secret)) return undefined;
    const bounds = await this.store.bounds(id);
    if (!bounds) return undefined;
    const { tenantId } = bounds;
    const record = await this.hotStore.read(id, tenantId);
    const returnUrl = record?.get('ru');
    if (returnUrl === undefined) return undefined;
    const issued = await this.issue(tenantId, id, form, undefined);
    if (issued instanceof Problem) return undefined;
    const url = new URL(returnUrl);
    url.searchParams.set('exchange', issued.token);
    return url.href;
  }

  /** To a backend that has the verifier from its browser. */
  async issueTo(
    { tenantId }: Principal,
    id: Identifier,
    codeVerifier: string,
    operation = newOperation(),
  ): Promise<IssuedExchange | Problem> {
    return this.issue(tenantId, id, operation, s256(codeVerifier));
  }

  /** The challenge that the token stood for; undefined when it stands for nothing (any more). */
  async redeem(
    { tenantId }: Principal,
    text: string,
    codeVerifier: string | undefined,
    operation = newOperation(),
  ): Promise<Identifier | undefined> {
    const ticket = parseTicket(text);
    if (!ticket) return undefined;
    const { id, secret } = ticket;
    const proof = codeVerifier === undefined ? undefined : s256(codeVerifier);
    const candidates = this.links.exchangeCandidates(tenantId, id, secret);
    return (await this.store.redeemExchange(id, tenantId, operation, proof, candidates)) ? id : undefined;
  }

  private async issue(
    tenantId: Identifier,
    id: Identifier,
    form: string,
    proof: string | undefined,
  ): Promise<IssuedExchange | Problem> {
    const secret = this.links.exchangeToken(tenantId, id, form);
    const times = { lifeMs: LIFE_MS, withinMs: ISSUED_WITHIN_MS };
    const mac = this.links.exchangeMac(tenantId, id, secret);
    const reply = await this.store.issueExchange(id, tenantId, times, proof, mac);
    switch (reply.outcome) {
      case 'issued':
        return { token: renderTicket({ id, secret }), expiresAt: reply.expiresAt };
      case 'unknown':
        return new Problem('challenge.not_found');
      case 'refused':
        return new Problem('exchange.not_accepted');
      case 'spent':
        return new Problem('exchange.not_available', { members: { state: 'approved' } });
      case 'ended':
        return new Problem('exchange.not_available', {
          members: { state: reply.state, reason: reply.why || undefined },
        });
    }
  }
}
