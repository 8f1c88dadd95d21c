import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Identifier, renderUuid } from '#platform/identifiers';
import type { EventType } from './event-catalogue.js';

/** An event as it is waiting to be told: for the tenant's eyes, without a code, a receiver or a sealed value. */
export interface OutgoingEvent {
  /** The same for the same event, however often it is put. */
  id: string;
  type: EventType;
  tenantId: Identifier;
  /** As the API names it. */
  subject: string;
  at: Date;
  data: Record<string, unknown>;
  /** What it is about, when that is a challenge: who tells it adds what is known of it. */
  challengeId?: Identifier;
}

/** How an event lies in the outbox. */
export interface WaitingEvent {
  id: string;
  type: string;
  /** As uuid, like the challenge. */
  tenant: string;
  subject: string;
  /** ISO 8601. */
  at: string;
  data: Record<string, unknown>;
  challenge?: string;
}

/** A row of so many is written and taken as one. */
const PER_ROW = 500;

/**
 * Events on their way out, written in the transaction that makes them true. Who takes them (docs/decisions/0016) deletes
 * the rows: a cursor over rows that commit out of order would skip some.
 */
@Injectable()
export class EventOutbox {
  async put(events: readonly OutgoingEvent[], manager: EntityManager): Promise<void> {
    for (let from = 0; from < events.length; from += PER_ROW) {
      const waiting = events.slice(from, from + PER_ROW).map(toWaiting);
      await manager.query('INSERT INTO event_outbox (events) VALUES ($1)', [JSON.stringify(waiting)]);
    }
  }
}

function toWaiting({ id, type, tenantId, subject, at, data, challengeId }: OutgoingEvent): WaitingEvent {
  const [tenant, challenge] = [renderUuid(tenantId), challengeId && renderUuid(challengeId)];
  return { id, type, tenant, subject, at: at.toISOString(), data, challenge };
}
