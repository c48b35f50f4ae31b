/** `telec audit` on histories that somebody made: what is in order passes, everything else is named. */
import { afterAll, describe, expect, test } from 'vitest';
import type { AuditView } from '../../src/actors/audit/views.ts';
import { Plant, type Tree } from '../support/audit-world.ts';
import { endWorlds, makeWorld, type World } from '../support/e2e-world.ts';
import { git, importStream } from '../support/git-repo.ts';

afterAll(endWorlds);

const FIRST: Tree = { 'README.md': 'a project\n', 'app.txt': 'one\ntwo\nthree\n' };
const ONE: Tree = { ...FIRST, 'app.txt': 'ONE\ntwo\nthree\n', 'one.txt': 'one\n' };
const TWO: Tree = { ...FIRST, 'two.txt': 'two\n' };
const BOTH: Tree = { ...ONE, 'two.txt': 'two\n' };

async function auditOf(world: World): Promise<{ code: number; view: AuditView }> {
  const { code, json, stderr } = await world.run<AuditView>(['audit']);
  expect(stderr).toMatch(/^(audited \d+ of \d+ commits\n)*$/);
  return { code, view: json };
}

/** What was found, in short: `[commit, code]`. */
const found = (findings: AuditView['violations']) => findings.map(({ commit, code }) => [commit, code]);

interface Planted {
  plant: Plant;
  world: World;
  /** The first delivery as it should be: branch, merge commit. */
  one: string;
  oneMerged: string;
  /** The branch of the second, which forked before the first. */
  two: string;
}

/** A world where `one` is delivered and `two` waits, both made by hand; `finish` gives main and what is expected. */
async function planted(
  finish: (of: Planted) => Promise<{ main: string; violations: [string, string][]; text?: RegExp }>,
): Promise<void> {
  const world = await makeWorld({ files: FIRST });
  const plant = await Plant.begin(world);
  const one = plant.commit([world.first], ONE, 'work on one');
  const two = plant.commit([world.first], TWO, 'work on two');
  const oneMerged = plant.commit([world.first, one], ONE, 'Merge one');
  await plant.tell(...plant.receipt('one', { base: world.first, sha: one, commit: oneMerged }));
  const { main, violations, text } = await finish({ plant, world, one, oneMerged, two });
  await plant.end(main);
  const { code, view } = await auditOf(world);
  expect({ from: view.from, to: view.to }).toEqual({ from: world.first, to: main });
  expect({ code, violations: found(view.violations) }).toEqual({ code: violations.length === 0 ? 0 : 1, violations });
  if (text) expect(view.violations.map((one) => one.text).join('\n')).toMatch(text);
  const shown = await world.run(['audit'], { text: true });
  for (const [commit] of violations) expect(shown.stdout).toContain(commit.slice(0, 12));
  expect(shown.code).toBe(code);
}

describe('histories made by hand', () => {
  test('S1-Why I3 I4 what is as its receipts say passes: merges, squashes, books, follow-ups', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const twoMerged = plant.commit([oneMerged], BOTH, 'Squash two');
      const booked = { ...BOTH, 'todos/delivered.yaml': '- slug: two\n' };
      const tip = plant.commit([twoMerged], booked, 'Deliver two: bookkeeping');
      const made = { base: oneMerged, sha: two, commit: twoMerged };
      await plant.tell(...plant.receipt('two', made, { strategy: 'squash', tip }));
      await plant.bring(two);
      const todo = { ...booked, 'todos/three-integration-blocked-0123456/state.yaml': 'build: pending\n' };
      const main = plant.commit([tip], todo, 'Follow-ups: open');
      await plant.tell(...plant.followUp('three-integration-blocked-0123456', { base: tip, commit: main }));
      return { main, violations: [] };
    }));

  test('I4 a squash made from a wrong merge base, with a receipt to go with it: what it lost is named', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const wrong = plant.commit([oneMerged], TWO, 'Squash two');
      const made = { base: oneMerged, sha: two, commit: wrong };
      await plant.tell(...plant.receipt('two', made, { strategy: 'squash' }));
      await plant.bring(two);
      return {
        main: wrong,
        violations: [
          [wrong, 'change_lost'],
          [wrong, 'merge_differs'],
        ],
        text: /undid what main had and its branch did not touch: app\.txt, one\.txt/,
      };
    }));

  test('a squash whose branch is gone everywhere is not compared, and that is said', async () => {
    const world = await makeWorld({ files: FIRST });
    const plant = await Plant.begin(world);
    const one = plant.commit([world.first], ONE, 'work on one');
    const main = plant.commit([world.first], ONE, 'Squash one');
    const made = { base: world.first, sha: one, commit: main };
    await plant.tell(...plant.receipt('one', made, { strategy: 'squash' }));
    await plant.end(main);
    const { code, view } = await auditOf(world);
    expect({ code, violations: view.violations, remarks: found(view.remarks) }).toEqual({
      code: 0,
      violations: [],
      remarks: [[main, 'not_compared']],
    });
  });

  test('I4 a revert hidden in a merge commit, with a consistent receipt', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const wrong = plant.commit([oneMerged, two], { ...BOTH, 'app.txt': FIRST['app.txt'] ?? '' }, 'Merge two');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: two, commit: wrong }));
      return {
        main: wrong,
        violations: [
          [wrong, 'change_lost'],
          [wrong, 'merge_differs'],
        ],
        text: /did not touch: app\.txt$/m,
      };
    }));

  test('I4 a revert hidden in a merge that the branch made itself: the merge is right, the change is lost all the same', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const dropped = plant.commit([two, oneMerged], { ...TWO, 'one.txt': 'one\n' }, 'Merge main into two');
      const files = { ...TWO, 'one.txt': 'one\n' };
      const merged = plant.commit([oneMerged, dropped], files, 'Merge two');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: dropped, commit: merged }));
      return { main: merged, violations: [[merged, 'change_lost']], text: /did not touch: app\.txt$/m };
    }));

  test('a change that the branch takes back itself, and one it decides between in a merge, are its own', () =>
    planted(async ({ plant, oneMerged, two, world }) => {
      const onMain = plant.commit([two, oneMerged], BOTH, 'Merge main into two');
      const undone = plant.commit([onMain], { ...BOTH, 'app.txt': FIRST['app.txt'] ?? '' }, 'Take it back');
      const merged = plant.commit([oneMerged, undone], { ...BOTH, 'app.txt': FIRST['app.txt'] ?? '' }, 'Merge two');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: undone, commit: merged }));
      const own = plant.commit([world.first], { ...FIRST, 'app.txt': 'uno\ntwo\nthree\n' }, 'work on three');
      const decided = { ...BOTH, 'app.txt': 'uno\ntwo\nthree\n' };
      const three = plant.commit([own, merged], decided, 'Merge main into three');
      const main = plant.commit([merged, three], decided, 'Merge three');
      await plant.tell(...plant.receipt('three', { base: merged, sha: three, commit: main }));
      return { main, violations: [] };
    }));

  test('I3 a receipt with another tree than the one that landed', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const main = plant.commit([oneMerged, two], BOTH, 'Merge two');
      await plant.tell(
        ...plant.receipt('two', { base: oneMerged, sha: two, commit: main }, { tree: plant.tree(oneMerged) }),
      );
      return { main, violations: [[main, 'tree_differs']] };
    }));

  test('receipts in another order than main has them', () =>
    planted(async ({ plant, oneMerged, two, world }) => {
      const main = plant.commit([oneMerged, two], BOTH, 'Merge two');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: two, commit: main }, { base: world.first }));
      return { main, violations: [[main, 'out_of_chain']], text: /was merged into \w{12}, and stands on \w{12}$/m };
    }));

  test('I3 another commit merged than the approved one', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const newer = plant.commit([two], { ...TWO, 'more.txt': 'more\n' }, 'more work on two');
      const main = plant.commit([oneMerged, newer], { ...BOTH, 'more.txt': 'more\n' }, 'Merge two');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: two, commit: main }));
      return {
        main,
        violations: [
          [main, 'out_of_chain'],
          [main, 'merge_differs'],
        ],
      };
    }));

  test('a merge of three', () =>
    planted(async ({ plant, oneMerged, two, world }) => {
      const third = plant.commit([world.first], { ...FIRST, 'third.txt': 'x\n' }, 'work on three');
      const main = plant.commit([oneMerged, two, third], { ...BOTH, 'third.txt': 'x\n' }, 'Merge two and three');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: two, commit: main }));
      return {
        main,
        violations: [
          [main, 'out_of_chain'],
          [main, 'merge_differs'],
        ],
      };
    }));

  test('a delivery whose receipt is missing, though its trailer names it', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const trailer = `Telec-Candidate: two/work/two@${two}`;
      const main = plant.commit([oneMerged, two], BOTH, `Merge two\n\n${trailer}\n`);
      return { main, violations: [[main, 'no_receipt']], text: new RegExp(`says that it brings two/work/two@${two}`) };
    }));

  test('a commit of somebody else, and a branch pushed to main as it is', () =>
    planted(async ({ plant, oneMerged }) => {
      const foreign = plant.commit([oneMerged], { ...ONE, 'x.txt': 'x\n' });
      const first = plant.commit([foreign], { ...ONE, 'y.txt': 'y\n' }, 'a branch of two');
      const main = plant.commit([first], { ...ONE, 'y.txt': 'yy\n' }, 'its second commit');
      return {
        main,
        violations: [
          [foreign, 'no_receipt'],
          [first, 'no_receipt'],
          [main, 'no_receipt'],
        ],
      };
    }));

  test('books that change code, or a work item that is not removed', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const merged = plant.commit([oneMerged, two], BOTH, 'Merge two');
      const list = { 'todos/delivered.yaml': '- slug: two\n' };
      const book = plant.commit([merged], { ...BOTH, ...list, 'app.txt': 'x\n' }, 'Deliver two: bookkeeping');
      const paper = { ...BOTH, ...list, 'app.txt': 'x\n', 'todos/three/state.yaml': 'x: 1\n' };
      const tip = plant.commit([book], paper, 'Deliver two: todo cleanup');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: two, commit: merged }, { tip }));
      return {
        main: tip,
        violations: [
          [book, 'tree_differs'],
          [tip, 'tree_differs'],
        ],
        text: /none of theirs: app\.txt\n.*none of theirs: todos\/three\/state\.yaml/,
      };
    }));

  test('follow-ups that take another file along', () =>
    planted(async ({ plant, oneMerged }) => {
      const slug = 'two-integration-blocked-0123456';
      const files = { ...ONE, [`todos/${slug}/state.yaml`]: 'build: pending\n', 'app.txt': 'x\n' };
      const main = plant.commit([oneMerged], files, 'Follow-ups');
      await plant.tell(...plant.followUp(slug, { base: oneMerged, commit: main }));
      return { main, violations: [[main, 'tree_differs']], text: /none of theirs: app\.txt$/m };
    }));

  test('books that the receipt names and main does not have', () =>
    planted(async ({ plant, oneMerged, two }) => {
      const main = plant.commit([oneMerged, two], BOTH, 'Merge two');
      const lost = plant.commit([main], { ...BOTH, 'todos/delivered.yaml': '- slug: two\n' }, 'Deliver two');
      await plant.tell(...plant.receipt('two', { base: oneMerged, sha: two, commit: main }, { tip: lost }));
      return { main, violations: [[main, 'out_of_chain']] };
    }));

  test('a delivery that main does not have any more', () =>
    planted(async ({ world, oneMerged }) => ({ main: world.first, violations: [[oneMerged, 'out_of_chain']] })));

  test('commits of another path while nothing was live are exempt; before and behind they are not', async () => {
    const world = await makeWorld({ files: FIRST });
    const plant = await Plant.begin(world);
    const early = plant.commit([world.first], { ...FIRST, 'early.txt': 'x\n' });
    const other = plant.commit([early], { ...FIRST, 'other.txt': 'x\n' });
    const others = plant.commit([other], { ...FIRST, 'others.txt': 'x\n' });
    const late = plant.commit([others], { ...FIRST, 'late.txt': 'x\n' });
    await plant.tell(...plant.decision('rolled_back', early), ...plant.decision('enabled', others));
    await plant.end(late);
    const { code, view } = await auditOf(world);
    expect({ code, violations: found(view.violations), remarks: found(view.remarks) }).toEqual({
      code: 1,
      violations: [
        [early, 'no_receipt'],
        [late, 'no_receipt'],
      ],
      remarks: [[others, 'shadow']],
    });
    expect(view.remarks[0]?.text).toBe('2 commits up to here came by another path, in shadow');
  });

  test('what a person permitted is named with who and why, and what it took along', async () => {
    const world = await makeWorld({ files: FIRST });
    const plant = await Plant.begin(world);
    const below = plant.commit([world.first], { ...FIRST, 'below.txt': 'x\n' });
    const allowed = plant.commit([below], { ...FIRST, 'allowed.txt': 'x\n' });
    const foreign = plant.commit([allowed], { ...FIRST, 'foreign.txt': 'x\n' });
    await plant.tell(...plant.permit(allowed));
    await plant.end(foreign);
    const { code, view } = await auditOf(world);
    const who = 'by admin/ann (the registry was down)';
    expect({ code, violations: found(view.violations), remarks: view.remarks }).toEqual({
      code: 1,
      violations: [[foreign, 'no_receipt']],
      remarks: [
        { commit: below, code: 'permitted', text: `came along with ${allowed.slice(0, 12)}, permitted ${who}` },
        { commit: allowed, code: 'permitted', text: `permitted ${who}` },
      ],
    });
  });

  test('1,000 deliveries are audited in less than a minute', async () => {
    const world = await makeWorld({ files: FIRST });
    const plant = await Plant.begin(world);
    const slugs = Array.from({ length: 1000 }, (_, index) => `item-${index}`);
    const stream = [`feature done\nreset refs/heads/planted\nfrom ${world.first}\n`];
    const person = (time: number) => `committer tester <tester@localhost> ${1_000_000_000 + time} +0000`;
    for (const [index, slug] of slugs.entries()) {
      const file = `M 100644 inline d${index % 50}/${slug}.txt\ndata ${slug.length + 1}\n${slug}\n\n`;
      const work = `commit refs/heads/work/${slug}\nmark :${2 * index + 1}\n${person(index)}\ndata 4\nwork\n`;
      stream.push(`${work}from ${index < 20 ? world.first : `:${2 * (index - 20) + 2}`}\n${file}`);
      const merge = `commit refs/heads/planted\nmark :${2 * index + 2}\n${person(index)}\ndata 5\nmerge\n`;
      stream.push(`${merge}from ${index === 0 ? world.first : `:${2 * index}`}\nmerge :${2 * index + 1}\n${file}`);
    }
    importStream(world.remoteDir, `${stream.join('')}done\n`);
    const line = git(
      world.remoteDir,
      'log',
      '--first-parent',
      '--reverse',
      '--format=%H %P %T',
      `${world.first}..planted`,
    );
    const receipts = line.split('\n').flatMap((text, index) => {
      const [commit = '', base = '', sha = '', tree = ''] = text.split(' ');
      return plant.receipt(slugs[index] ?? '', { base, sha, commit }, { tree, tip: commit });
    });
    await plant.tell(...receipts);
    await plant.end(git(world.remoteDir, 'rev-parse', 'planted'));
    const began = performance.now();
    const { code, view } = await auditOf(world);
    const took = performance.now() - began;
    expect({ code, commits: view.commits, violations: view.violations, remarks: view.remarks }).toEqual({
      code: 0,
      commits: 1000,
      violations: [],
      remarks: [],
    });
    expect(took).toBeLessThan(60_000);
  }, 180_000);
});
