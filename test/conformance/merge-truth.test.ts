import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showPath } from '../../src/io/git/paths.ts';
import type { ConflictPath, IntegrationRepository } from '../../src/io/git/port.ts';
import { openRepository } from '../../src/io/git/repository.ts';
import { collide, footprintOf } from '../../src/machines/footprint.ts';
import { git, hermeticEnv, importCommits, initBare, scratch, tryGit } from '../support/git-repo.ts';
import { generateCase, type MergeCase, randomFrom, sameFile, toSpecs } from '../support/merge-cases.ts';

const CASES = Number(process.env['TELEC_MERGE_CASES'] ?? 240);
const SEED = Number(process.env['TELEC_MERGE_SEED'] ?? 1);

interface Prepared {
  seed: number;
  merge: MergeCase;
  ours: string;
  theirs: string;
}

type Truth = { kind: 'clean'; tree: string } | { kind: 'conflict'; paths: ConflictPath[] };

describe('merges against git merge in a checkout', () => {
  const { dir, remove } = scratch('telec-truth-');
  let repository: IntegrationRepository;
  let cases: Prepared[];
  const checkout = join(dir, 'checkout');

  beforeAll(async () => {
    const bank = initBare(join(dir, 'bank.git'));
    const merges = Array.from({ length: CASES }, (_, at) => ({ seed: SEED + at, merge: generateCase(SEED + at) }));
    const specs = merges.reduce<ReturnType<typeof toSpecs>>(
      (all, { merge }) => all.concat(toSpecs(merge, all.length)),
      [],
    );
    const ids = importCommits(bank, specs, 'refs/heads/c');
    let offset = 0;
    cases = merges.map(({ seed, merge }) => {
      const prepared = { seed, merge, ours: ids[offset + merge.ours] ?? '', theirs: ids[offset + merge.theirs] ?? '' };
      offset += merge.commits.length;
      return prepared;
    });
    git('/', 'clone', '--quiet', '--shared', '--no-checkout', '--template=', bank, checkout);
    const remote = { url: bank, config: [] as [string, string][], env: {}, safeDirectories: [] };
    repository = await openRepository({ dir: join(dir, 'private'), clonePath: bank, remote, main: 'c0' });
  });
  afterAll(async () => {
    await repository.close();
    remove();
  });

  /** What `git merge` does in a checkout of `ours`. */
  function truth(ours: string, theirs: string): Truth {
    git(checkout, 'checkout', '--quiet', '--force', '--detach', ours);
    const env = { ...hermeticEnv };
    const answer = tryGit(checkout, ['merge', '--quiet', '--no-ff', '-m', 'merge', theirs], { env });
    if (answer.status === 0) return { kind: 'clean', tree: git(checkout, 'rev-parse', 'HEAD^{tree}') };
    if (answer.status !== 1) throw new Error(`git merge failed: ${answer.status} ${answer.stderr}`);
    const unmerged = tryGit(checkout, ['ls-files', '--unmerged', '-z']).stdout.toString('latin1');
    const stages = new Map<string, number[]>();
    for (const entry of unmerged.split('\0').filter(Boolean)) {
      // A file that had to make way is called after its side (a checkout calls its own HEAD); both know it without that.
      const named = showPath(Buffer.from(entry.slice(entry.indexOf('\t') + 1), 'latin1'));
      const aside = ['~HEAD', `~${theirs}`].find((side) => named.endsWith(side));
      const path = aside ? named.slice(0, -aside.length) : named;
      stages.set(path, [...(stages.get(path) ?? []), Number(entry.slice(0, entry.indexOf('\t')).split(' ')[2])]);
    }
    git(checkout, 'reset', '--quiet', '--hard');
    git(checkout, 'clean', '-ffdxq');
    return { kind: 'conflict', paths: [...stages].map(([path, list]) => ({ path, stages: list })) };
  }

  const mergeOf = (ours: string, theirs: string) =>
    repository.merge({
      base: ours,
      sha: theirs,
      strategy: 'merge',
      message: 'merge\n',
      author: 'telec <telec@localhost>',
      timeSeconds: 1_000_000_000,
    });

  it(`gives verdict, tree and conflicted paths of git merge in ${CASES} generated merges; the self-check passes every clean one and catches what was tampered with`, async () => {
    const count = { clean: 0, conflict: 0, crossed: 0, skipped: 0, tampered: 0 };
    for (const { seed, merge, ours, theirs } of cases) {
      const expected = truth(ours, theirs);
      const outcome = await mergeOf(ours, theirs);
      const context = `seed ${seed}`;
      if (expected.kind === 'conflict') {
        count.conflict += 1;
        expect({ context, outcome }).toEqual({ context, outcome: expected });
        continue;
      }
      count.clean += 1;
      if (outcome.kind === 'integrated') {
        expect({ context, tree: await repository.treeOf(ours) }).toEqual({ context, tree: expected.tree });
        continue;
      }
      expect({ context, outcome }).toMatchObject({ context, outcome: { kind: 'merged', tree: expected.tree } });
      if (outcome.kind !== 'merged') continue;
      if (merge.bases.length > 1) count.crossed += 1;
      else {
        // A generated criss-cross drops changes in merges of its own.
        const lost = await repository.lostChanges(ours, theirs, outcome.commit);
        expect({ context, lost }).toEqual({ context, lost: { kind: 'kept' } });
      }
      const checked = await repository.selfCheck(ours, theirs, outcome.commit);
      expect({ context, checked }).toMatchObject({ context, checked: { kind: 'same' } });
      if (checked.kind === 'same') count.skipped += checked.skipped;
      count.tampered += await tamper(seed, merge, ours, theirs, outcome.commit);
    }
    expect(count.clean).toBeGreaterThan(CASES / 5);
    expect(count.conflict).toBeGreaterThan(CASES / 5);
    expect(count.crossed).toBeGreaterThan(0);
    expect(count.skipped).toBeGreaterThan(0);
    expect(count.tampered).toBeGreaterThan(count.clean);
  }, 300_000);

  it('makes all of them once more, many by one process, and gives the same trees and verdicts', async () => {
    const requests = cases.map(({ ours, theirs }) => ({ base: ours, sha: theirs }));
    const again = await repository.remerge(requests);
    const count = { clean: 0, conflict: 0 };
    for (const [index, { seed, ours, theirs }] of cases.entries()) {
      const outcome = await mergeOf(ours, theirs);
      const expected =
        outcome.kind === 'conflict'
          ? { kind: 'conflict', paths: outcome.paths }
          : { kind: 'clean', tree: outcome.kind === 'merged' ? outcome.tree : await repository.treeOf(ours) };
      expect({ seed, again: again[index] }).toEqual({ seed, again: expected });
      count[expected.kind === 'conflict' ? 'conflict' : 'clean'] += 1;
    }
    expect(count.clean + count.conflict).toBe(CASES);
    expect(Math.min(count.clean, count.conflict)).toBeGreaterThan(CASES / 5);
  }, 300_000);

  it('merges cleanly whatever the radar takes for apart, moved folders included', async () => {
    const count = { apart: 0, close: 0, conflict: 0 };
    const footprint = async (main: string, sha: string) => {
      const [changes] = await repository.foresight.ownChanges(main, [sha]);
      return Array.isArray(changes) ? footprintOf(changes) : new Set<string>();
    };
    for (const { seed, ours, theirs } of cases) {
      const outcome = await mergeOf(ours, theirs);
      const close = collide(await footprint(theirs, ours), await footprint(ours, theirs));
      if (outcome.kind === 'conflict') count.conflict += 1;
      count[close ? 'close' : 'apart'] += 1;
      expect({ seed, kind: outcome.kind, close }).not.toMatchObject({ kind: 'conflict', close: false });
    }
    expect(count.apart).toBeGreaterThan(0);
    expect(count.close).toBeGreaterThanOrEqual(count.conflict);
  }, 300_000);

  /** Damages a right result in ways the rule decides, and expects each to be found. Returns how many. */
  async function tamper(seed: number, merge: MergeCase, ours: string, theirs: string, result: string): Promise<number> {
    const random = randomFrom(seed);
    const tree = (at: number) => merge.commits[at]?.tree ?? new Map();
    const bases = merge.bases.map(tree);
    const [mine, other] = [tree(merge.ours), tree(merge.theirs)];
    const decided = [...new Set([...mine.keys(), ...other.keys()])].filter((path) => {
      const origins = bases.map((base) => base.get(path));
      if (!origins.every((file) => file !== undefined && sameFile(file, origins[0]))) return false;
      const [file, its] = [mine.get(path), other.get(path)];
      // Plain text names only, and one side left it alone while neither removed it.
      return (
        file?.mode === '100644' &&
        its?.mode === '100644' &&
        /^[\x20-\x7e]+$/.test(path) &&
        !path.includes('\\') &&
        (sameFile(file, origins[0]) || sameFile(its, origins[0]))
      );
    });
    const victim = decided[Math.floor(random() * decided.length)];
    const damages: { path: string; content: string | null }[] = [{ path: 'nobody-wrote-this', content: 'x\n' }];
    if (victim !== undefined) damages.push({ path: victim, content: 'damaged\n' }, { path: victim, content: null });
    const changed = decided.find((path) => !sameFile(mine.get(path), other.get(path)));
    if (changed !== undefined) {
      const lost = sameFile(mine.get(changed), bases[0]?.get(changed)) ? mine.get(changed) : other.get(changed);
      damages.push({ path: changed, content: lost?.content ?? '' });
    }
    for (const damage of damages) {
      const commit = await repository.commitChanges({
        parent: result,
        changes: [damage],
        message: 'damage',
        author: 'x <x>',
        timeSeconds: 1,
      });
      expect({ seed, damage, checked: await repository.selfCheck(ours, theirs, commit ?? result) }).toMatchObject({
        seed,
        damage,
        checked: { kind: 'differs', paths: expect.arrayContaining([damage.path]) },
      });
    }
    return damages.length;
  }

  const text = (edit = '') =>
    Array.from({ length: 12 }, (_, at) => (edit && at === 6 ? `${edit}\n` : `line ${at}\n`)).join('');

  it.each([
    ['main edited a file the branch moved', { 'x.txt': text('main') }, { 'y.txt': text() }, 'y.txt', text()],
    ['the branch edited a file main moved', { 'y.txt': text() }, { 'x.txt': text('branch') }, 'y.txt', text()],
    ['the edited file did not follow its move', { 'x.txt': text('main') }, { 'y.txt': text() }, 'x.txt', text('main')],
  ])('follows a moved file: %s', async (_, oursFiles, theirsFiles, path, wrong) => {
    const bank = join(dir, 'private');
    const [, ours = '', theirs = ''] = importCommits(
      bank,
      [
        { parents: [], files: { 'x.txt': text(), keep: 'k\n' } },
        { parents: [':1'], files: { ...(oursFiles as Record<string, string>), keep: 'k\n' } },
        { parents: [':1'], files: { ...(theirsFiles as Record<string, string>), keep: 'k\n' } },
      ],
      'refs/telec/test/',
    );
    const outcome = await mergeOf(ours, theirs);
    if (outcome.kind !== 'merged') throw new Error(`expected a merge, got ${JSON.stringify(outcome)}`);
    expect(await repository.selfCheck(ours, theirs, outcome.commit)).toEqual({ kind: 'same', skipped: 0 });
    const damage = { parent: outcome.commit, message: 'd', author: 'x <x>', timeSeconds: 1 };
    const commit = await repository.commitChanges({ ...damage, changes: [{ path, content: wrong }] });
    expect((await repository.selfCheck(ours, theirs, commit ?? '')).kind).toBe('differs');
  });

  it.each(['ours', 'theirs'] as const)(
    'leaves to git which copy of a removed file carries the edit: moved by %s',
    async (moved) => {
      const keep = { keep: 'k\n', 'far/keep': 'k\n' };
      const copies = { 'far/one.txt': text(), 'near/two.txt': text(), ...keep };
      const edited = { 'near/x.txt': text('edit'), ...keep };
      const [, ours = '', theirs = ''] = importCommits(
        join(dir, 'private'),
        [
          { parents: [], files: { 'near/x.txt': text(), ...keep } },
          { parents: [':1'], files: moved === 'ours' ? copies : edited },
          { parents: [':1'], files: moved === 'ours' ? edited : copies },
        ],
        'refs/telec/test/',
      );
      const outcome = await mergeOf(ours, theirs);
      if (outcome.kind !== 'merged') throw new Error(`expected a merge, got ${JSON.stringify(outcome)}`);
      expect(await repository.selfCheck(ours, theirs, outcome.commit)).toMatchObject({ kind: 'same' });
      const damage = { parent: outcome.commit, message: 'd', author: 'x <x>', timeSeconds: 1 };
      const changes = [{ path: 'near/two.txt', content: text('other') }];
      const commit = await repository.commitChanges({ ...damage, changes });
      expect(await repository.selfCheck(ours, theirs, commit ?? '')).toEqual({
        kind: 'differs',
        paths: ['near/two.txt'],
      });
    },
  );

  it('takes nothing for lost that a branch moved, in its own merge of main, together with the folder it was put into', async () => {
    const moved = { 'e/a': text(), 'e/b': text('b') };
    const [, ours = '', , theirs = ''] = importCommits(
      join(dir, 'private'),
      [
        { parents: [], files: { 'd/a': text(), 'd/b': text('b') } },
        { parents: [':1'], files: { 'd/a': text(), 'd/b': text('b'), 'd/new': 'n\n' } },
        { parents: [':1'], files: moved },
        { parents: [':3', ':2'], files: { ...moved, 'e/new': 'n\n' } },
      ],
      'refs/telec/moved/',
    );
    const outcome = await mergeOf(ours, theirs);
    if (outcome.kind !== 'merged') throw new Error(`expected a merge, got ${JSON.stringify(outcome)}`);
    expect(await repository.listFiles(outcome.commit, '')).toEqual(['e/a', 'e/b', 'e/new']);
    expect(await repository.lostChanges(ours, theirs, outcome.commit)).toEqual({ kind: 'kept' });
  });
});
