/**
 * One call of a command: what was typed, where it runs, where its answer goes, and the way to the runtime.
 * A question asks the daemon first and opens the log itself only when none runs.
 */
import type { CommandContext, Runtime, TelecClient } from '../actors/client.ts';
import { declaredRole } from '../io/acting.ts';
import { ask, type Question } from '../io/daemon-socket.ts';
import { type DaemonFile, findClone, isRepoId, readDaemonFile, readRepoId, repoFolder } from '../io/state.ts';
import type { Options } from './arguments.ts';
import type { Output } from './output.ts';
import type { Terminal } from './watch/screen.ts';

export interface Call {
  /** Arguments as typed; a list argument is spread at the end. */
  args: string[];
  options: Options;
  context: CommandContext;
  output: Output;
  runtime(): Promise<Runtime>;
  stdin: AsyncIterable<string | Uint8Array> & { isTTY?: boolean };
  /** The terminal around the call, when both its ends are one; null where lines are all that can be shown. */
  terminal: { terminal: Terminal; stdin: NodeJS.ReadStream } | null;
  /** Wall time in ms, for ages people read. */
  now(): number;
  /** The script to start again as daemon. */
  entry: string;
}

/** Answers the exit status; nothing means 0. */
export type Handler = (call: Call) => Promise<number | undefined>;

/** Opens the repository for `use` and closes it whatever happens. */
export async function withClient<T>(call: Call, use: (client: TelecClient) => Promise<T>): Promise<T> {
  const client = await (await call.runtime()).openClient(call.context);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** What the daemon of the repository around the call says of itself; null when none has left word. */
export function daemonFile(call: Pick<Call, 'context'>): DaemonFile | null {
  const clone = findClone(call.context.cwd);
  if (!clone) return null;
  const asked = call.context.env['TELEC_REPO_ID'];
  const repoId = asked && isRepoId(asked) ? asked : readRepoId(clone.commonDir);
  return repoId ? readDaemonFile(repoFolder(call.context.env, repoId)) : null;
}

/** The daemon's answer, or null when no daemon runs. */
export async function askDaemon(call: Pick<Call, 'context'>, question: Question): Promise<{ value: unknown } | null> {
  const file = daemonFile(call);
  const role = declaredRole(call.context.env)?.value;
  return file ? ask(file.socket, { ...question, ...(role === undefined ? {} : { role }) }) : null;
}

/** A path of the daemon's interface with its query; what is null is left out. */
export function route(name: string, query: Record<string, string | null> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== null);
  return given.length === 0 ? `/v1/${name}` : `/v1/${name}?${new URLSearchParams(given)}`;
}

/** A question: to the daemon when one runs, else folded here. Both answer the same shape. */
export async function read<T>(call: Call, path: string, fold: (client: TelecClient) => Promise<T>): Promise<T> {
  const answer = await askDaemon(call, { path });
  call.output.isDaemons = answer !== null;
  return answer ? (answer.value as T) : withClient(call, fold);
}
