/** Which methods an address answers, so that a wrong method is told as 405 with `Allow`, not as 404. */
export class KnownRoutes {
  private readonly routes: { segments: string[]; methods: Set<string> }[] = [];

  add(url: string, methods: readonly string[]): void {
    const segments = split(url);
    const known = this.routes.find((route) => route.segments.join('/') === segments.join('/'));
    if (known) for (const method of methods) known.methods.add(method);
    else this.routes.push({ segments, methods: new Set(methods) });
  }

  allowed(path: string): string[] {
    const wanted = split(path);
    const methods = new Set<string>();
    for (const { segments, methods: own } of this.routes) {
      if (segments.length !== wanted.length) continue;
      if (segments.every((segment, at) => segment.startsWith(':') || segment === wanted[at]))
        for (const method of own) methods.add(method);
    }
    return [...methods].sort();
  }
}

function split(path: string): string[] {
  return path.replace(/\/+$/, '').split('/').slice(1);
}
