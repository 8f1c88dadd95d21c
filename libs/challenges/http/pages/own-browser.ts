import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#platform/config';
import { Problem } from '#platform/errors';
import { parseTicket, renderTicket, type Ticket } from '../../link/link-urls.js';

/** Where TLS is, the name keeps other hosts and plain connections from setting it. */
const NAME = 'countersign-asking';
const LONGEST_SECONDS = 86_400;

type Addressed = Pick<Config, 'http'>;

/** The browser that asked is known by a cookie that no other page can use. */
export function rememberAsking(reply: FastifyReply, ticket: Ticket, config: Addressed): void {
  const secure = isSecure(config);
  const value = `${nameOf(secure)}=${renderTicket(ticket)}`;
  const rest = `Path=/; Max-Age=${LONGEST_SECONDS}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  void reply.header('set-cookie', `${value}; ${rest}`);
}

export function askingOf(request: FastifyRequest, config: Addressed): Ticket | undefined {
  const name = `${nameOf(isSecure(config))}=`;
  const found = (request.headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(name));
  return found === undefined ? undefined : parseTicket(found.slice(name.length));
}

/**
 * A form is taken from our own pages only (ATK-22). They send no referrer, so browsers say `Origin: null` and tell by
 * `Sec-Fetch-Site` where a form stands; older ones say the origin.
 */
export function refuseForeignForm({ headers }: FastifyRequest, config: Addressed): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const told = origin !== undefined && origin !== 'null';
  const ours = told ? origin === new URL(config.http.publicUrl).origin : site !== undefined;
  if (!ours || (site !== undefined && site !== 'same-origin')) throw new Problem('page.foreign_origin');
}

/** Of the person, where no challenge says it. */
export function languageOf({ headers }: FastifyRequest): string | undefined {
  return headers['accept-language']?.slice(0, 2).toLowerCase();
}

function isSecure({ http }: Addressed): boolean {
  return http.publicUrl.startsWith('https:');
}

function nameOf(secure: boolean): string {
  return secure ? `__Host-${NAME}` : NAME;
}
