/**
 * What a failure says and with which status the program ends: the one place where an error becomes text.
 * Known faults are a sentence and a hint; anything else is a bug and says what to send.
 */
import { EXIT, TelecError } from '../errors.ts';
import { scrubber, secretsOf } from '../io/secrets.ts';
import { jsonLine, type Output, plain, plainLines } from './output.ts';

/** Status of a program ended by Ctrl-C. */
export const INTERRUPTED = 130;

/** What each exit status means, in the order of docs/cli.md. */
export const EXIT_MEANINGS: readonly [number, string][] = [
  [EXIT.done, 'done'],
  [
    EXIT.domain,
    'failed in the domain (`--wait` ended blocked, an audit found something, a guard refused, nothing or several things match a name)',
  ],
  [EXIT.usage, 'wrong usage, invalid config or invalid event (every problem is listed)'],
  [EXIT.unreachable, 'cannot reach Redis, the remote or the daemon'],
  [EXIT.busy, 'another integrator holds the lease'],
  [EXIT.timeout, '`--timeout` passed'],
  [EXIT.refused, 'refused by policy (guard, role, mode, hold, emitter, another log)'],
  [EXIT.bug, 'bug'],
  [INTERRUPTED, 'ended by Ctrl-C'],
];

/** Thrown by a command that was interrupted before it had an answer. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/** Wrong use of the command line. */
export function usage(message: string, hint: string): TelecError {
  return new TelecError('USAGE', EXIT.usage, message, { hint });
}

/** Writes `error:` and `hint:` lines, one line a problem between them. */
export function complain(
  output: Output,
  fault: { message: string; hint: string | undefined; problems?: TelecError['problems'] },
) {
  const lines = [`error: ${plain(fault.message)}`];
  for (const { path, message } of fault.problems ?? [])
    lines.push(`  ${path ? `${plain(path, 200)}: ` : ''}${plain(message)}`);
  if (fault.hint) lines.push(`hint: ${plain(fault.hint)}`);
  output.complain(`${lines.join('\n')}\n`);
}

/** Tells `error` on stderr (with `--json` on stdout too) and answers the exit status. */
export async function report(
  error: unknown,
  output: Output,
  about: { version: string; argv: string[]; env: Record<string, string | undefined> },
): Promise<number> {
  if (error instanceof Interrupted) return INTERRUPTED;
  const scrub = scrubber(secretsOf(about.env));
  if (error instanceof TelecError) {
    const { code, exit } = error;
    const message = scrub(error.message);
    const hint = error.hint === undefined ? undefined : scrub(error.hint);
    const problems = error.problems?.map((problem) => ({ ...problem, message: scrub(problem.message) }));
    complain(output, { message, hint, problems });
    await answerJson(output, { code, message, hint: hint ?? null, problems });
    return exit;
  }
  const message = `telec has a bug: ${scrub(error instanceof Error ? error.message : String(error))}`;
  const stack = error instanceof Error ? scrub(chain(error)) : '';
  const where = `telec ${about.version}, node ${process.version}, ${process.platform} ${process.arch}`;
  const asked = scrub(['telec', ...about.argv].join(' '));
  complain(output, { message, hint: undefined });
  for (const line of [where, `command: ${asked}`, ...plainLines(stack)]) output.complain(`  ${plain(line)}\n`);
  const hint = 'report it with the lines above; nothing half-done stays: what was begun is settled by the next session';
  output.complain(`hint: ${hint}\n`);
  await answerJson(output, { code: 'BUG', message, hint });
  return EXIT.bug;
}

function chain(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${chain(error.cause)}` : own;
}

async function answerJson(output: Output, error: Record<string, unknown>): Promise<void> {
  if (output.json) await output.raw(jsonLine({ error }));
}
