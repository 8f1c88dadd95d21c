import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { renderNative } from '#platform/identifiers';
import { OptionalBody, Satisfies } from '#platform/validation';
import { isEventPattern } from '../outbound/event-patterns.js';
import type { Replayed, ReplaySpan } from '../outbound/replays.service.js';
import { type CurrentSecret, isWebhookSecret } from '../outbound/webhook-secrets.js';
import type { WebhookEndpointEntity } from '../outbound/webhook.entity.js';

const MOST_PATTERNS = 100;
const DAY_SECONDS = 86_400;
export const POSITION = /^(?:0|[1-9]\d{0,17})$/;

const URL_FIELD = {
  description:
    'Where events are posted: https on port 443 or 8443, a host with public addresses, no user, no fragment.',
  example: 'https://shop.example/countersign',
};
const EVENTS_FIELD = {
  type: String,
  isArray: true,
  description: 'Names of docs/events.md, `challenge.*` for a whole room, or `*` for everything.',
  example: ['challenge.*', 'message.failed'],
};
const SECRET_FIELD = {
  description:
    'Your own: `whsec_` and 24 to 64 bytes in base64, never used before. Made for you when absent.',
};

function AreEvents(): PropertyDecorator {
  return (target, property) => {
    IsArray()(target, property);
    ArrayMinSize(1)(target, property);
    ArrayMaxSize(MOST_PATTERNS)(target, property);
    Satisfies((value) => Array.isArray(value) && value.every(isEventPattern), {
      code: 'not_allowed',
      message: 'events must be names of events, room.* or *',
    })(target, property);
  };
}

function IsSecret(): PropertyDecorator {
  return Satisfies(isWebhookSecret, {
    code: 'format',
    message: 'secret must be whsec_ and 24 to 64 bytes in base64',
  });
}

export class CreateWebhookEndpointDto {
  @ApiProperty(URL_FIELD)
  @IsString()
  url!: string;

  @ApiProperty(EVENTS_FIELD)
  @AreEvents()
  events!: string[];

  @ApiPropertyOptional({ example: 'orders, production' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  description?: string;

  @ApiPropertyOptional(SECRET_FIELD)
  @IsOptional()
  @IsSecret()
  secret?: string;
}

export class UpdateWebhookEndpointDto {
  @ApiPropertyOptional(URL_FIELD)
  @IsOptional()
  @IsString()
  url?: string;

  @ApiPropertyOptional(EVENTS_FIELD)
  @IsOptional()
  @AreEvents()
  events?: string[];

  @ApiPropertyOptional({ example: 'orders, production' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  description?: string;

  @ApiPropertyOptional({
    description: '`true` forgets failures and goes on with what waits; `false` lets it wait.',
  })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

@OptionalBody()
export class RotateSecretDto {
  @ApiPropertyOptional(SECRET_FIELD)
  @IsOptional()
  @IsSecret()
  secret?: string;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 7 * DAY_SECONDS,
    default: DAY_SECONDS,
    description: 'For how long the secret before signs beside the new one. 0: not at all, when it leaked.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(7 * DAY_SECONDS)
  overlapSeconds?: number;
}

export const overlapMs = ({ overlapSeconds = DAY_SECONDS }: RotateSecretDto): number =>
  overlapSeconds * 1_000;

@OptionalBody()
export class ReplayDto {
  @ApiPropertyOptional({
    description: 'Everything after this cursor of `GET /v1/events`; `0` for all that is kept.',
    example: '4711',
  })
  @IsOptional()
  @IsString()
  @Matches(POSITION, { message: 'after must be a cursor' })
  after?: string;

  @ApiPropertyOptional({
    description: 'Everything that happened from then on, ISO 8601.',
    example: '2026-02-06T01:00:00Z',
  })
  @IsOptional()
  @IsISO8601({ strict: true })
  since?: string;

  @ApiPropertyOptional({ description: 'And before then.', example: '2026-02-06T02:00:00Z' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

export function toSpan({ after, since, until }: ReplayDto): ReplaySpan {
  return { after, since: since ? new Date(since) : undefined, until: until ? new Date(until) : undefined };
}

export function toEndpointView(endpoint: WebhookEndpointEntity): object {
  const { id, generatorId, url, description, format, events, createdAt } = endpoint;
  return {
    id: renderNative('endpoint', id),
    url,
    description: description ?? undefined,
    events,
    format,
    generator: generatorId === null ? undefined : renderNative('generator', generatorId),
    enabled: endpoint.disabledAt === null,
    disabledAt: endpoint.disabledAt?.toISOString(),
    disabledBecause: endpoint.disabledWhy ?? undefined,
    failingSince: endpoint.failingSince?.toISOString(),
    createdAt: createdAt.toISOString(),
  };
}

export function toSecretView({ text, setAt, previousUntil }: CurrentSecret): object {
  return { secret: text, setAt: setAt.toISOString(), previousUntil: previousUntil?.toISOString() };
}

export function toReplayView({ replayed, next }: Replayed): object {
  return { replayed, next };
}
