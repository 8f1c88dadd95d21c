import { Foundation1700000000001 } from './1700000000001-foundation.js';
import { Limits1700000000002 } from './1700000000002-limits.js';

/** In order. A migration only expands; a column goes one release after its last use. */
export const MIGRATIONS = [Foundation1700000000001, Limits1700000000002];
