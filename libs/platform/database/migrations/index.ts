import { Foundation1700000000001 } from './1700000000001-foundation.js';
import { TestNumbers1700000000004 } from './1700000000004-test-numbers.js';

/** In order. A migration only expands; a column goes one release after its last use. */
export const MIGRATIONS = [Foundation1700000000001, TestNumbers1700000000004];
