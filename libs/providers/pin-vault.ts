import { Injectable } from '@nestjs/common';
import { KeyRing, RetiredKey, Sealer, shortDigest } from '#platform/crypto';
import type { Identifier } from '#platform/identifiers';
import { loggerFor } from '#platform/logging';

/** Two-step PINs of numbers at rest. Six digits are guessed from any hash, so both forms need a key outside the database. */
@Injectable()
export class PinVault {
  private readonly logger = loggerFor('senders');

  constructor(
    private readonly sealer: Sealer,
    private readonly keyRing: KeyRing,
  ) {}

  /** The same for the same PIN of the same tenant, and of no other. Under the key that never rotates: it must not lapse. */
  mark(tenantId: Identifier, pin: string): string {
    return shortDigest(this.keyRing.installationKey, ['sender-pin', tenantId, pin]);
  }

  seal(senderId: Identifier, pin: string): string {
    return this.sealer.seal('pin-seal', pin, `sender:${senderId}`);
  }

  /** Undefined when the key it was sealed with has been retired: then the PIN has to be given again. */
  open(senderId: Identifier, sealed: string): string | undefined {
    try {
      return this.sealer.open('pin-seal', sealed, `sender:${senderId}`);
    } catch (error) {
      if (!(error instanceof RetiredKey)) throw error;
      this.logger.error(
        { sender: senderId, kid: error.kid },
        'the key of a stored PIN is not in the key ring',
      );
      return undefined;
    }
  }
}
