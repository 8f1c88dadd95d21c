import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateService, privateRedis } from '../../../test/support/services.js';
import { LuaScripts, readScript } from './lua-scripts.js';

const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
const module = pathToFileURL(join(folder, 'module.js')).href;
let server: PrivateService;
let redis: Redis;

function write(name: string, text: string): void {
  writeFileSync(join(folder, `${name}.lua`), text);
}

beforeAll(async () => {
  write('shared', 'local function twice(n) return n * 2 end -- $& $1 stays as it is\n');
  write('double-number', '-- KEYS none\n-- @include shared\nreturn twice(tonumber(ARGV[1]))\n');
  write(
    'store-double',
    "-- @include shared\nredis.call('SET', KEYS[1], twice(tonumber(ARGV[1])))\nreturn redis.call('GET', KEYS[1])\n",
  );
  write('quote-include', "return '-- @include shared'\n");
  write('miss-include', '-- @include nowhere\nreturn 1\n');
  server = await privateRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  rmSync(folder, { recursive: true });
  await server.dispose();
});

describe('a script file', () => {
  it('is read with its includes in their place, and their text untouched', () => {
    const text = readScript(module, 'double-number');
    expect(text).toContain('-- KEYS none\nlocal function twice(n)');
    expect(text).toContain('-- $& $1 stays as it is');
    expect(text).not.toContain('@include');
  });

  it('includes on a line of its own only, and what is not there is an error when the process starts', () => {
    expect(readScript(module, 'quote-include')).toBe("return '-- @include shared'\n");
    expect(() => readScript(module, 'miss-include')).toThrow(/nowhere\.lua/);
    expect(() => new LuaScripts(redis, module, ['not-there'])).toThrow(/not-there\.lua/);
  });

  it('runs with keys and arguments in their places', async () => {
    const scripts = new LuaScripts(redis, module, ['double-number', 'store-double']);
    expect(await scripts.run('double-number', [], [21])).toBe(42);
    expect(await scripts.run('store-double', ['k'], ['4'])).toBe('8');
  });

  it('survives a server that has forgotten its scripts', async () => {
    const scripts = new LuaScripts(redis, module, ['double-number']);
    for (let round = 1; round <= 3; round++) {
      await redis.script('FLUSH');
      expect(await scripts.run('double-number', [], [round])).toBe(round * 2);
    }
    const many = await Promise.all(
      Array.from({ length: 20 }, (_, at) => scripts.run('double-number', [], [at])),
    );
    expect(many).toEqual(Array.from({ length: 20 }, (_, at) => at * 2));
  });

  it('keeps its own text when another room has a script of the same name', async () => {
    const first = new LuaScripts(redis, module, ['double-number']);
    const elsewhere = mkdtempSync(join(tmpdir(), 'scripts-'));
    writeFileSync(join(elsewhere, 'double-number.lua'), 'return "another"');
    const second = new LuaScripts(redis, pathToFileURL(join(elsewhere, 'module.js')).href, ['double-number']);
    rmSync(elsewhere, { recursive: true });
    expect(await first.run('double-number', [], [2])).toBe(4);
    expect(await second.run('double-number', [], [])).toBe('another');
  });
});
