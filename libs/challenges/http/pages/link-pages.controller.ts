import { Body, Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#tenants';
import { Config } from '#platform/config';
import type { Identifier } from '#platform/identifiers';
import type { CheckReply } from '../../hot-store/hot-store.js';
import { ExchangesService } from '../../link/exchanges.service.js';
import { type LinkView, LinksService } from '../../link/links.service.js';
import { parseTicket, type Ticket } from '../../link/link-urls.js';
import { askingPage, goOnPage, noticePage, waitingPage } from './link-page.js';
import { ContinueDto, LinkAnswerDto } from './link-pages.dto.js';
import { askingOf, languageOf, refuseForeignForm, rememberAsking } from './own-browser.js';
import { type Page, sendPage } from './page.js';

const NOT_FOUND = 404;
const TWO_DIGITS = /^\d{2}$/;

/**
 * The page behind a link, and the one for the browser that asked for it. Open to everybody: what stands in the address
 * is what lets a person in. Showing a page changes nothing (ATK-21); forms do, and come from our own pages only.
 */
@ApiExcludeController()
@Public()
@Controller('p')
export class LinkPagesController {
  constructor(
    private readonly links: LinksService,
    private readonly exchanges: ExchangesService,
    private readonly config: Config,
  ) {}

  @Get('l/:link')
  async show(
    @Param('link') text: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const ticket = parseTicket(text);
    const view = ticket && (await this.links.view(ticket));
    if (!view) return sendGone(request, reply);
    sendPage(reply, askingPage(view));
  }

  @Post('l/:link')
  async answer(
    @Param('link') text: string,
    @Body() body: LinkAnswerDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    refuseForeignForm(request, this.config);
    const ticket = parseTicket(text);
    if (!ticket) return sendGone(request, reply);
    const view = await this.links.view(ticket);
    if (body.answer === 'deny') {
      if (!(await this.links.deny(ticket))) return sendGone(request, reply);
      return sendPage(reply, noticePage(view?.challenge.language, 'denied'));
    }
    const number = body.number?.trim() ?? '';
    if (view && !TWO_DIGITS.test(number)) return sendPage(reply, askingPage(view, { missing: true }));
    const checked = await this.links.approve(ticket, number, body.form);
    if (!checked) return sendGone(request, reply);
    const page = await this.pageAfter(checked, ticket, view, body.form, request);
    if (!page) return sendGone(request, reply);
    sendPage(reply, page);
  }

  @Get('b/:ticket')
  async wait(
    @Param('ticket') text: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const ticket = parseTicket(text);
    const view = ticket && (await this.links.viewAsking(ticket));
    if (!view) return sendGone(request, reply);
    rememberAsking(reply, ticket, this.config);
    sendPage(reply, waitingPage(view));
  }

  @Post('b/:ticket')
  async continue(
    @Param('ticket') text: string,
    @Body() { form }: ContinueDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    refuseForeignForm(request, this.config);
    const ticket = parseTicket(text);
    const view = ticket && (await this.links.viewAsking(ticket));
    if (!view) return sendGone(request, reply);
    sendPage(reply, await this.approvedPage(ticket.id, view.challenge.language, form, request));
  }

  private async pageAfter(
    checked: CheckReply,
    { id }: Ticket,
    view: LinkView | undefined,
    form: string,
    request: FastifyRequest,
  ): Promise<Page | undefined> {
    const language = view?.challenge.language ?? languageOf(request);
    switch (checked.verdict) {
      case 'approved':
      case 'repeated':
        return this.approvedPage(id, language, form, request);
      case 'wrong':
        return view && askingPage(view, { wrong: true, left: checked.allowed - checked.failures });
      case 'locked':
        return noticePage(language, 'locked');
      default:
        return undefined;
    }
  }

  /** Only the browser that asked goes on from here: the one that clicked may be anybody's. */
  private async approvedPage(
    id: Identifier,
    language: string | undefined,
    form: string,
    request: FastifyRequest,
  ): Promise<Page> {
    const url = await this.exchanges.returnAddress(askingOf(request, this.config), id, form);
    return url === undefined ? noticePage(language, 'approved') : goOnPage(language, url);
  }
}

/** One page for whatever does not work: it tells nobody which links there were. */
function sendGone(request: FastifyRequest, reply: FastifyReply): void {
  sendPage(reply, noticePage(languageOf(request), 'gone'), NOT_FOUND);
}
