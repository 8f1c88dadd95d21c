export function findUnusedExports(root?: string): { file: string; names: string[] }[];
