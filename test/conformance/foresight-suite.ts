/** What the radar asks of an `IntegrationRepository`, whoever implements it. Merges are decided by whole files here. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntegrationRepository } from '../../src/io/git/port.ts';
import type { GitWorld } from '../support/git-world.ts';

const MISSING = '1234567890123456789012345678901234567890';

export function foresightConformance(name: string, makeWorld: () => Promise<GitWorld>): void {
  describe(`${name}, asked what will happen`, () => {
    let world: GitWorld;
    let repository: IntegrationRepository;
    let origin: string;
    let main: string;
    let made = 100;

    const commit = (parents: string[], files: Record<string, string>) => {
      made += 1;
      return world.commit({ parents, files, message: 'commit', time: made });
    };
    const bring = async (...shas: string[]) => {
      const refs = shas.map((sha, index) => ({ ref: `bring/${made}-${index}`, sha }));
      for (const { ref, sha } of refs) await world.setRemoteRef(`refs/heads/${ref}`, sha);
      expect(await repository.fetch(refs.map(({ ref }) => ref))).toEqual({ kind: 'fetched' });
    };

    beforeEach(async () => {
      world = await makeWorld();
      origin = await commit([], { a: 'a0\n', b: 'b0\n', c: 'c0\n' });
      main = await commit([origin], { a: 'a1\n', b: 'b0\n', c: 'c0\n' });
      await world.setRemoteRef('refs/heads/main', main);
      repository = await world.open();
      await bring();
    });
    afterEach(() => world.close());

    it('tells what a branch changes on its own, whatever main did since, and where that is nothing to tell', async () => {
      const work = await commit([origin], { a: 'a0\n', b: 'b1\n', 'new/d': 'd\n' });
      const above = await commit([work], { a: 'a0\n', b: 'b1\n', c: 'c1\n', 'new/d': 'd\n' });
      const stranger = await commit([], { b: 'other\n' });
      await bring(work, above, stranger);
      const answers = await repository.foresight.ownChanges(main, [work, above, stranger, MISSING, origin, main]);
      const sorted = answers.map((answer) =>
        Array.isArray(answer) ? answer.sort((one, other) => (one.path < other.path ? -1 : 1)) : answer,
      );
      expect(sorted).toEqual([
        [
          { path: 'b', how: 'changed' },
          { path: 'c', how: 'removed' },
          { path: 'new/d', how: 'added' },
        ],
        [
          { path: 'b', how: 'changed' },
          { path: 'c', how: 'changed' },
          { path: 'new/d', how: 'added' },
        ],
        null,
        null,
        'merged',
        'merged',
      ]);
      await expect(repository.foresight.ownChanges(MISSING, [work])).rejects.toThrow();
    });

    it('tells it anew when main has taken a part of it', async () => {
      const first = await commit([origin], { a: 'a0\n', b: 'b1\n', c: 'c0\n' });
      const second = await commit([first], { a: 'a0\n', b: 'b1\n', c: 'c1\n' });
      await bring(second);
      expect(await repository.foresight.ownChanges(origin, [second])).toEqual([
        [
          { path: 'b', how: 'changed' },
          { path: 'c', how: 'changed' },
        ],
      ]);
      expect(await repository.foresight.ownChanges(first, [second])).toEqual([[{ path: 'c', how: 'changed' }]]);
    });

    it('merges many at once: clean ones, conflicts with their paths, and what cannot be told, each by itself', async () => {
      const rival = await commit([origin], { a: 'a2\n', b: 'b2\n', c: 'c0\n' });
      const friend = await commit([origin], { a: 'a0\n', b: 'b3\n', c: 'c0\n' });
      await bring(rival, friend);
      const outcomes = await repository.foresight.merges([
        { base: main, sha: friend },
        { base: main, sha: rival },
        { base: main, sha: MISSING },
        { base: friend, sha: rival },
        { base: main, sha: friend },
      ]);
      const clean = { kind: 'clean', tree: expect.any(String) };
      const conflict = (path: string) => ({ kind: 'conflict', paths: [{ path, stages: [1, 2, 3] }] });
      const failed = { kind: 'error', detail: expect.any(String) };
      expect(outcomes).toEqual([clean, conflict('a'), failed, conflict('b'), clean]);
      expect(outcomes[4]).toEqual(outcomes[0]);
      expect(await repository.foresight.merges([])).toEqual([]);
    });

    it('leaves no ref and no branch behind', async () => {
      const rival = await commit([origin], { a: 'a2\n', b: 'b0\n', c: 'c0\n' });
      await bring(rival);
      const before = await world.remoteRefs();
      await repository.foresight.merges([{ base: main, sha: rival }]);
      expect(await world.remoteRefs()).toEqual(before);
    });

    it('knows who wrote a commit, and when it was made', async () => {
      const work = await commit([origin], { a: 'a0\n', b: 'b1\n', c: 'c0\n' });
      await bring(work);
      const told = await repository.foresight.authored(work);
      expect(told?.timeSeconds).toBe(made);
      expect(typeof told?.author).toBe('string');
      expect(await repository.foresight.authored(MISSING)).toBeNull();
    });
  });
}
