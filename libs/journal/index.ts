export type { JournalEntry } from './journal-entry.js';
export { JournalModule } from './journal.module.js';
export { JournalWriter } from './journal-writer.js';
