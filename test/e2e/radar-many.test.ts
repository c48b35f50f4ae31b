/** How much the radar asks of git: counted on a real repository with two hundred branches. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Node, Target } from '../../src/actors/radar/aim.ts';
import { Survey } from '../../src/actors/radar/survey.ts';
import { systemClock } from '../../src/io/clock.ts';
import type { IntegrationRepository } from '../../src/io/git/port.ts';
import { openRepository } from '../../src/io/git/repository.ts';
import { git, importCommits, initBare, scratch } from '../support/git-repo.ts';

const BRANCHES = 200;

describe('two hundred branches', () => {
  const { dir, remove } = scratch('telec-radar-');
  const remoteDir = join(dir, 'remote.git');
  let repository: IntegrationRepository;
  let files: Record<string, string>;
  let first = '';
  let heads: string[] = [];
  let made = 0;

  /** Each changes a file of its own; every twentieth the same file, too, which makes groups of conflicts. */
  const contentOf = (index: number): Record<string, string> => ({
    ...files,
    [`part-${index}/own.txt`]: `branch ${index}\n`,
    ...(index % 20 === 0 ? { 'shared.txt': `branch ${index}\n` } : {}),
  });
  const commit = (parent: string | null, content: Record<string, string>): string => {
    made += 1;
    const parents = parent === null ? [] : [parent];
    const [sha = ''] = importCommits(remoteDir, [{ parents, files: content, message: `commit ${made}`, time: made }]);
    git(remoteDir, 'update-ref', `refs/heads/commit-${made}`, sha);
    return sha;
  };
  const nodeOf = (sha: string, index: number): Node => {
    return { branch: `work/${index}`, sha, slug: null, place: null, owner: null, owner_from: null };
  };
  const target = (main: string): Target => {
    return { main, mainBranch: 'main', nodes: heads.map(nodeOf), leftOut: 0, isWhole: true };
  };
  const bring = async () => {
    const refs = git(remoteDir, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/commit-*').split('\n');
    expect(await repository.fetch(refs.filter(Boolean))).toEqual({ kind: 'fetched' });
  };

  beforeAll(async () => {
    initBare(remoteDir);
    files = { 'shared.txt': 'shared\n', 'main.txt': 'main\n' };
    for (let index = 0; index < BRANCHES; index += 1) files[`part-${index}/own.txt`] = 'own\n';
    first = commit(null, files);
    git(remoteDir, 'update-ref', 'refs/heads/main', first);
    heads = importCommits(
      remoteDir,
      Array.from({ length: BRANCHES }, (_, index) => {
        return { parents: [first], files: contentOf(index), message: `branch ${index}`, time: 1000 + index };
      }),
    );
    heads.forEach((sha, index) => {
      git(remoteDir, 'update-ref', `refs/heads/commit-h${index}`, sha);
    });
    const remote = { url: remoteDir, config: [] as [string, string][], env: {}, safeDirectories: [] };
    repository = await openRepository({ dir: join(dir, 'private'), clonePath: remoteDir, remote, main: 'main' });
    await bring();
  }, 120_000);
  afterAll(async () => {
    await repository.close();
    remove();
  });

  test('ask git about what may meet, and about nothing twice', async () => {
    const survey = new Survey(repository, systemClock);
    const compare = async (main: string) => {
      await survey.aimAt(target(main));
      expect(await survey.step(Number.POSITIVE_INFINITY)).toBe(true);
      const found = survey.sightings();
      expect(found.every(({ complete }) => complete)).toBe(true);
      const conflicts = found.flatMap(({ conflicts }) => conflicts);
      return { merges: survey.merges, conflicts: conflicts.length };
    };
    // Ten branches share a file: 45 pairs of the 19,900.
    expect(await compare(first)).toEqual({ merges: BRANCHES + 45, conflicts: 90 });
    expect(await compare(first)).toEqual({ merges: 0, conflicts: 90 });

    // Main takes what nobody changed, then what one branch changed, too.
    const beside = commit(first, { ...files, 'main.txt': 'moved\n' });
    await bring();
    expect(await compare(beside)).toEqual({ merges: 0, conflicts: 90 });
    const across = commit(beside, { ...files, 'main.txt': 'moved\n', 'part-7/own.txt': 'main\n' });
    await bring();
    expect(await compare(across)).toEqual({ merges: 1, conflicts: 91 });

    // One of the ten moves: it is compared with main and with the nine.
    const moved = commit(first, { ...contentOf(20), 'new.txt': 'new\n' });
    await bring();
    heads = heads.with(20, moved);
    expect(await compare(across)).toEqual({ merges: 1 + 9, conflicts: 91 });
  }, 120_000);

  test('are compared in short steps: what a step does not reach is left for the next, and nothing is taken for clean before', async () => {
    const survey = new Survey(repository, systemClock);
    await survey.aimAt(target(first));
    let steps = 0;
    for (let isDone = false; !isDone; steps += 1) {
      isDone = await survey.step(0);
      expect(survey.sightings().every(({ complete }) => complete)).toBe(isDone);
    }
    expect(steps).toBe(Math.ceil((BRANCHES + 45) / 16));
    const aborted = new AbortController();
    aborted.abort();
    const other = new Survey(repository, systemClock);
    await other.aimAt(target(first));
    expect(await other.step(Number.POSITIVE_INFINITY, aborted.signal)).toBe(false);
  }, 120_000);

  test('a merge that git cannot tell about is no clean one, and is tried with the next look', async () => {
    let isBroken = true;
    const { foresight } = repository;
    const broken: IntegrationRepository = Object.create(repository, {
      foresight: {
        value: {
          ownChanges: (main: string, commits: string[]) => foresight.ownChanges(main, commits),
          authored: (sha: string) => foresight.authored(sha),
          merges: async (requests: { base: string; sha: string }[]) =>
            isBroken ? requests.map(() => ({ kind: 'error', detail: 'broken' })) : foresight.merges(requests),
        },
      },
    });
    const survey = new Survey(broken, systemClock);
    await survey.aimAt(target(first));
    expect(await survey.step(Number.POSITIVE_INFINITY)).toBe(true);
    expect(survey.sightings().some(({ complete }) => complete)).toBe(false);
    isBroken = false;
    await survey.aimAt(target(first));
    await survey.step(Number.POSITIVE_INFINITY);
    expect(survey.sightings().every(({ complete }) => complete)).toBe(true);
  }, 120_000);
});
