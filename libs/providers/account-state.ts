import type { EntityManager } from 'typeorm';
import type { Identifier } from '#platform/identifiers';
import { AccountEntity } from './account.entity.js';

/** What the audit trail marks of an account: all that is kept, its credentials as they are sealed. */
export async function readAccountState(manager: EntityManager, id: Identifier): Promise<object | undefined> {
  const row = await manager.findOne(AccountEntity, {
    where: { id },
    relations: { senders: true },
    order: { senders: { channel: 'ASC', address: 'ASC' } },
  });
  if (!row) return undefined;
  const { name, provider, sealedConfig, countries, revision } = row;
  const senders = row.senders.map(({ channel, address, externalId }) => ({ channel, address, externalId }));
  return { name, provider, sealedConfig, countries, revision, senders };
}
