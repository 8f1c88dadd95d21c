// Owns finding the code in a text as a phone does that offers to fill it in.

const CODE = /(?<![\p{L}\p{N}])(?=[A-Z]*\d)[A-Z0-9]{4,15}(?![\p{L}\p{N}])/u;
/** Read out, a code has its digits apart: `1, 2, 3`. */
const SPOKEN = /(?<![\p{L}\p{N}])[A-Z0-9](?:, [A-Z0-9]){3,14}(?![\p{L}\p{N}])/u;

export function codeIn(text: string): string | undefined {
  return CODE.exec(text)?.[0] ?? SPOKEN.exec(text)?.[0].replaceAll(', ', '');
}
