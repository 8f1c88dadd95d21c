import { Injectable } from '@nestjs/common';
import { KeyRing, shortDigest } from '#platform/crypto';
import { Partitions } from '#platform/partitions';
import type { Writing } from '../hot-store/inbound-store.js';
import type { Heard } from './inbound-reader.js';
import { type Person, whoWrote } from './person.js';

/** A message with its author, as this kind keeps them apart. */
export interface Wrote {
  person: Person;
  writing: Writing;
}

/** Names people and their messages for the scripts. */
@Injectable()
export class InboundPeople {
  constructor(
    private readonly partitions: Partitions,
    private readonly keyRing: KeyRing,
  ) {}

  of({ account, sender, notice }: Heard): Wrote {
    const person = whoWrote(notice);
    const fields = ['inbound-message', account.id, notice.providerMessageId];
    return {
      person,
      writing: {
        tenantId: account.tenantId,
        senderId: sender.id,
        person: this.partitions.locate(person.canonical),
        operation: shortDigest(this.keyRing.installationKey, fields),
      },
    };
  }
}
