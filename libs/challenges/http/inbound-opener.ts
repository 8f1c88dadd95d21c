import { Injectable } from '@nestjs/common';
import type { PublishedGenerator } from '#generators';
import type { Principal } from '#tenants';
import { Config } from '#platform/config';
import { type FieldError, Problem } from '#platform/errors';
import { InboundOpeningsService } from '../inbound/inbound-openings.service.js';
import type { OpenChallengeDto } from './challenge.dto.js';
import { toOpenedInboundView } from './inbound.view.js';

const OF_A_SEND = [
  'receiver',
  'fallbackReceiver',
  'channel',
  'context',
  'code',
  'replaces',
  'provenBy',
  'onLive',
] as const;
const OF_AN_ARRIVAL = ['expectedFrom'] as const;

/** What a body says that its kind has no use for, or does not say that it needs. */
export function refuseFieldsOf(
  kind: PublishedGenerator['kind'],
  body: OpenChallengeDto,
): Problem | undefined {
  const errors: FieldError[] = [];
  const useless = kind === 'inbound' ? OF_A_SEND : OF_AN_ARRIVAL;
  for (const name of useless)
    if (body[name] !== undefined)
      errors.push({
        pointer: `#/${name}`,
        code: 'not_allowed',
        detail: `challenges of kind ${kind ?? 'code'} take no ${name}`,
      });
  if (kind !== 'inbound' && body.receiver === undefined)
    errors.push({ pointer: '#/receiver', code: 'required', detail: 'receiver is required' });
  return errors.length > 0 ? new Problem('request.invalid', { errors }) : undefined;
}

/** Opens what a body asks for of a generator of kind `inbound`. */
@Injectable()
export class InboundOpener {
  constructor(
    private readonly openings: InboundOpeningsService,
    private readonly config: Config,
  ) {}

  async open(
    caller: Principal,
    generator: PublishedGenerator,
    body: OpenChallengeDto,
    operation: Buffer | undefined,
  ): Promise<object> {
    const { expectedFrom, pkce, language, purpose, metadata, endUser } = body;
    const result = await this.openings.open(caller, {
      generator,
      expectedFrom,
      pkce: pkce?.challenge,
      language,
      purpose,
      metadata,
      asking: { device: endUser?.device, city: endUser?.city },
      operation,
    });
    if ('refused' in result) throw result.refused;
    return toOpenedInboundView(result.opened, this.config.http.publicUrl);
  }
}
