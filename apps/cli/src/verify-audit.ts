import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type AuditFault,
  type AuditKnowledge,
  type AuditVerdict,
  AuditVerifier,
  type SignedCheckpoint,
} from '#journal';
import { type Options, UsageError } from './usage.js';

/** The chain is not as it was. Printed alone, exit status 1. */
export class AuditBroken extends Error {}

const HEAD = /^(\d{1,10}):([0-9a-f]{64})$/;

/** Follows an export in a file, `-` for standard input. No database and no setting is needed. Returns what to print. */
export async function verifyExport(file: string | undefined, options: Options): Promise<string> {
  if (file === undefined) throw new UsageError('give the file of an export, or - for standard input');
  const input = file === '-' ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Infinity });
  // Without it an error of the file would end the lines as if that were all.
  const failed = new Promise<never>((_, reject) =>
    input.once('error', () => reject(new UsageError('the file cannot be read'))),
  );
  return Promise.race([verifyLines(lines, readKnowledge(options)), failed]);
}

export async function verifyLines(lines: AsyncIterable<string>, knowledge: AuditKnowledge): Promise<string> {
  const verifier = new AuditVerifier(knowledge);
  for await (const line of lines) {
    const fault = verifier.read(line.trimEnd());
    if (fault) throw new AuditBroken(tellFault(fault));
  }
  const verdict = verifier.end();
  if ('problem' in verdict) throw new AuditBroken(tellFault(verdict));
  return tellVerdict(verdict);
}

/** What is known from elsewhere: `--head`, `--checkpoints`, `--key`. */
export function readKnowledge({ head, checkpoints, key }: Options): AuditKnowledge {
  const [, seq, hash] = HEAD.exec(head ?? '') ?? [];
  if (head !== undefined && hash === undefined) throw new UsageError('--head must be <row>:<hash>');
  return {
    ...(hash !== undefined && { head: { seq: Number(seq), hash } }),
    ...(checkpoints !== undefined && { checkpoints: readCheckpoints(checkpoints) }),
    ...(key !== undefined && { keys: key.split(',') }),
  };
}

/** From the folder AUDIT_CHECKPOINTS, or from a log: lines that are no checkpoints are passed over. */
function readCheckpoints(file: string): SignedCheckpoint[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new UsageError('--checkpoints: the file cannot be read');
  }
  return text.split('\n').flatMap((line) => {
    if (!line.includes('"signature"')) return [];
    try {
      const found = JSON.parse(line) as Partial<SignedCheckpoint>;
      return typeof found.seq === 'number' && typeof found.hash === 'string'
        ? [found as SignedCheckpoint]
        : [];
    } catch {
      return [];
    }
  });
}

function tellFault({ line, row, problem }: AuditFault): string {
  const place = row === undefined ? `line ${line}` : `line ${line}, row ${row}`;
  return `BAD ${place}: ${problem}`;
}

function tellVerdict({ chain, first, last, hash, checkpoints, keys }: AuditVerdict): string {
  const rows = first === 0 ? 'no rows' : `rows ${first} to ${last}`;
  return `OK ${chain}: ${rows}, ${checkpoints} checkpoints, head ${last}:${hash}, signed by ${keys.join(', ')}`;
}
