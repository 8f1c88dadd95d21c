// Owns outgoing HTTP: webhooks and their handshake. Plain node:http with kept
// connections; redirects are not followed, as a webhook's answer never is.

import http from 'node:http';
import https from 'node:https';

interface HttpAnswer {
  status: number;
  statusText: string;
  body: string;
}

interface HttpCall {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: Buffer;
  timeoutMs: number;
}

/** More than this of an answer is of no interest. */
const MAX_ANSWER_CHARS = 65_536;
const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 64 });

export async function httpCall(call: HttpCall): Promise<HttpAnswer> {
  const first = await attempt(call);
  // A kept connection the receiver had just closed says nothing about the receiver.
  const outcome = first instanceof StaleConnection ? await attempt(call) : first;
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

class StaleConnection extends Error {}

function attempt({ method, url, headers, body, timeoutMs }: HttpCall): Promise<HttpAnswer | Error> {
  return new Promise((resolve) => {
    const secure = url.startsWith('https:');
    const request = (secure ? https : http).request(
      url,
      { method, headers, agent: secure ? httpsAgent : httpAgent, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < MAX_ANSWER_CHARS) text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', body: text }),
        );
        response.on('error', resolve);
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && error.code === 'ECONNRESET';
      resolve(stale ? new StaleConnection(error.message) : error);
    });
    request.end(body);
  });
}
