interface Row {
  id: string;
  word: string;
}

export function findUnproven(root?: string): string[];
export function judge(rows: readonly Row[], named: ReadonlySet<string>): string[];
export function readRows(page: string): Row[];
export function titlesIn(source: string): string[];
