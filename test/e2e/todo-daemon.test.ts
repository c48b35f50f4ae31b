/** Workers' marks beside a running daemon: what they do and what they write is what it was without one. */
import { afterEach, expect, test } from 'vitest';
import type { MarkPhaseView, TodoView } from '../../src/actors/todos/flow.ts';
import { makeWorld, type World } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';
import { todoFiles } from '../support/todo-world.ts';

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

const short = (type: string) => type.replace('domain.software-development.', '');

/** Build, review with findings, fix and approval of one work item; what each mark answered and left in the tree. */
async function work(world: World, slug: string): Promise<unknown[]> {
  const path = `${world.dir}/tree-${slug}`;
  git(world.clone, 'worktree', 'add', '--quiet', '--no-track', '-b', `work/${slug}`, path, 'refs/remotes/origin/main');
  const seen: unknown[] = [];
  for (const words of [
    ['build', 'started'],
    ['build', 'complete'],
    ['review', 'started'],
    ['review', 'changes_requested', '--finding', 'too slow'],
    ['fix', 'started'],
    ['fix', 'complete'],
  ]) {
    const refs = git(world.remote, 'for-each-ref');
    const view = await world.ok<MarkPhaseView>(['todo', 'mark-phase', slug, ...words], { cwd: path });
    const { state, review_round, next } = view;
    const command = next.command?.replaceAll(slug, '<slug>');
    const changed = git(path, 'diff', '--name-only').replaceAll(slug, '<slug>');
    expect(git(world.remote, 'for-each-ref')).toBe(refs);
    seen.push({ words, state, review_round, command, changed });
  }
  return seen;
}

test('S3-6.3a S4-VR7 S4-C3 S4-Out2 S4-Out3 build, review and fix are the same with the integrator running, and touch nothing but their state file', async () => {
  const world = await makeWorld({
    files: {
      ...todoFiles('alone'),
      ...todoFiles('beside'),
      'todos/roadmap.yaml': '- slug: alone\n- slug: beside\n',
    },
  });
  worlds.push(world);
  const alone = await work(world, 'alone');
  await world.ok(['up']);
  const beside = await work(world, 'beside');
  expect(beside).toEqual(alone);
  expect(alone).toEqual([
    { words: ['build', 'started'], state: 'building', review_round: 0, command: mark('build complete'), changed: FILE },
    { words: ['build', 'complete'], state: 'built', review_round: 0, command: mark('review started'), changed: FILE },
    {
      words: ['review', 'started'],
      state: 'reviewing',
      review_round: 1,
      command: mark('review approved'),
      changed: FILE,
    },
    {
      words: ['review', 'changes_requested', '--finding', 'too slow'],
      state: 'returned',
      review_round: 1,
      command: mark('fix started'),
      changed: FILE,
    },
    { words: ['fix', 'started'], state: 'fixing', review_round: 1, command: mark('fix complete'), changed: FILE },
    { words: ['fix', 'complete'], state: 'built', review_round: 1, command: mark('review started'), changed: FILE },
  ]);
  const told = (await world.events()).map(({ event }) => short(event));
  expect(told.filter((type) => !/^integration\.(configured|cutover)/.test(type))).toEqual([
    'review.changes_requested',
    'review.changes_requested',
  ]);

  // The hand-over is where they meet: the daemon takes it to main by itself.
  const cwd = `${world.dir}/tree-beside`;
  await world.ok(['todo', 'mark-phase', 'beside', 'review', 'approved'], { cwd });
  git(cwd, 'commit', '--quiet', '-a', '-m', 'approved');
  git(cwd, 'push', '--quiet', 'origin', 'work/beside');
  await world.ok(['todo', 'finalize', 'beside'], { cwd });
  await world.settled('beside');
  expect(world.landed()).toHaveLength(1);
  const rows = await world.ok<TodoView[]>(['todo', 'list'], { cwd: `${world.dir}/tree-alone` });
  expect(rows.map(({ slug, state }) => [slug, state])).toEqual([['alone', 'built']]);
});

const FILE = 'todos/<slug>/state.yaml';
const mark = (words: string) => `telec todo mark-phase <slug> ${words}`;
