import { Injectable } from '@nestjs/common';
import type { Identifier } from '#platform/identifiers';
import { CodeVault } from '../code-vault.js';
import type { Opened, OpenInput, Prepared } from '../opening.js';
import { describeBrowser } from './asking-browser.js';
import { LinkUrls } from './link-urls.js';
import { LinkVault } from './link-vault.js';

/** What opening a link writes down and tells beyond what every challenge does. */
@Injectable()
export class LinkOpenings {
  constructor(
    private readonly vault: CodeVault,
    private readonly links: LinkVault,
    private readonly urls: LinkUrls,
  ) {}

  /** Fields of `record.lua`. */
  fieldsOf(
    { caller, input }: Pick<Prepared, 'caller' | 'input'>,
    id: Identifier,
  ): Record<string, string | undefined> {
    const browser = describeBrowser(input.endUser ?? {});
    return {
      ru: input.returnUrl,
      pk: input.pkce,
      ...(browser !== undefined && this.vault.sealBrowser(caller.tenantId, id, browser)),
    };
  }

  toldOf({ returnUrl }: OpenInput, id: Identifier): Pick<Opened, 'matchNumber' | 'bindUrl'> {
    return {
      matchNumber: this.links.matchNumber(id),
      bindUrl:
        returnUrl === undefined ? undefined : this.urls.bind({ id, secret: this.links.askingProof(id) }),
    };
  }
}
