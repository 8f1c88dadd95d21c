import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KeyStore } from '#tenants';
import { Metrics } from '#platform/metrics';
import { newChallengeId, newId, renderNative } from '#platform/identifiers';

const ROUNDS = 40;
const AT_ONCE = 25;

/**
 * Runs the hot routes a thousand times before the process reports ready: the first seconds of a cold one are five
 * times slower. It asks as a tenant that exists nowhere, so nothing is found, written or sent.
 */
export async function warmUp(app: NestFastifyApplication): Promise<void> {
  const token = `warm-up-${randomBytes(16).toString('hex')}`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const nobody = {
    tenantId: newId(),
    keyId: newId(),
    mode: 'test' as const,
    scopes: new Set(['challenges:create', 'challenges:check', 'challenges:read']),
    expiresAt: Number.MAX_SAFE_INTEGER,
  };
  const check = (): Promise<unknown> =>
    app.inject({
      method: 'POST',
      url: `/v1/challenges/${renderNative('challenge', newChallengeId(0))}/check`,
      headers,
      payload: { code: '000000' },
    });
  const open = (): Promise<unknown> =>
    app.inject({
      method: 'POST',
      url: '/v1/challenges',
      headers,
      payload: { generator: renderNative('generator', newId()), receiver: '+525500000000' },
    });
  await app.get(KeyStore, { strict: false }).asNobody(headers.authorization, nobody, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => (index % 5 === 0 ? open() : check())));
    }
  });
  // What the process asked itself is nobody's traffic.
  app.get(Metrics, { strict: false }).registry.resetMetrics();
}
