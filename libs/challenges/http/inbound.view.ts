import { renderNative } from '#platform/identifiers';
import type { Exchanged } from '../inbound/inbound-exchanges.service.js';
import type { OpenedInbound } from '../inbound/inbound-opening.js';
import { iso } from './challenge.view.js';

export function toOpenedInboundView(opened: OpenedInbound, publicUrl: string): object {
  return {
    id: renderNative('challenge', opened.id),
    status: 'pending',
    kind: 'inbound',
    token: opened.token,
    links: opened.links,
    qrSvg: opened.qrSvg,
    matchNumber: opened.matchNumber,
    pageUrl: `${publicUrl}/p/i/${opened.pageKey}`,
    expiresAt: iso(opened.expiresAt),
    attemptsRemaining: opened.attemptsRemaining,
  };
}

export function toExchangedView({ receivedAt, ...exchanged }: Exchanged): object {
  return { ...exchanged, receivedAt: receivedAt === undefined ? undefined : iso(receivedAt) };
}
