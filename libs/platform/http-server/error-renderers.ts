import type { FastifyRequest } from 'fastify';
import type { Problem } from '#platform/errors';

export interface RenderedError {
  contentType: string;
  /** Sent as it is when it is text; else as JSON. */
  body: unknown;
  headers?: Record<string, string>;
  status: number;
}
export type ErrorRenderer = (problem: Problem, requestId: string, request: FastifyRequest) => RenderedError;

const byPrefix: { prefix: string; render: ErrorRenderer }[] = [];

/**
 * A dialect answers every failure under its paths in its vendor's envelope, and pages answer in pages; also those that happen before any
 * controller is chosen (broken JSON, too large, unknown address). Registered by the dialect's module.
 */
export function registerErrorRenderer(prefixes: readonly string[], render: ErrorRenderer): void {
  for (const prefix of prefixes) {
    const known = byPrefix.findIndex((entry) => entry.prefix === prefix);
    if (known >= 0) byPrefix.splice(known, 1);
    byPrefix.push({ prefix, render });
  }
}

/** RFC 9457. `type` points at the entry of `docs/errors.md`. */
export function renderProblem(problem: Problem, requestId: string): RenderedError {
  const { detail, errors, members } = problem.options;
  return {
    status: problem.status,
    contentType: 'application/problem+json; charset=utf-8',
    body: {
      type: `urn:countersign:error:${problem.code}`,
      title: problem.title,
      status: problem.status,
      detail,
      code: problem.code,
      requestId,
      errors,
      ...members,
    },
  };
}

export function rendererFor(path: string): ErrorRenderer {
  return byPrefix.find(({ prefix }) => path.startsWith(prefix))?.render ?? renderProblem;
}
