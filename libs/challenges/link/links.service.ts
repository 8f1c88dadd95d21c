import { Injectable } from '@nestjs/common';
import { GeneratorsService } from '#generators';
import type { Identifier } from '#platform/identifiers';
import { AnswersService } from '../answers.service.js';
import { type Challenge, fromRecord } from '../challenge.js';
import { CodeVault, joinSealed } from '../code-vault.js';
import { type CheckReply, HotStore } from '../hot-store/hot-store.js';
import { type LinkBounds, LinkStore } from '../hot-store/link-store.js';
import type { Transaction } from '../transaction-context.js';
import type { Ticket } from './link-urls.js';
import { LINK_SECRET_LENGTH, LinkVault } from './link-vault.js';

/** What the page behind a link says of it. */
export interface LinkView {
  /** Who asks; undefined when the generator has left. */
  displayName: string | undefined;
  /** The browser that asked, as far as its backend told. */
  browser: string | undefined;
  transaction: Transaction | undefined;
  challenge: Challenge;
}

/** What the page for the asking browser says. */
export type AskingView = Omit<LinkView, 'browser' | 'transaction'> & { matchNumber: string };

/** What the person behind a link sees and says. Nobody here has an API key: the link's token is what lets them in. */
@Injectable()
export class LinksService {
  constructor(
    private readonly store: LinkStore,
    private readonly hotStore: HotStore,
    private readonly vault: CodeVault,
    private readonly links: LinkVault,
    private readonly answers: AnswersService,
    private readonly generators: GeneratorsService,
  ) {}

  /** Undefined for a link that is none, was used, or has ended. Looking changes nothing. */
  async view({ id, secret }: Ticket): Promise<LinkView | undefined> {
    const bounds = await this.store.bounds(id);
    const record = bounds && (await this.store.view(id, this.links.candidates(id, bounds, secret)));
    if (!record) return undefined;
    const { tenantId } = bounds;
    const [browser, transaction] = [joinSealed(record, 'eu'), joinSealed(record, 'cx')];
    return {
      ...(await this.seenBy(id, record)),
      browser: browser ? this.vault.openBrowser(tenantId, id, browser) : undefined,
      transaction: transaction ? this.vault.openTransaction(tenantId, id, transaction) : undefined,
    };
  }

  /**
   * Undefined for a link that is none or has ended. A token is looked at before anything is counted: whoever knows an
   * id alone can use up no attempt. The number is counted, then compared, as every answer is.
   */
  async approve(ticket: Ticket, number: string, operation: string): Promise<CheckReply | undefined> {
    const { id, secret } = ticket;
    const bounds = await this.store.bounds(id);
    if (!bounds || !(await this.mayAnswer(ticket, bounds, operation))) return undefined;
    return this.answers.compare({
      id,
      tenantId: bounds.tenantId,
      operation,
      contextDigest: bounds.contextDigest,
      answerLength: LINK_SECRET_LENGTH,
      candidates: this.links.candidates(id, bounds, secret, number),
    });
  }

  /** False when there is nothing to deny any more. */
  async deny({ id, secret }: Ticket): Promise<boolean> {
    const bounds = await this.store.bounds(id);
    return bounds !== undefined && this.store.deny(id, this.links.candidates(id, bounds, secret));
  }

  /** For the browser that asked; undefined for any other. */
  async viewAsking({ id, secret }: Ticket): Promise<AskingView | undefined> {
    if (!this.links.isAskingProof(id, secret)) return undefined;
    const bounds = await this.store.bounds(id);
    const record = bounds && (await this.hotStore.read(id, bounds.tenantId));
    if (!record) return undefined;
    return { ...(await this.seenBy(id, record)), matchNumber: this.links.matchNumber(id) };
  }

  /** The second of two clicks finds the challenge approved by the first, and its token gone. */
  private async mayAnswer({ id, secret }: Ticket, bounds: LinkBounds, operation: string): Promise<boolean> {
    if (await this.store.view(id, this.links.candidates(id, bounds, secret))) return true;
    return (await this.store.approvedBy(id)) === operation;
  }

  private async seenBy(
    id: Identifier,
    record: ReadonlyMap<string, string>,
  ): Promise<{ displayName: string | undefined; challenge: Challenge }> {
    const generator = await this.generators.loadVersion(record.get('g')!);
    return { displayName: generator?.link?.displayName, challenge: fromRecord(id, record) };
  }
}
