import { Injectable } from '@nestjs/common';
import { Config } from '#platform/config';
import { keyedDigest, KeyRing } from '#platform/crypto';
import { type Identifier, partitionOf } from '#platform/identifiers';

/**
 * Where a receiver's records live. All of one receiver's keys share the hash tag of one partition, so that each
 * transition is one script on one slot, alone or in a Redis Cluster.
 */
@Injectable()
export class Partitions {
  readonly count: number;
  private readonly tags: string[];

  constructor(
    config: Config,
    private readonly keyRing: KeyRing,
  ) {
    this.count = config.partitions;
    this.tags = Array.from(
      { length: 256 },
      (_, partition) => `{p${partition.toString(16).padStart(2, '0')}}:`,
    );
  }

  /**
   * The partition of a canonical receiver, and its name within: two parts of one digest under a key that is never
   * rotated. A rotation must neither move a receiver nor reset a limit nor allow a second live challenge.
   */
  locate(canonicalReceiver: string): { partition: number; ref: string } {
    const digest = keyedDigest(this.keyRing.installationKey, ['receiver', canonicalReceiver]);
    return { partition: digest.readUInt32BE(0) % this.count, ref: digest.toString('base64url', 4, 16) };
  }

  /** `{p1f}:`, the beginning of every key of that partition. */
  tag(partition: number): string {
    return this.tags[partition]!;
  }

  /** Of the partition that the identifier carries. */
  tagOf(id: Identifier): string {
    return this.tag(partitionOf(id));
  }

  all(): number[] {
    return Array.from({ length: this.count }, (_, partition) => partition);
  }
}
