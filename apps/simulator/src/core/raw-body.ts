// Owns the bytes of a JSON body as they came: a skin whose clients sign them has to see them.

const bodies = new WeakMap<object, string>();

export function keepRawBody(request: object, text: string): void {
  bodies.set(request, text);
}

/** Empty for a body of another type. */
export function rawBodyOf(request: object): string {
  return bodies.get(request) ?? '';
}
