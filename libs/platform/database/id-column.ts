import type { ValueTransformer } from 'typeorm';
import { parseUuid, renderUuid } from '#platform/identifiers';

/** Ids are base32 in code and `uuid` in PostgreSQL: the same 128 bits. */
export const asUuid: ValueTransformer = {
  to: (id: unknown) => (typeof id === 'string' ? renderUuid(id) : id),
  from: (uuid: unknown) => (typeof uuid === 'string' ? parseUuid(uuid) : uuid),
};
