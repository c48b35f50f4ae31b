/** Sessions against a remote that carries the hooks, a person's way past them, and how both are set up. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { expectBooksInLine } from '../support/books-world.ts';
import { endWorlds, expectSound, makeWorld, shortType, type World } from '../support/e2e-world.ts';
import { git, hermeticEnv, tryGit } from '../support/git-repo.ts';

afterAll(endWorlds);

interface Failure {
  error: { code: string; message: string; hint: string };
}

/** Ends the process that serves a push, once: before it did anything (`pre-receive`), or after it did all. */
function killServerOnce(world: World, hook: 'pre-receive' | 'post-receive'): void {
  const path = join(world.remoteDir, 'hooks', hook);
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nrm -f "$0"\nkill -9 $PPID\n`);
  chmodSync(path, 0o755);
}

/** A branch of the remote moved aside by hand, so that nothing of main is asked. */
const remoteMain = (world: World) => world.main();

const commitInClone = (world: World, name: string): string => {
  git(world.cloneDir, 'fetch', '--quiet', 'origin');
  const answer = tryGit(world.cloneDir, ['commit-tree', 'origin/main^{tree}', '-p', 'origin/main', '-m', name]);
  return answer.stdout.toString('utf8').trim();
};

const pushMain = (world: World, commit: string, ...options: string[]) =>
  tryGit(world.cloneDir, ['push', ...options, 'origin', `${commit}:refs/heads/main`], { env: hermeticEnv });

describe.each([
  { guard: 'plain', format: 'sha1' },
  { guard: 'signed', format: 'sha1' },
  { guard: 'signed', format: 'sha256' },
] as const)('a remote with its hooks ($guard, $format)', ({ guard, format }) => {
  test('S1-Sc3 S4-VR3 trains, books, conflicts, follow-ups, clean-up, lost answers and a resume: all as without, and nobody else', async () => {
    const world = await makeWorld({
      guard,
      format,
      files: {
        f: 'one\n',
        'todos/roadmap.yaml': '- slug: winner\n- slug: loser\n- slug: third\n',
        'todos/winner/requirements.md': '# w\n',
      },
    });
    const [, loser] = await world.ready([
      { slug: 'winner', files: { f: 'uno\n' } },
      { slug: 'loser', files: { f: 'eins\n' } },
      { slug: 'third' },
      { slug: 'fourth' },
    ]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 3, blocked: 1 });
    expect(world.landed()).toEqual(['winner', 'third', 'fourth']);
    const followUp = `loser-integration-blocked-${loser?.sha.slice(0, 7)}`;
    expect(Object.keys(world.files())).toContain(`todos/${followUp}/requirements.md`);
    expect([...world.refs().keys()].filter((ref) => ref.startsWith('refs/heads/'))).toEqual([
      'refs/heads/main',
      'refs/heads/work/loser',
    ]);
    // A push that never happened, and one that did without an answer.
    for (const [hook, slug] of [
      ['pre-receive', 'burned'],
      ['post-receive', 'landed'],
    ] as const) {
      await world.ready([{ slug, from: world.main() }]);
      let armed = false;
      const faults = {
        reach(point: string) {
          if (point !== 'after-push-attempted' || armed) return;
          armed = true;
          killServerOnce(world, hook);
        },
      };
      expect((await world.integrate({ faults })).json).toMatchObject({ outcome: 'drained', completed: 1 });
    }
    expect(await world.trail('integration.push.burned')).toHaveLength(1);
    const before = remoteMain(world);
    const mine = commitInClone(world, 'mine');
    const refused = pushMain(world, mine, '--no-verify', '--force');
    expect({ status: refused.status, stderr: refused.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('GUARDRAIL_MARKER: TELEC_SERVER_MAIN_GUARD_BLOCK'),
    });
    expect(remoteMain(world)).toBe(before);
    // The blocked one is resumed by a new commit of its slug.
    await world.ready([{ slug: 'loser', branch: 'work/loser-2', from: before, files: { f: 'eins\n' } }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 0 });
    expect(Object.keys(world.files()).filter((path) => path.startsWith(`todos/${followUp}`))).toEqual([]);
    expect(git(world.remoteDir, 'gc', '--quiet', '--prune=now')).toBe('');
    await world.ready([{ slug: 'after-gc', from: world.main() }]);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(world.landed()).toEqual(['winner', 'third', 'fourth', 'burned', 'landed', 'loser', 'after-gc']);
    await expectBooksInLine(world);
    await expectSound(world);
    const fence = world.ref('refs/telec/fence') ?? '';
    const shown = git(world.remoteDir, 'cat-file', 'commit', fence);
    expect(/^gpgsig(-sha256)? -----BEGIN SSH SIGNATURE-----$/m.test(shown)).toBe(guard === 'signed');
  });
});

describe('a key that does not serve', () => {
  test('S1-FR2.1 gone, damaged, not set here: the session is refused with what to do, nothing moves, nobody is blocked', async () => {
    const world = await makeWorld({ guard: 'signed' });
    await world.ready([{ slug: 'one' }]);
    const refs = () => [world.main(), world.ref('refs/telec/fence')];
    const before = refs();
    const key = join(world.dir, 'key');
    const kept = readdirState(world);
    renameSync(key, `${key}.away`);
    const gone = await world.run<Failure>(['integrate']);
    expect({ code: gone.code, error: gone.json.error.code }).toEqual({ code: 6, error: 'FENCE_UNSIGNED' });
    expect(gone.json.error.hint).toContain('telec guard install --server --key');
    writeFileSync(key, 'no key\n', { mode: 0o600 });
    expect((await world.run<Failure>(['integrate'])).json.error.code).toBe('FENCE_UNSIGNED');
    rmSync(kept);
    const unset = await world.run<Failure>(['integrate']);
    expect(unset.code).toBe(6);
    expect(unset.json.error.message).toContain('The fence must be signed with the key of the integrator');
    expect(refs()).toEqual(before);
    expect(await world.states()).toEqual({ one: 'ready' });
    for (const run of [gone, unset]) expect(run.stdout + run.stderr).not.toContain(key);
    expect(JSON.stringify(await world.events())).not.toContain(key);
    writeFileSync(kept, JSON.stringify({ path: world.remoteDir, key: `${key}.away` }));
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    await expectSound(world);
  });

  test('gone in the middle of a drain: what was pushed stays, the rest goes back and comes with the next session', async () => {
    const world = await makeWorld({ guard: 'signed', config: 'integration: {push_batch: 1}\n' });
    await world.ready([{ slug: 'one' }, { slug: 'two' }]);
    const key = join(world.dir, 'key');
    let pushes = 0;
    const faults = {
      reach(point: string) {
        if (point === 'after-push-recorded' && ++pushes === 1) renameSync(key, `${key}.away`);
      },
    };
    const run = await world.run<Failure>(['integrate'], { faults });
    expect({ code: run.code, error: run.json.error.code }).toEqual({ code: 6, error: 'FENCE_UNSIGNED' });
    expect(await world.states()).toEqual({ one: 'completed', two: 'ready' });
    renameSync(`${key}.away`, key);
    expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1 });
    expect(world.landed()).toEqual(['one', 'two']);
    await expectSound(world);
  });
});

/** The file that keeps the key's path. */
function readdirState(world: World): string {
  const id = readFileSync(join(world.cloneDir, '.git', 'telec', 'repo_id'), 'utf8').trim();
  const path = join(world.home, id, 'server-guard.json');
  expect(existsSync(path)).toBe(true);
  return path;
}

void shortType;
