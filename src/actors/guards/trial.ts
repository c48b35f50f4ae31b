/**
 * Tries the guards: goes the ways to main against a scratch remote that carries the very hooks, from a scratch clone with
 * the very hook and wrappers, and tells what got through. Never touches the real remote and records nothing.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { discoverClone } from '../../io/git/clone.ts';
import type { GitResult } from '../../io/git/run.ts';
import { type BareRepository, openBare } from '../../io/guards/bare-repository.ts';
import { guardFilePath, programIsThere, readGuardFile } from '../../io/guards/guard-file.ts';
import { fenceSigner } from '../../io/guards/server-guard-file.ts';
import { SERVER_HOOKS } from '../../io/guards/server-hooks.ts';
import {
  hasSigners,
  hookText,
  installServerHooks,
  signersPath,
  standingHooks,
} from '../../io/guards/server-install.ts';
import { shellWord } from '../../io/guards/shell-text.ts';
import { placeOf } from '../../io/guards/user-git.ts';
import { withWrappers } from '../../io/guards/wrapper-files.ts';
import type { Opened } from '../commands/session.ts';
import { guardsGlance } from './glance.ts';
import { planFor, putGuards } from './install.ts';
import { localRemote } from './server.ts';
import type { GuardTrialView, TriedGuard } from './server-views.ts';
import { type Ground, makeGround } from './trial-ground.ts';
import { hookRoutes, serverRoutes, type TrialRoute, wrapperRoutes } from './trial-routes.ts';

const TRIAL_AUTHOR = 'telec trial <telec@localhost>';
/** A remote with a host, for gh; nothing is asked of it. */
const HOSTED = 'trial.invalid/trial/trial';

/** Tries all guards there are. Thrown: GUARD_TRIAL (1), NOT_BARE (2). */
export async function tryGuards(opened: Opened): Promise<GuardTrialView> {
  const { workspace, host } = opened;
  await host.dispatcher.catchUp();
  const local = await localRemote(workspace);
  const real = local === null ? null : await openBare(local);
  const ground = await makeGround(workspace.config.main, fenceSigner(workspace.folder));
  try {
    const server = await tryServer(ground, real);
    const guards = [server.guard, ...(await tryClient(opened, ground))];
    const refused = guards.reduce((sum, guard) => sum + guard.refused, 0);
    const leaks = guards.flatMap(({ guard, leaks: ways }) => ways.map((way) => ({ guard, way })));
    return { refused, leaked: leaks.length, passed: server.passed && leaks.length === 0, guards };
  } finally {
    await ground.close();
  }
}

/** The hooks of the real remote when it has them; else those that would be put in. */
async function tryServer(ground: Ground, real: BareRepository | null): Promise<{ guard: TriedGuard; passed: boolean }> {
  const stands = real !== null && standingHooks(real).length === SERVER_HOOKS.length;
  const signed = stands && real !== null && hasSigners(real);
  const signers = signed && real !== null ? readFileSync(signersPath(real), 'utf8') : null;
  await installServerHooks(ground.remote, { main: ground.main, signed, ignoreCase: ground.remote.ignoreCase }, signers);
  if (stands && real !== null) {
    for (const name of SERVER_HOOKS) {
      const path = join(ground.remote.hooks, name);
      writeFileSync(path, hookText(real, name) ?? '');
      chmodSync(path, 0o755);
    }
  }
  const tried = await goAll(ground, serverRoutes(ground, signed));
  const passed = await integratorPasses(ground);
  return { guard: { guard: 'server', in_place: stands, ...tried }, passed };
}

/** The integrator's own push, a branch of anybody, and packing. */
async function integratorPasses(ground: Ground): Promise<boolean> {
  const { git, integrator, note, fence, remote, main, claimed } = ground;
  const branch = await git(['push', '--no-verify', 'origin', `${claimed}:refs/heads/telec-trial-work`]);
  const packed = await git(['pack-refs', '--all', '--prune'], { cwd: remote.dir, env: { GIT_DIR: remote.dir } });
  if (branch.status !== 0 || packed.status !== 0) return false;
  await integrator.fetch(['telec-trial-work']);
  const next = await integrator.writeFence(fence, { ...note, seq: note.seq + 1 }, TRIAL_AUTHOR, 1_000_000_000);
  const outcome = await integrator.push({ tip: claimed, fenceFrom: fence, fenceTo: next });
  return outcome.kind === 'pushed' && (await ground.ref(`refs/heads/${main}`)) === claimed;
}

/** Hook and wrappers of this machine, against the remote without its hooks; before the first cutover as they will be after it. */
async function tryClient({ workspace, host, context }: Opened, ground: Ground): Promise<TriedGuard[]> {
  const file = readGuardFile(guardFilePath(workspace.folder));
  const { missing } = guardsGlance(workspace.folder);
  const idle = (guard: TriedGuard['guard'], note: string, inPlace = false): TriedGuard => {
    return { guard, in_place: inPlace, refused: 0, leaks: [], note };
  };
  const isIn = {
    pre_push: !missing.some((one) => one.startsWith('pre-push')),
    git: !missing.includes('wrapper git'),
    gh: !missing.includes('wrapper gh'),
  };
  const names = ['pre_push', 'git', 'gh'] as const;
  if (file === null || !programIsThere(file.program))
    return names.map((name) => idle(name, 'not put in: telec guard install'));
  await standAsideServer(ground);
  const bin = join(ground.dir, 'bin');
  const plan = {
    ...(await planFor(workspace, host.logId)),
    path: join(ground.dir, 'guards.json'),
    places: [placeOf(ground.remote.dir, ground.clone), HOSTED],
    remote: 'origin',
    bin,
    record: false,
  };
  await putGuards(plan, [await discoverClone(ground.clone)]);
  const asked = { TELEC_REDIS_URL: context.env['TELEC_REDIS_URL'] };
  const plain = withEnvironment(ground, asked);
  const wrapped = withEnvironment(ground, { ...asked, PATH: withWrappers(process.env['PATH'], bin) });
  const tried: TriedGuard[] = [];
  for (const name of names) {
    if (!isIn[name]) {
      tried.push(idle(name, 'not put in: telec guard install'));
      continue;
    }
    const answer =
      name === 'pre_push'
        ? await goAll(plain, hookRoutes(ground))
        : name === 'git'
          ? await goAll(wrapped, wrapperRoutes(ground))
          : await goGh(ground, asked, bin);
    tried.push({ guard: name, in_place: true, ...answer });
  }
  return tried;
}

/** The remote as one that has no hooks, so that what stops a push is the clone's. */
async function standAsideServer({ git, remote }: Ground): Promise<void> {
  await git(['config', '--local', 'core.hooksPath', '/dev/null'], { cwd: remote.dir, env: { GIT_DIR: remote.dir } });
}

function withEnvironment(ground: Ground, env: Record<string, string | undefined>): Ground {
  const set = Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
  return { ...ground, git: (args, options = {}) => ground.git(args, { ...options, env: { ...set, ...options.env } }) };
}

/** The wrapper of gh in front of a gh that merges everything it is asked to. */
async function goGh(ground: Ground, env: Record<string, string | undefined>, bin: string): Promise<Tried> {
  const folder = join(ground.dir, 'stand-in');
  const merged = join(ground.dir, 'merged');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'gh'),
    `#!/bin/sh\ncase $2 in view) echo ${shellWord(ground.main)} ;; *) : >${shellWord(merged)} ;; esac\n`,
  );
  chmodSync(join(folder, 'gh'), 0o755);
  const path = withWrappers(`${folder}:${process.env['PATH'] ?? ''}`, bin);
  const run = withEnvironment(ground, { ...env, PATH: path });
  // A command of git's own starts it, so that it is found as a shell would find it.
  const words = `alias.telec-trial=!gh pr merge 7 --repo ${HOSTED.slice(HOSTED.indexOf('/') + 1)}`;
  const result = await run.git(['-c', words, 'telec-trial']);
  const leaks = existsSync(merged) ? ['gh pr merge'] : [];
  return { refused: 1 - leaks.length, leaks, note: unasked(result) };
}

interface Tried {
  refused: number;
  leaks: string[];
  note: string | null;
}

/** Goes each way; what got through is put back, so that the next one starts from the same. */
export async function goAll(ground: Ground, routes: readonly TrialRoute[]): Promise<Tried> {
  const leaks: string[] = [];
  let note: string | null = null;
  for (const { name, run } of routes) {
    const before = await guardedRefs(ground);
    const result = await run(ground);
    note ??= unasked(result);
    const after = await guardedRefs(ground);
    if (after === before) continue;
    leaks.push(name);
    await putBack(ground, before, after);
  }
  return { refused: routes.length - leaks.length, leaks, note };
}

/** What a guard says when it refuses only because it could not ask. */
function unasked({ stderr }: GitResult): string | null {
  return /^error: (.*(?:cannot be asked|is gone|was emptied).*)$/m.exec(stderr)?.[1] ?? null;
}

async function guardedRefs({ remote, main, git }: Ground): Promise<string> {
  const names = [`refs/heads/${main}`, 'refs/telec/', 'refs/heads/refs/', 'refs/tags/refs/'];
  const args = ['for-each-ref', '--format=%(refname) %(objectname)', ...names];
  return (await git(args, { cwd: remote.dir, env: { GIT_DIR: remote.dir } })).stdout.toString('utf8');
}

async function putBack({ remote, git }: Ground, before: string, after: string): Promise<void> {
  const lines = (text: string) => text.split('\n').filter(Boolean);
  const gone = lines(after).map((line) => `delete ${line.split(' ')[0]}`);
  const stdin = (commands: string[]) =>
    git(['-c', 'core.hooksPath=/dev/null', 'update-ref', '--stdin'], {
      cwd: remote.dir,
      env: { GIT_DIR: remote.dir },
      stdin: `${commands.join('\n')}\n`,
    });
  await stdin(gone);
  await stdin(lines(before).map((line) => `update ${line}`));
}
