import { Foundation1700000000001 } from './1700000000001-foundation.js';
import { Limits1700000000002 } from './1700000000002-limits.js';
import { ReceiverLimits1700000000003 } from './1700000000003-receiver-limits.js';
import { TestNumbers1700000000004 } from './1700000000004-test-numbers.js';
import { Approvals1700000000005 } from './1700000000005-approvals.js';
import { TenantEvents1700000000006 } from './1700000000006-tenant-events.js';
import { Templates1700000000007 } from './1700000000007-templates.js';
import { Senders1700000000008 } from './1700000000008-senders.js';
import { MessagePrices1700000000009 } from './1700000000009-message-prices.js';
import { OutboundEvents1700000000010 } from './1700000000010-outbound-events.js';
import { Audit1700000000011 } from './1700000000011-audit.js';
import { Retention1700000000012 } from './1700000000012-retention.js';
import { Inbound1700000000014 } from './1700000000014-inbound.js';
import { Questions1700000000015 } from './1700000000015-questions.js';

/** In order. A migration only expands; a column goes one release after its last use. */
export const MIGRATIONS = [
  Foundation1700000000001,
  Limits1700000000002,
  ReceiverLimits1700000000003,
  TestNumbers1700000000004,
  Approvals1700000000005,
  TenantEvents1700000000006,
  Templates1700000000007,
  Senders1700000000008,
  MessagePrices1700000000009,
  OutboundEvents1700000000010,
  Audit1700000000011,
  Retention1700000000012,
  Inbound1700000000014,
  Questions1700000000015,
];
