import type { Dispatcher } from 'undici';
import type { OutboundResult } from './outbound.js';

const MAX_ANSWER_BYTES = 256 * 1024;
type Answered = OutboundResult & { kind: 'response' };

/**
 * One request from the wait for a connection to the last byte of its answer. It knows whether the request was ever
 * handed to a socket, which the error alone does not tell: a reset in the middle of a handshake and one after the body
 * have the same code.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Settles once, and never rejects. */
  readonly result: Promise<OutboundResult>;
  private settle!: (result: OutboundResult) => void;
  private settled = false;
  private controller: Dispatcher.DispatchController | undefined;
  private answer: Pick<Answered, 'status' | 'headers'> | undefined;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly abandon = (): void => this.giveUp('aborted');

  constructor(
    deadlineMs: number,
    private readonly signal: AbortSignal | undefined,
    private readonly answerBytes?: number,
  ) {
    this.result = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.timer = setTimeout(() => this.giveUp('timeout'), deadlineMs);
    if (signal?.aborted) this.giveUp('aborted');
    else signal?.addEventListener('abort', this.abandon, { once: true });
  }

  /** A connection is there, and the request is about to be written to it, unless nobody waits for it any more. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) controller.abort(new Error('given up'));
    else this.controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Answered['headers'],
  ): void {
    if (status >= 200) this.answer = { status, headers };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    this.chunks.push(chunk);
    if (this.size <= (this.answerBytes ?? MAX_ANSWER_BYTES)) return;
    if (this.answerBytes === undefined) this.end({ kind: 'unknown', reason: 'answer_too_large' });
    else this.onResponseEnd();
    controller.abort(new Error('answer too large'));
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.chunks).subarray(0, this.answerBytes).toString('utf8');
    this.end({ kind: 'response', ...this.answer!, body });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(error);
  }

  /** Also for what fails before a connection is asked for. */
  fail(error: unknown): void {
    const { code } = error as NodeJS.ErrnoException;
    const reason = typeof code === 'string' ? code.toLowerCase() : 'connection_lost';
    if (this.controller) return this.end({ kind: 'unknown', reason });
    const distrusted = typeof code === 'string' && NOT_TRUSTED.test(code);
    this.end({ kind: 'not_sent', reason, ...(distrusted && { distrusted }) });
  }

  private giveUp(reason: 'timeout' | 'aborted'): void {
    this.end({ kind: this.controller ? 'unknown' : 'not_sent', reason });
    this.controller?.abort(new Error(reason));
  }

  private end(result: OutboundResult): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.abandon);
    this.settle(result);
  }
}

/** What OpenSSL and Node say about a handshake or a certificate. */
const NOT_TRUSTED = /^(?:ERR_TLS_|ERR_SSL_|EPROTO$)|CERT|SIGNATURE|CRL|HOSTNAME_MISMATCH/;
