/**
 * The short way for what is asked all the time: `telec status` by prompts and scripts, `telec guard check` by hook and
 * wrappers. No command table, no runtime. It only answers what it can answer well; anything else (other words, a fault,
 * no cheap answer) is null and goes the long way, which says the same or what is wrong.
 */
import { resolve } from 'node:path';
import type { StatusView } from '../actors/client.ts';
import { askDaemon, route } from './call.ts';
import { type Output, type OutputStream, openOutput, wantsColour } from './output.ts';

export interface QuickWorld {
  env: Record<string, string | undefined>;
  cwd: string;
  stdin: AsyncIterable<string | Uint8Array>;
  stdout: OutputStream;
  stderr: OutputStream;
  signal: AbortSignal;
}

const FLAGS = new Set(['--json', '--quiet', '--no-color']);

/** The exit status when the question was answered, else null. */
export async function answerQuickly(argv: readonly string[], world: QuickWorld): Promise<number | null> {
  if (argv[0] === 'guard' && argv[1] === 'check' && argv.length > 2) return guard(argv.slice(2), world);
  const words = [...argv];
  const at = words.indexOf('-C');
  const [, directory] = at < 0 ? [] : words.splice(at, 2);
  const [word, ...others] = words.filter((each) => !FLAGS.has(each));
  if (word !== 'status' || others.length > 0 || (at >= 0 && directory === undefined)) return null;
  const output = openOutput(world.stdout, world.stderr, {
    json: words.includes('--json'),
    quiet: words.includes('--quiet'),
    colour: wantsColour(world.stdout, world.env, !words.includes('--no-color')),
  });
  try {
    const cwd = directory === undefined ? world.cwd : resolve(world.cwd, directory);
    const context = { cwd, env: world.env, say: output.say, signal: world.signal };
    const answer = await askDaemon({ context }, { path: route('status') });
    const view = answer ? (answer.value as StatusView) : await (await import('../actors/glance.ts')).glance(context);
    if (view === null) return null;
    await show(output, view);
    return 0;
  } catch {
    return null;
  }
}

/** The guard's answer; null when it is asked in other words than those of hook and wrappers. */
async function guard(words: readonly string[], { env, cwd, stdin, stderr }: QuickWorld): Promise<number | null> {
  const { guardCheck, readGuardCall } = await import('../actors/guards/check.ts');
  const call = readGuardCall(words);
  return call && guardCheck(call, { env, cwd, stdin, tell: (line) => void stderr.write(`${line}\n`) });
}

async function show(output: Output, view: StatusView): Promise<void> {
  if (output.json) return output.answer(view, () => '');
  const { statusText } = await import('./messages.ts');
  await output.answer(view, (value, paint) => statusText(value, Date.now(), paint));
}
