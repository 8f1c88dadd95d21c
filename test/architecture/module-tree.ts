// What Nest would load from a module, read from its metadata, without starting anything.
import type { DynamicModule, ForwardReference, Provider, Type } from '@nestjs/common';
import { type Config, loadConfig } from '#platform/config';
import { environment } from '../support/house.js';

type Importable = Type | DynamicModule | ForwardReference | Promise<DynamicModule>;

export interface LoadedModule {
  module: Type;
  controllers: Type[];
  providers: Provider[];
}

/** A configuration that nothing answers behind. */
export function offlineConfig(variables: Record<string, string> = {}): Config {
  const nowhere = '127.0.0.1:1';
  const env = environment(`redis://${nowhere}`, `postgres://${nowhere}/none`, `http://${nowhere}`);
  return loadConfig({ ...env, ...variables });
}

/** Every module reachable through imports; a dynamic module counts once per call that made it. */
export async function modulesUnder(root: Importable): Promise<LoadedModule[]> {
  const found = new Map<unknown, LoadedModule>();
  const visit = async (importable: Importable): Promise<void> => {
    const resolved = await importable;
    if (!resolved || found.has(resolved)) return;
    if ('forwardRef' in resolved) return visit(resolved.forwardRef() as Importable);
    const dynamic = 'module' in resolved ? resolved : undefined;
    const module = dynamic?.module ?? (resolved as Type);
    const both = <T>(key: 'imports' | 'controllers' | 'providers'): T[] => [
      ...((Reflect.getMetadata(key, module) as T[] | undefined) ?? []),
      ...((dynamic?.[key] as T[] | undefined) ?? []),
    ];
    found.set(resolved, { module, controllers: both('controllers'), providers: both('providers') });
    for (const next of both<Importable>('imports')) await visit(next);
  };
  await visit(root);
  return [...found.values()];
}
