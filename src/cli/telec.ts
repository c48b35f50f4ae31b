#!/usr/bin/env node
/**
 * The program: the only place that ends the process and that catches whatever is left over. A reader that goes away
 * ends it quietly; Ctrl-C asks once and insists the second time.
 */
import { isAbsolute } from 'node:path';
import { EXIT } from '../errors.ts';
import { withoutWrappers } from '../io/guards/wrapper-files.ts';
import { scrubber, secretsOf } from '../io/secrets.ts';
import { INTERRUPTED } from './exit.ts';
import { answerQuickly } from './quick.ts';

const controller = new AbortController();

process.on('SIGINT', () => {
  if (controller.signal.aborted) process.exit(INTERRUPTED);
  controller.abort();
});
process.on('SIGTERM', () => controller.abort());
process.on('SIGHUP', () => controller.abort());
// The writer of the moment is told by its callback; without a listener the same error would end the process loudly.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const failed = (error: unknown) => {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const text = scrubber(secretsOf(process.env))(said);
  process.stderr.write(`error: telec has a bug: ${text}\nhint: please report it with the lines above\n`);
  process.exit(EXIT.bug);
};
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);

const { argv, stdin, stdout, stderr } = process;
const env = { ...process.env };
const { signal } = controller;
// Where a wrapper stands before git, it is for others: what telec itself asks of git asks nobody else first.
if (env['PATH']) process.env['PATH'] = withoutWrappers(env['PATH']);

/** Where the shell stands; where that was taken away under it, as after a delivery, the path it still goes by. */
function standsIn(): string {
  try {
    return process.cwd();
  } catch {
    return isAbsolute(env['PWD'] ?? '') ? (env['PWD'] as string) : '/';
  }
}

async function run(): Promise<number> {
  const words = argv.slice(2);
  const cwd = standsIn();
  const quick = await answerQuickly(words, { env, cwd, stdin, stdout, stderr, signal });
  if (quick !== null) return quick;
  const { main } = await import('./main.ts');
  return main(words, { env, cwd, stdin, stdout, stderr, signal });
}

run().then((status) => process.exit(status), failed);
