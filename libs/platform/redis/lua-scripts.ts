import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

type Argument = string | number;
type ScriptCommand = (keyCount: number, ...args: Argument[]) => Promise<unknown>;

/**
 * Loads `<verb>-<nouns>.lua` files from the folder of `moduleUrl`. A line `-- @include name` is replaced by
 * `name.lua` of the same folder. ioredis sends EVALSHA and falls back to EVAL once when the cache was flushed.
 */
export class LuaScripts<Name extends string> {
  private readonly commands = new Map<Name, ScriptCommand>();

  constructor(redis: Redis, moduleUrl: string, names: readonly Name[]) {
    for (const name of names) {
      const command = `lua:${name}`;
      redis.defineCommand(command, { lua: readScript(moduleUrl, name) });
      this.commands.set(name, (redis as unknown as Record<string, ScriptCommand>)[command]!.bind(redis));
    }
  }

  run(name: Name, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.commands.get(name)!(keys.length, ...keys, ...args);
  }
}

/** The full text of a script with its includes, as the server will see it. */
export function readScript(moduleUrl: string, name: string): string {
  const text = readFileSync(new URL(`./${name}.lua`, moduleUrl), 'utf8');
  return text.replace(/^-- @include ([a-z-]+)$/gm, (_line, included: string) =>
    readFileSync(new URL(`./${included}.lua`, moduleUrl), 'utf8'),
  );
}
