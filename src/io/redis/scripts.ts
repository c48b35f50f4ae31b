/**
 * Loads the Lua scripts that stand beside this file and runs them by digest. A script's file name says its name and
 * how many keys it takes: `<verbNoun>-<number of keys>.lua`. Never knows what a script means.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

interface Script {
  source: string;
  sha: string;
  keys: number;
}

const loaded = new Map<string, Script>();

function load(name: string): Script {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const source = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
  const keys = Number(name.slice(name.lastIndexOf('-') + 1));
  const script = { source, sha: createHash('sha1').update(source).digest('hex'), keys };
  loaded.set(name, script);
  return script;
}

/**
 * Runs the script `name` (file name without `.lua`) and returns its reply. Sends only the digest; the source follows
 * once when the server does not know it, which it says before running anything.
 */
export async function runScript(redis: Redis, name: string, keys: string[], args: string[]): Promise<unknown> {
  const script = load(name);
  if (keys.length !== script.keys) throw new RangeError(`${name} takes ${script.keys} keys`);
  try {
    return await redis.evalsha(script.sha, script.keys, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await redis.eval(script.source, script.keys, ...keys, ...args);
  }
}
