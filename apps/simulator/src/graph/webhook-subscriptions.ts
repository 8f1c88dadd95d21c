// Owns setting a callback: the verification GET at once, and Graph's refusal when
// the challenge does not come back exactly.

import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { httpCall } from '../core/http-call.js';
import { type Account, type CallbackOverride, GraphAccounts, type Sender } from './graph-accounts.js';
import { GraphError, parameterError } from './graph-error.js';
import { type GraphParams, isObject, jsonParam, textParam } from './graph-params.js';

const MAX_CALLBACK_CHARS = 200;
const HANDSHAKE_TIMEOUT_MS = 10_000;

@Injectable()
export class WebhookSubscriptions {
  constructor(private readonly accounts: GraphAccounts) {}

  async subscribe(account: Account, params: GraphParams): Promise<void> {
    const override = readOverride(params);
    if (override) await verify(override);
    // A subscription without an override takes an earlier one away.
    account.override = override;
    account.subscribed = true;
    this.accounts.changed();
  }

  unsubscribe(account: Account): void {
    account.subscribed = false;
    account.override = undefined;
    this.accounts.changed();
  }

  list(account: Account): Record<string, unknown>[] {
    if (!account.subscribed) return [];
    const app = {
      id: account.appId,
      link: `https://www.facebook.com/games/?app_id=${account.appId}`,
      name: account.name,
    };
    return [
      {
        whatsapp_business_api_data: app,
        ...(account.override && { override_callback_uri: account.override.uri }),
      },
    ];
  }

  /** `POST /{PN} {"webhook_configuration":{…}}`; an empty callback takes the override away. */
  async configureSender(sender: Sender, params: GraphParams): Promise<void> {
    const configuration = jsonParam(params, 'webhook_configuration');
    if (!isObject(configuration)) throw parameterError('Param webhook_configuration must be an object');
    const override = readOverride(configuration);
    if (override) await verify(override);
    sender.override = override;
    this.accounts.changed();
  }
}

function readOverride(params: GraphParams): CallbackOverride | undefined {
  const uri = textParam(params, 'override_callback_uri');
  const verifyToken = textParam(params, 'verify_token');
  if (uri === undefined) return undefined;
  if (uri.length > MAX_CALLBACK_CHARS || !/^https?:\/\//.test(uri) || !URL.canParse(uri)) {
    throw parameterError(
      `Param override_callback_uri must be a valid URI of at most ${MAX_CALLBACK_CHARS} characters`,
    );
  }
  if (verifyToken === undefined) throw parameterError('The parameter verify_token is required.');
  return { uri, verifyToken };
}

async function verify({ uri, verifyToken }: CallbackOverride): Promise<void> {
  const challenge = String(randomInt(1_000_000_000, 2_000_000_000));
  const url = new URL(uri);
  url.searchParams.set('hub.mode', 'subscribe');
  url.searchParams.set('hub.challenge', challenge);
  url.searchParams.set('hub.verify_token', verifyToken);
  const answer = await httpCall({ method: 'GET', url: url.href, timeoutMs: HANDSHAKE_TIMEOUT_MS }).catch(
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  if (answer instanceof Error) throw verificationError(`The following errors occurred: ${answer.message}`);
  if (answer.status !== 200) {
    throw verificationError(`HTTP Status Code = ${answer.status}; HTTP Message = ${answer.statusText}`);
  }
  if (answer.body !== challenge) {
    throw verificationError(
      `Response does not match challenge, expected value="${challenge}", received="${answer.body.slice(0, 20)}"`,
    );
  }
}

function verificationError(reason: string): GraphError {
  const message = `(#2200) Callback verification failed with the following errors: ${reason}`;
  return new GraphError(400, { message, type: 'OAuthException', code: 2200 });
}
