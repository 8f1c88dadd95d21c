import type { FastifyRequest } from 'fastify';
import type { Problem } from '#platform/errors';
import type { RenderedError } from '#platform/http-server';
import { noticePage } from './link-page.js';
import { languageOf } from './own-browser.js';
import { renderPage } from './page.js';

/** A refusal as a person reads it: what happened says the status, and the text what to do. */
export function refusalPage(problem: Problem, _requestId: string, request: FastifyRequest): RenderedError {
  const { headers, text } = renderPage(noticePage(languageOf(request), 'refused'));
  return { status: problem.status, contentType: headers['content-type']!, headers, body: text };
}
