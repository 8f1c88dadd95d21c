import { Injectable } from '@nestjs/common';
import type { ChannelStep, PublishedGenerator } from '#generators';
import { SwitchesService } from '#limits';
import { AccountsService } from '#providers';
import type { Principal } from '#tenants';
import { type ErrorCode, Problem } from '#platform/errors';
import { newChallengeId } from '#platform/identifiers';
import { Metrics } from '#platform/metrics';
import { Partitions } from '#platform/partitions';
import { CodeVault } from '../code-vault.js';
import { InboundStore } from '../hot-store/inbound-store.js';
import { LETTER_OF_KIND } from '../kind-letters.js';
import { refuseUse } from '../opening-rules.js';
import type { OpenedInbound, OpenInboundInput, OpenInboundResult } from './inbound-opening.js';
import { inboundTexts } from './inbound-texts.js';
import { groupToken } from './inbound-token.js';
import { readPerson } from './person.js';
import { qrSvg } from './qr-svg.js';
import { TokenVault } from './token-vault.js';
import { firstLink, writeLinks } from './write-links.js';

const TRIES = 3;
const SWITCH_RETRY_SECONDS = 60;

/** Opens challenges that a person answers by writing to us. Nothing is sent, so no limit of sends applies. Redis only. */
@Injectable()
export class InboundOpeningsService {
  constructor(
    private readonly store: InboundStore,
    private readonly vault: CodeVault,
    private readonly tokens: TokenVault,
    private readonly accounts: AccountsService,
    private readonly switches: SwitchesService,
    private readonly partitions: Partitions,
    private readonly metrics: Metrics,
  ) {}

  async open(caller: Principal, input: OpenInboundInput): Promise<OpenInboundResult> {
    const result = await this.openChecked(caller, input);
    this.metrics.opens.inc({ outcome: 'refused' in result ? result.refused.code : 'opened' });
    return result;
  }

  private async openChecked(caller: Principal, input: OpenInboundInput): Promise<OpenInboundResult> {
    const refused = refuseInbound(input);
    if (refused) return { refused };
    const steps = await this.listening(caller, input.generator);
    if (steps instanceof Problem) return { refused: steps };
    for (let left = TRIES, { operation } = input; left > 0; left--, operation = undefined) {
      const opened = await this.openUnder(
        this.tokens.make(operation),
        caller,
        { ...input, operation },
        steps,
      );
      if (opened) return { opened };
    }
    throw new Error('three tokens in a row were taken: they are not random');
  }

  /** Undefined when another challenge has the token. */
  private async openUnder(
    token: string,
    { tenantId, mode }: Principal,
    input: OpenInboundInput,
    steps: readonly ChannelStep[],
  ): Promise<OpenedInbound | undefined> {
    const { generator, purpose, metadata, asking, pkce } = input;
    const { purpose: meaning } = generator.inbound!;
    const place = this.tokens.place(tenantId, token);
    const id = newChallengeId(place.partition, input.operation);
    const language = input.language ?? steps[0]!.language;
    const said = Object.values(asking).some((value) => value !== undefined);
    const opened = await this.store.open(id, place.ref, generator.lifeSeconds * 1_000, {
      v: 1,
      k: LETTER_OF_KIND.inbound,
      t: tenantId,
      g: `${generator.id}:${generator.version}`,
      c: this.vault.sealCode(tenantId, id, token),
      fm: generator.maxAttempts,
      lg: language,
      p: purpose === 'authentication' ? undefined : purpose,
      y: mode === 'test' ? mode : undefined,
      md: metadata && Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : undefined,
      xf: this.expected(input.expectedFrom),
      pk: pkce,
      ...(said && this.vault.sealAsking(tenantId, id, asking)),
    });
    if (!opened) return undefined;
    const shown = groupToken(token);
    const text = inboundTexts(language).prefilled[meaning](shown);
    return {
      id,
      purpose: meaning,
      token: shown,
      links: writeLinks(steps, text),
      qrSvg: qrSvg(firstLink(steps, text), shown),
      matchNumber: meaning === 'login' ? this.tokens.numbers(id).right : undefined,
      pageKey: this.tokens.pageKey(id),
      expiresAt: opened.expiresAt,
      attemptsRemaining: generator.maxAttempts,
    };
  }

  private expected(expectedFrom: string | undefined): string | undefined {
    const person = expectedFrom === undefined ? undefined : readPerson(expectedFrom);
    return person && this.partitions.locate(person.canonical).ref;
  }

  /** The steps whose sender hears people now; the refusal of the first one when none does. */
  private async listening(
    { tenantId, mode }: Principal,
    { plan }: PublishedGenerator,
  ): Promise<ChannelStep[] | Problem> {
    const refusals: Problem[] = [];
    const steps: ChannelStep[] = [];
    for (const step of plan) {
      const { accountId, senderId, channel } = step;
      const account = await this.accounts.load(accountId);
      let code: ErrorCode | undefined;
      if (!account?.senders.some(({ id }) => id === senderId)) code = 'channel.not_configured';
      else if (mode === 'test' && !this.accounts.isSimulator(account)) code = 'auth.test_key_live_account';
      else if (this.switches.blocked({ tenantId, channel, accountId })) code = 'switch.off';
      if (code === undefined) steps.push(step);
      else
        refusals.push(
          new Problem(code, code === 'switch.off' ? { retryAfterSeconds: SWITCH_RETRY_SECONDS } : {}),
        );
    }
    return steps.length > 0 ? steps : refusals[0]!;
  }
}

/** What the request itself breaks. */
function refuseInbound({ generator, purpose, pkce, expectedFrom }: OpenInboundInput): Problem | undefined {
  if (generator.inbound!.purpose === 'login' && pkce === undefined)
    return Problem.field(
      'pkce',
      'required',
      'a login goes to the browser that asked alone: have it keep a secret, and send its S256 here',
    );
  if (expectedFrom !== undefined && !readPerson(expectedFrom))
    return new Problem('receiver.invalid_phone', {
      errors: [{ pointer: '#/expectedFrom', code: 'invalid_phone' }],
    });
  return refuseUse(generator, purpose ?? 'authentication', generator.plan[0]!.channel);
}
