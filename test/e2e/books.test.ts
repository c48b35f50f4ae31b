/**
 * The books of deliveries on main: what a session writes there beside the merges, and that it writes nothing else. Read
 * from the remote's commits with plain git, never through telec.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { endWorlds, expectSound, makeWorld, type World } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

afterAll(endWorlds);

const HEADER = '# What is planned.\n# Edited by people.\n\n';
const ROADMAP = `${HEADER}- slug: one   # first
  description: >-
    folded
    text
- slug: two
  after: [one]
- {slug: three, after: [one, two]}
`;
const TODOS = {
  'README.md': 'a project\n',
  'package.json': '{"version": "1.2.3"}\n',
  'todos/roadmap.yaml': ROADMAP,
  'todos/delivered.yaml': '# Newest first.\n\n- slug: zero\n  date: 2020-01-02\n  commit: "000000000000"\n',
  'todos/icebox.yaml': '- slug: cold\n  after: [one]\n',
  'todos/one/requirements.md': 'one\n',
  'todos/one/state.yaml': 'review_round: 2\n',
  'todos/one/demo.md': '# Demo: The first\n\n## Validation\n',
  'todos/two/requirements.md': 'two\n',
};

/** Subjects of main's first-parent line behind its first commit, oldest first. */
function subjects(world: World): string[] {
  const lines = git(world.remoteDir, 'log', '--first-parent', '--reverse', '--format=%s', `${world.first}..main`);
  return lines.split('\n').filter(Boolean);
}

const today = () => new Date().toISOString().slice(0, 10);

/** 12 hex digits of the merge commit of a slug, as main has it. */
function mergeOf(world: World, slug: string): string {
  const lines = git(world.remoteDir, 'log', '--first-parent', '--format=%H %s', 'main').split('\n');
  return lines.find((line) => line.includes(` Merge ${slug} (`))?.slice(0, 12) ?? '';
}

const deliveredOn = (world: World): unknown => parse(world.files()['todos/delivered.yaml'] ?? '');

/** Counts the pushes that moved main, in a file of the remote. */
function countPushes(world: World): () => number {
  const counted = join(world.dir, 'pushes');
  writeFileSync(counted, '');
  mkdirSync(join(world.remoteDir, 'hooks'), { recursive: true });
  const hook = join(world.remoteDir, 'hooks', 'post-receive');
  writeFileSync(hook, `#!/bin/sh\ngrep -q ' refs/heads/main$' && echo x >> '${counted}'\nexit 0\n`);
  chmodSync(hook, 0o755);
  return () => readFileSync(counted, 'utf8').split('\n').filter(Boolean).length;
}

test('S3-3.3d S3-3.3e S3-3.3f S3-3.3g S4-FR5.3 S4-Sc5 F20 merge, books and cleanup are three commits of one push', async () => {
  const world = await makeWorld({ files: TODOS });
  const pushes = countPushes(world);
  const [one] = await world.ready([{ slug: 'one' }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 1, blocked: 0 });
  expect(pushes()).toBe(1);
  expect(subjects(world)).toEqual([
    'Merge one (work/one)',
    'Deliver one: bookkeeping',
    'Deliver one: todo cleanup',
  ]);
  const commit = mergeOf(world, 'one');
  expect(world.files()).toEqual({
    'README.md': 'a project\n',
    'package.json': '{"version": "1.2.3"}\n',
    'one.txt': 'one\n',
    'todos/roadmap.yaml': `${HEADER}- slug: two\n- {slug: three, after: [two]}\n`,
    'todos/delivered.yaml': `# Newest first.\n\n- slug: one\n  date: ${today()}\n  commit: ${commit}\n- slug: zero\n  date: 2020-01-02\n  commit: "000000000000"\n`,
    'todos/icebox.yaml': '- slug: cold\n',
    'todos/two/requirements.md': 'two\n',
    'demos/one/demo.md': '# Demo: The first\n\n## Validation\n',
    'demos/one/snapshot.json': `${JSON.stringify(
      {
        slug: 'one',
        title: 'The first',
        version: '1.2.3',
        delivered: today(),
        commit,
        metrics: { review_rounds: 2, findings_resolved: 0 },
      },
      null,
      2,
    )}\n`,
  });
  const merge = git(world.remoteDir, 'rev-parse', `${commit}^{commit}`);
  const tip = world.main();
  const view = await world.candidate(one?.key ?? '');
  expect(view).toMatchObject({ state: 'completed', merge_commit: merge });
  expect(view.receipt).toMatchObject({ merge_commit: merge, tip, tree: git(world.remoteDir, 'rev-parse', 'main^{tree}') });
  // The three are dated like the dequeue, so that a rebuild is the same commits.
  const dates = git(world.remoteDir, 'log', '--first-parent', '--format=%at %ct', `${world.first}..main`).split('\n');
  expect(new Set(dates.flatMap((line) => line.split(' '))).size).toBe(1);
  expect(await world.trail('integration.main.foreign')).toEqual([]);
  await expectSound(world);
});
