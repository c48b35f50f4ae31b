/** What an audit asks of an `IntegrationRepository`, whoever implements it. Merges are decided by whole files here. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntegrationRepository } from '../../src/io/git/port.ts';
import type { GitWorld } from '../support/git-world.ts';

const MISSING = '1234567890123456789012345678901234567890';

export function auditConformance(name: string, makeWorld: () => Promise<GitWorld>): void {
  describe(`${name}, asked by an audit`, () => {
    let world: GitWorld;
    let repository: IntegrationRepository;
    /** origin has a and b; main changed a; feature changed b. */
    let origin: string;
    let main: string;
    let feature: string;
    let made = 100;

    const commit = (parents: string[], files: Record<string, string>, message = 'commit') => {
      made += 1;
      return world.commit({ parents, files, message, time: made });
    };
    /** Makes commits known to the repository. */
    const bring = async (...shas: string[]) => {
      const refs = shas.map((sha, index) => ({ ref: `bring/${made}-${index}`, sha }));
      for (const { ref, sha } of refs) await world.setRemoteRef(`refs/heads/${ref}`, sha);
      expect(await repository.fetch(refs.map(({ ref }) => ref))).toEqual({ kind: 'fetched' });
    };

    beforeEach(async () => {
      world = await makeWorld();
      origin = await commit([], { a: 'a0\n', b: 'b0\n' }, 'origin');
      main = await commit([origin], { a: 'a1\n', b: 'b0\n' }, 'main');
      feature = await commit([origin], { a: 'a0\n', b: 'b1\n' }, 'feature');
      await world.setRemoteRef('refs/heads/main', main);
      repository = await world.open();
      await bring(feature);
    });
    afterEach(() => world.close());

    describe('making merges once more', () => {
      it('gives the tree that the merge has, and the base as it is where nothing is new', async () => {
        const merged = await commit([main, feature], { a: 'a1\n', b: 'b1\n' });
        await bring(merged);
        const requests = [
          { base: main, sha: feature },
          { base: merged, sha: feature },
        ];
        const tree = await repository.treeOf(merged);
        expect(await repository.remerge(requests)).toEqual([
          { kind: 'clean', tree },
          { kind: 'clean', tree },
        ]);
        expect(await repository.remerge([])).toEqual([]);
      });

      it('answers each by itself: a conflict and a missing commit say nothing of those around them', async () => {
        const rival = await commit([origin], { a: 'a2\n', b: 'b0\n' });
        await bring(rival);
        const [first, conflict, missing, noBase, last] = await repository.remerge([
          { base: main, sha: feature },
          { base: main, sha: rival },
          { base: main, sha: MISSING },
          { base: MISSING, sha: feature },
          { base: main, sha: feature },
        ]);
        expect(first?.kind).toBe('clean');
        expect(conflict).toEqual({ kind: 'conflict', paths: [{ path: 'a', stages: [1, 2, 3] }] });
        expect([missing?.kind, noBase?.kind]).toEqual(['error', 'error']);
        expect(last).toEqual(first);
      });
    });

    describe('looking for lost changes', () => {
      it('finds none in a right merge', async () => {
        const merged = await commit([main, feature], { a: 'a1\n', b: 'b1\n' });
        await bring(merged);
        expect(await repository.lostChanges(main, feature, merged)).toEqual({ kind: 'kept' });
      });

      it('names what a merge took back, a removed file and a removed removal', async () => {
        const onMain = await commit([main], { a: 'a1\n', c: 'c1\n' });
        const wrong = await commit([onMain, feature], { a: 'a0\n', b: 'b1\n' });
        await bring(onMain, wrong);
        expect(await repository.lostChanges(onMain, feature, wrong)).toEqual({ kind: 'lost', paths: ['a', 'c'] });
        const back = await commit([origin], { a: 'a0\n', b: 'b0\n', d: 'd\n' });
        const restored = await commit([onMain, back], { a: 'a1\n', b: 'b0\n', c: 'c1\n', d: 'd\n' });
        await bring(back, restored);
        expect(await repository.lostChanges(onMain, back, restored)).toEqual({ kind: 'lost', paths: ['b'] });
      });

      it('does not name what a commit of the branch took back on purpose, nor what a merge had to decide', async () => {
        const taken = await commit([feature, main], { a: 'a1\n', b: 'b1\n' });
        const back = await commit([taken], { a: 'a0\n', b: 'b1\n' });
        const merged = await commit([main, back], { a: 'a0\n', b: 'b1\n' });
        await bring(back, merged);
        expect(await repository.lostChanges(main, back, merged)).toEqual({ kind: 'kept' });
        const rival = await commit([origin], { a: 'a2\n', b: 'b0\n' });
        const decided = await commit([rival, main], { a: 'a2\n', b: 'b0\n' });
        const landed = await commit([main, decided], { a: 'a2\n', b: 'b0\n' });
        await bring(decided, landed);
        expect(await repository.lostChanges(main, decided, landed)).toEqual({ kind: 'kept' });
      });

      it('names what a merge of the branch itself dropped', async () => {
        const dropped = await commit([feature, main], { a: 'a0\n', b: 'b1\n' });
        const merged = await commit([main, dropped], { a: 'a0\n', b: 'b1\n' });
        await bring(dropped, merged);
        expect(await repository.lostChanges(main, dropped, merged)).toEqual({ kind: 'lost', paths: ['a'] });
      });

      it('says when it cannot tell', async () => {
        expect((await repository.lostChanges(main, MISSING, feature)).kind).toBe('error');
        expect((await repository.lostChanges(main, feature, MISSING)).kind).toBe('error');
      });
    });

    describe('reading main', () => {
      it('lists the ids of the first-parent line behind a commit, oldest first', async () => {
        const merged = await commit([main, feature], { a: 'a1\n', b: 'b1\n' });
        await bring(merged);
        expect(await repository.firstParents(origin, merged)).toEqual([main, merged]);
        expect(await repository.firstParents(null, merged)).toEqual([origin, main, merged]);
        expect(await repository.firstParents(merged, merged)).toEqual([]);
      });

      it('reads one commit with its trailers, and knows when it is not there', async () => {
        const message = 'Merge x\n\nTelec-Candidate: x/feat/x@1\nTelec-Fence: 7\n';
        const merged = await commit([main, feature], { a: 'a1\n', b: 'b1\n' }, message);
        await bring(merged);
        expect(await repository.commitOf(merged)).toEqual({
          sha: merged,
          parents: [main, feature],
          tree: await repository.treeOf(merged),
          candidate: 'x/feat/x@1',
          books: null,
          fence: '7',
          subject: 'Merge x',
          timeSeconds: made,
        });
        expect(await repository.commitOf(MISSING)).toBeNull();
      });

      it('tells which paths differ between two commits, and which are gone', async () => {
        const other = await commit([main], { a: 'a2\n', 'd/e': 'e\n' });
        await bring(other);
        expect(await repository.pathChanges(main, other)).toEqual([
          { path: 'a', removed: false },
          { path: 'b', removed: true },
          { path: 'd/e', removed: false },
        ]);
        expect(await repository.pathChanges(main, main)).toEqual([]);
      });
    });
  });
}
