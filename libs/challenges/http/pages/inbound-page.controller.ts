import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#tenants';
import type { ChallengeState } from '../../challenge-state.js';
import { type InboundRecord, InboundRecords } from '../../inbound/inbound-records.js';
import { inboundTexts, type PageTexts } from '../../inbound/inbound-texts.js';
import { groupToken } from '../../inbound/inbound-token.js';
import { qrSvg } from '../../inbound/qr-svg.js';
import { TokenVault } from '../../inbound/token-vault.js';
import { firstLink, writeLinks } from '../../inbound/write-links.js';
import { inboundPage, type InboundView, nothingPage } from './inbound-page.js';
import { sendPage } from './page.js';

/**
 * The page beside the chat: the code, where to send it, the number that the chat asks for, and what became of it. It
 * changes nothing, however often it is asked for (ATK-21), and its address holds a secret of its own.
 */
@ApiExcludeController()
@Public()
@Controller('p/i')
export class InboundPageController {
  constructor(
    private readonly records: InboundRecords,
    private readonly tokens: TokenVault,
  ) {}

  @Get(':page')
  async show(@Param('page') page: string, @Res() reply: FastifyReply): Promise<void> {
    const id = this.tokens.readPageKey(page);
    const record = id === undefined ? undefined : await this.records.readPublic(id);
    if (record) sendPage(reply, inboundPage(await this.viewOf(record)));
    else sendPage(reply, nothingPage(inboundTexts('en').page), 404);
  }

  private async viewOf(record: InboundRecord): Promise<InboundView> {
    const { challenge, options, language, generator } = record;
    const { page: texts, prefilled } = inboundTexts(language);
    const view: InboundView = { language, texts, purpose: options.purpose, consentText: options.consentText };
    if (challenge.state !== 'pending') return { ...view, outcome: outcomeOf(challenge.state, texts) };
    if (options.purpose === 'login') view.matchNumber = this.tokens.numbers(challenge.id).right;
    const token = record.receivedAt === undefined ? await this.records.token(challenge) : undefined;
    if (token === undefined) return view;
    const shown = groupToken(token);
    const text = prefilled[options.purpose](shown);
    view.waiting = {
      token: shown,
      sender: displayed(generator.plan[0]!.senderAddress),
      qrSvg: qrSvg(firstLink(generator.plan, text), shown),
      links: Object.entries(writeLinks(generator.plan, text)).map(([name, href]) => ({
        name: name as keyof PageTexts['open'],
        href: href as string,
      })),
      until: new Date(challenge.expiresAt).toISOString().slice(11, 16),
    };
    return view;
  }
}

/** A short code is dialled as it is, an international number with its plus. */
function displayed(sender: string): string {
  return /^\d{7,}$/.test(sender) ? `+${sender}` : sender;
}

function outcomeOf(state: ChallengeState, texts: PageTexts): string {
  if (state === 'approved') return texts.approved;
  return state === 'denied' ? texts.denied : texts.ended;
}
