export type { JournalEntry } from './journal-entry.js';
export { JournalModule } from './journal.module.js';
export { type JournalProjection, JournalWriter } from './journal-writer.js';
