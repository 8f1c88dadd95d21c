import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BootRefused, Config } from '#platform/config';
import { KeyRing, shortDigest } from '#platform/crypto';
import { RedisConnection } from '#platform/redis';

const KEY = '{cfg}:installation';

/**
 * INSTALLATION_KEY and PARTITIONS decide in which slot a receiver lives. With other ones every live code would be
 * looked for in the wrong place and every limit would begin again, so a Redis remembers the ones it was filled under.
 */
@Injectable()
export class InstallationCheck implements OnModuleInit {
  constructor(
    private readonly config: Config,
    private readonly keyRing: KeyRing,
    private readonly redis: RedisConnection,
  ) {}

  async onModuleInit(): Promise<void> {
    const mine = `${this.config.partitions}:${shortDigest(this.keyRing.installationKey, ['installation'])}`;
    await this.redis.client.set(KEY, mine, 'NX');
    const known = await this.redis.client.get(KEY);
    if (known !== mine) {
      throw new BootRefused(
        'INSTALLATION_KEY or PARTITIONS differ from those this Redis was filled under; both are fixed when an installation is made.',
      );
    }
  }
}
