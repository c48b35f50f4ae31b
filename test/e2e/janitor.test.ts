/** The daemon tidies the clones of its machine: after each drain, at its start, and when what stood in the way is gone. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { end, makeWorld, type World } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';

async function daemonWorld(): Promise<World> {
  const world = await makeWorld();
  onTestFinished(() => world.close());
  await world.ok(['up']);
  return world;
}

const branches = (world: World): string[] =>
  git(world.clone, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads').split('\n').filter(Boolean);

/** A branch in a linked work tree of its own, handed over from there. */
async function submitFromTree(world: World, slug: string): Promise<string> {
  world.branch(`feature/${slug}`, { [`${slug}.txt`]: `${slug}\n` });
  git(world.clone, 'switch', '--quiet', 'main');
  const tree = join(world.dir, `tree-${slug}`);
  git(world.clone, 'worktree', 'add', '--quiet', tree, `feature/${slug}`);
  await world.ok(['submit', '--slug', slug], { cwd: tree });
  return tree;
}

test('S3-3.3f the daemon removes work trees and branches behind what it delivered, with no command waiting for it', async () => {
  const world = await daemonWorld();
  const tree = await submitFromTree(world, 'one');
  await world.settled('one');
  await world.until(() => branches(world).length === 1 && !existsSync(tree));
  await world.until(() => git(world.remote, 'for-each-ref', '--format=%(refname)', 'refs/heads') === 'refs/heads/main');
  expect(branches(world)).toEqual(['main']);
});

test('F22 what a daemon could not tidy up is finished by the next one, also after a kill', async () => {
  const world = await daemonWorld();
  const tree = await submitFromTree(world, 'one');
  writeFileSync(join(tree, 'left.txt'), 'not committed\n');
  await world.settled('one');
  const rows = async () =>
    (await world.ok<{ check: string; status: string; mend: string }[]>(['doctor'])).filter(
      ({ check }) => check === 'cleanup',
    );
  await world.until(async () => (await rows())[0]?.status === 'warn');
  expect(existsSync(join(tree, 'left.txt'))).toBe(true);
  rmSync(join(tree, 'left.txt'));
  await end(world.daemonPid() ?? 0);
  await world.ok(['up']);
  await world.until(() => !existsSync(tree) && branches(world).length === 1);
  await world.until(async () => (await rows())[0]?.status === 'ok');
});
