import { Foundation1700000000001 } from './1700000000001-foundation.js';
import { Limits1700000000002 } from './1700000000002-limits.js';
import { ReceiverLimits1700000000003 } from './1700000000003-receiver-limits.js';
import { TestNumbers1700000000004 } from './1700000000004-test-numbers.js';
import { Approvals1700000000005 } from './1700000000005-approvals.js';

/** In order. A migration only expands; a column goes one release after its last use. */
export const MIGRATIONS = [
  Foundation1700000000001,
  Limits1700000000002,
  ReceiverLimits1700000000003,
  TestNumbers1700000000004,
  Approvals1700000000005,
];
