/**
 * The guard program: asked by the pre-push hook and by the wrappers, before anything happens, whether it may. Loads next
 * to nothing while no guarded ref is touched; only then log and lease are asked. Says what it refuses on stderr, with
 * mark, code and what to do instead, and records it. It never runs the command itself.
 */
import { type GuardFile, readGuardFile } from '../../io/guards/guard-file.ts';
import { readHookLines } from '../../io/guards/push-lines.ts';
import { withoutWrappers } from '../../io/guards/wrapper-files.ts';
import { plain } from '../../io/plain-text.ts';
import { scrubber, secretsOf } from '../../io/secrets.ts';
import { type GuardRoute, type GuardVerdict, isGuardedRef, judgeGuard, refusalLines } from '../../machines/guard.ts';
import { groundOf, isOurs, mainRefOf, type Sought, seek } from './sought.ts';

export interface GuardWorld {
  env: Record<string, string | undefined>;
  cwd: string;
  stdin: AsyncIterable<string | Uint8Array>;
  /** One line for people, on stderr. */
  tell(line: string): void;
}

/** How the guard program was called. `words`: those of the hook or of the wrapped command. */
export interface GuardCall {
  route: GuardRoute;
  /** Path of the guards' file. */
  from: string;
  words: readonly string[];
}

const ROUTES: Readonly<Record<string, GuardRoute>> = {
  '--hook pre-push': 'pre_push',
  '--tool git': 'git',
  '--tool gh': 'gh',
};

/** The call in `--hook pre-push --from F -- ...` and `--tool git --from F -- ...`; null for other words. */
export function readGuardCall(words: readonly string[]): GuardCall | null {
  const [kind, name, option, from, end, ...rest] = words;
  const route = ROUTES[`${kind} ${name}`];
  return route && option === '--from' && from && end === '--' ? { route, from, words: rest } : null;
}

/** 0: it may go on. 1: refused. */
export async function guardCheck(call: GuardCall, world: GuardWorld): Promise<number> {
  const file = readGuardFile(call.from);
  const sought = file ? await seekFor(call, file, world) : LOST;
  if (!sought) return 0;
  const main = file ? mainRefOf(file) : 'main';
  const question = { route: call.route, main, ...sought, trial: file?.record === false };
  if (!file) {
    const known = { kind: 'unasked', detail: `${call.from} is gone` } as const;
    answer(call, judgeGuard(question, known), world, 'there is no log to record it in');
    return 1;
  }
  const { askLog } = await import('./knowledge.ts');
  const asked = await askLog(file, world.env, world.tell);
  try {
    const verdict = judgeGuard(question, asked.known);
    if (verdict.kind === 'pass') {
      if (verdict.by === 'permit' && !verdict.permit.used && file.record) {
        const { commit } = verdict.permit;
        const passed = (id: string) => ({ route: call.route, commit, actor: asked.actor, command_id: id });
        await asked.tell('integration.guard.passed', passed);
      }
      answer(call, verdict, world, null);
      return 0;
    }
    const { code, move } = verdict;
    const unrecorded = file.record
      ? await asked.tell('integration.guard.refused', (id) => ({
          code,
          route: call.route,
          ref: move?.ref ?? main,
          sha: move?.sha ?? null,
          detail: detailOf(call, world),
          actor: asked.actor,
          command_id: id,
        }))
      : null;
    answer(call, verdict, world, unrecorded);
    return 1;
  } finally {
    await asked.close();
  }
}

/** What a guard has to go by that lost what it knows of the repository. */
const LOST: Sought = { place: 'elsewhere', moves: [], untold: null };

async function seekFor({ route, words }: GuardCall, file: GuardFile, world: GuardWorld): Promise<Sought | null> {
  const { cwd } = world;
  const env = plainEnvironment(world.env);
  switch (route) {
    case 'pre_push':
      return soughtByHook(words, file, { cwd, env, stdin: world.stdin });
    case 'git':
      return (await import('./git-tool.ts')).soughtByGit(words, file, { cwd, env });
    case 'gh':
      return (await import('./gh-tool.ts')).soughtByGh(words, file, { cwd, env });
  }
}

async function soughtByHook(
  [, url = '']: readonly string[],
  file: GuardFile,
  { stdin, ...at }: { cwd: string; env: Record<string, string>; stdin: GuardWorld['stdin'] },
): Promise<Sought | null> {
  const main = mainRefOf(file);
  const moves = readHookLines(await textOf(stdin)).filter(({ ref }) => isGuardedRef(ref, main));
  if (moves.length === 0) return null;
  const ground = await groundOf(file, { ...at, globals: [] });
  return isOurs(file, url, ground.top) ? seek(ground, moves) : null;
}

async function textOf(stdin: GuardWorld['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** The user's environment for questions to git and gh; a wrapper in the path would ask the guard about the guard. */
function plainEnvironment(env: GuardWorld['env']): Record<string, string> {
  const given = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const all = Object.fromEntries(given);
  return { ...all, PATH: withoutWrappers(all['PATH'] ?? '') };
}

/** Characters of what was asked for that a record keeps, and of a line on stderr. */
const DETAIL_MAX = 200;
const LINE_MAX = 1000;

/** One line without secrets: what was typed is somebody else's text, and may carry tokens. */
function clean(text: string, env: GuardWorld['env'], most: number): string {
  return plain(scrubber(secretsOf(env))(text), most);
}

function detailOf({ route, words }: GuardCall, { env }: GuardWorld): string {
  const typed = route === 'pre_push' ? `git push to ${words[0] ?? ''}` : `${route} ${words.join(' ')}`;
  return clean(typed, env, DETAIL_MAX);
}

function answer(
  { route }: GuardCall,
  verdict: GuardVerdict,
  { tell, env }: GuardWorld,
  unrecorded: string | null,
): void {
  if (verdict.kind === 'pass') {
    if (verdict.by === 'shadow') tell('telec: main is still moved by another path (shadow); this is not hindered');
    if (verdict.by === 'permit') tell(`telec: permitted by ${plain(verdict.permit.actor, 100)}, once, for this commit`);
    return;
  }
  for (const line of refusalLines(route, verdict)) tell(clean(line, env, LINE_MAX));
  if (unrecorded !== null) tell(`telec: this refusal could not be recorded: ${clean(unrecorded, env, LINE_MAX)}`);
}
