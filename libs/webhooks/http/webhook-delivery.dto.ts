import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import { DEFAULT_PAGE } from '#platform/validation';
import type { LoggedDelivery } from '../outbound/deliveries-log.service.js';
import {
  DELIVERY_STATES,
  type DeliveryState,
  type WebhookDeliveryEntity,
} from '../outbound/webhook.entity.js';

/** Of a posted body, in the log. */
const MOST_CHARACTERS = 8_192;

export class ListDeliveriesDto {
  @ApiPropertyOptional({ enum: DELIVERY_STATES })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;

  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: DEFAULT_PAGE })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ description: 'The id of the last one of the page before.' })
  @IsOptional()
  @IsString()
  @Matches(/^whd_[0-9a-z]{26}$/)
  before?: string;
}

export function readDeliveryId(text: string): Identifier {
  const id = parseNative('delivery', text);
  if (!id) throw new Problem('webhook.delivery_not_found');
  return id;
}

export function toDeliveryView(delivery: WebhookDeliveryEntity): object {
  const { id, endpointId, eventId, eventType, state, attempts, nextAt, createdAt, endedAt } = delivery;
  return {
    id: renderNative('delivery', id),
    endpoint: renderNative('endpoint', endpointId),
    event: eventId,
    type: eventType,
    state,
    attempts,
    nextAttemptAt: nextAt?.toISOString(),
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString(),
  };
}

/** With what was posted, and how each attempt went: the status of the answer, and nothing else of it. */
export function toLoggedView({ delivery, attempts, posting }: LoggedDelivery): object {
  return {
    ...toDeliveryView(delivery),
    log: attempts.map(({ number, at, ms, status, reason }) => ({
      number,
      at: at.toISOString(),
      milliseconds: ms,
      status: status ?? undefined,
      reason: reason ?? undefined,
    })),
    contentType: posting?.contentType,
    body: posting?.body.slice(0, MOST_CHARACTERS),
  };
}
