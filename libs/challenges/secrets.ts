import { Injectable } from '@nestjs/common';
import { makeCode } from '#generators';
import type { Identifier } from '#platform/identifiers';
import { type Code, givenCode } from './code-text.js';
import { CodeVault } from './code-vault.js';
import { LINK_SECRET_LENGTH, LinkVault } from './link/link-vault.js';
import { LinkUrls } from './link/link-urls.js';
import type { Prepared } from './opening.js';

/** What a record holds of the secret that its challenge asks for. */
export interface Secret {
  kid: string;
  mac: string;
  sealed: string;
  length: number;
  /** It was given, not drawn: to be compared as typed, or as digits. */
  given?: 'e' | 'd';
}

/** What a message carries: a code to type, or a link to open. `code` is the whole address then. */
export interface Carried {
  code: string;
  link?: { url: string; suffix: string };
}

type Asked = Pick<Prepared, 'caller' | 'contextDigest' | 'given' | 'input'>;

/** Makes the secret of a challenge, as its kind wants one, and opens it again for a message. */
@Injectable()
export class Secrets {
  constructor(
    private readonly vault: CodeVault,
    private readonly links: LinkVault,
    private readonly urls: LinkUrls,
  ) {}

  /** Undefined for a question: nothing in it is secret. */
  make(asked: Asked, id: Identifier): Secret | undefined {
    const { given, input } = asked;
    if (input.generator.kind === 'confirm') return undefined;
    if (input.generator.kind === 'link') return this.ofLink(asked, id);
    return given === undefined ? this.draw(asked, id) : this.ofCode(asked, id, givenCode(given), true);
  }

  /** A secret that takes the place of the one before, within the same challenge. */
  draw(asked: Asked, id: Identifier): Secret {
    const { generator } = asked.input;
    if (generator.kind === 'link') return this.ofLink(asked, id);
    const text = makeCode(generator.alphabet, generator.codeLength);
    return this.ofCode(asked, id, { text, exact: false }, false);
  }

  /** The code of a live challenge, to go on as what it was under its successor's id. */
  move(asked: Asked, id: Identifier, from: { id: Identifier; sealed: string; given?: string }): Secret {
    const text = this.vault.openCode(asked.caller.tenantId, from.id, from.sealed);
    return this.ofCode(asked, id, { text, exact: from.given === 'e' }, from.given !== undefined);
  }

  open(tenantId: Identifier, id: Identifier, record: ReadonlyMap<string, string>): Carried {
    const sealed = record.get('c')!;
    if (record.get('k') !== 'l') return { code: this.vault.openCode(tenantId, id, sealed) };
    const link = this.urls.link({ id, secret: this.links.openToken(tenantId, id, sealed) });
    return { code: link.url, link };
  }

  private ofCode(
    { caller: { tenantId }, contextDigest }: Asked,
    id: Identifier,
    { text, exact }: Code,
    given: boolean,
  ): Secret {
    return {
      ...this.vault.mac(tenantId, id, contextDigest, text, exact),
      sealed: this.vault.sealCode(tenantId, id, text),
      length: text.length,
      given: given ? (exact ? 'e' : 'd') : undefined,
    };
  }

  private ofLink({ caller: { tenantId }, contextDigest }: Asked, id: Identifier): Secret {
    const token = this.links.newToken();
    return {
      ...this.links.mac(id, { tenantId, contextDigest }, token),
      sealed: this.links.sealToken(tenantId, id, token),
      length: LINK_SECRET_LENGTH,
    };
  }
}
