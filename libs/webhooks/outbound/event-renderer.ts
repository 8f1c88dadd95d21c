import { Injectable } from '@nestjs/common';
import { ChallengeEvents, type ToldChallenge } from '#challenges';
import { EVENT_VERSION, isEventType } from '#journal';
import { Clock } from '#platform/clock';
import { Config } from '#platform/config';
import { parseUuid, renderNative } from '#platform/identifiers';
import { CallbackFormats } from './callback-formats.js';
import type { TellableEvent } from './event-store.js';

/** The structured form of CloudEvents 1.0. */
export interface CloudEvent {
  specversion: '1.0';
  /** The same in every delivery and in the feed. */
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  dataschema: string;
  /** Whose it is: an extension. */
  tenant: string;
  data: Record<string, unknown>;
}

export interface Posting {
  contentType: string;
  body: string;
}

const CLOUDEVENTS_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * Writes events as tenants read them. What is known of a challenge is added when it is told, never stored beside the
 * event: of what was erased meanwhile nothing is told.
 */
@Injectable()
export class EventRenderer {
  constructor(
    private readonly challenges: ChallengeEvents,
    private readonly formats: CallbackFormats,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  async render(events: readonly TellableEvent[]): Promise<CloudEvent[]> {
    const ids = events.flatMap((event) => challengeOf(event) ?? []);
    const told = await this.challenges.describe(ids);
    return events.map((event) => this.envelope(event, told.get(challengeOf(event) ?? '')));
  }

  /** In the words that the endpoint was made for; in ours when nobody here speaks those. */
  async post(event: TellableEvent, format: string): Promise<Posting> {
    const theirs = this.formats.get(format);
    const challenge = challengeOf(event);
    if (theirs && challenge !== undefined && isEventType(event.type)) {
      const told = (await this.challenges.describe([challenge])).get(challenge);
      if (told) {
        const body = JSON.stringify(theirs.render(event.type, told, this.clock.now()));
        return { contentType: theirs.contentType, body };
      }
    }
    const [envelope] = await this.render([event]);
    return { contentType: CLOUDEVENTS_TYPE, body: JSON.stringify(envelope) };
  }

  private envelope(event: TellableEvent, told: ToldChallenge | undefined): CloudEvent {
    return {
      specversion: '1.0',
      id: event.id,
      source: this.config.http.publicUrl,
      type: event.type,
      subject: event.subject,
      time: event.at.toISOString(),
      datacontenttype: 'application/json',
      dataschema: `urn:countersign:event:${event.type}:${EVENT_VERSION}`,
      tenant: renderNative('tenant', parseUuid(event.tenant_id)!),
      data: { ...event.data, ...(told && describe(told)) },
    };
  }
}

function challengeOf({ challenge_id: id }: TellableEvent): string | undefined {
  return id === null ? undefined : parseUuid(id);
}

function describe({ challenge, receiver }: ToldChallenge): Record<string, unknown> {
  const { generatorId, mode, purpose, language, metadata } = challenge;
  return { generator: renderNative('generator', generatorId), mode, purpose, receiver, language, metadata };
}
