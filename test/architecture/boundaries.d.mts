export interface Violation {
  rule: string;
  from: string;
  to: string;
  why: string;
}
export const ROOT: string;
export const LEAST_MODULES: number;
export function inspectBoundaries(root?: string): Promise<{ seen: number; violations: Violation[] }>;
