/**
 * The behaviour of an `IntegrationRepository`, whoever implements it. Merges are decided by whole files here: two sides
 * that change one file differently conflict.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FenceNote, IntegrationRepository, MergeRequest } from '../../src/io/git/port.ts';
import type { GitWorld } from '../support/git-world.ts';

const AUTHOR = 'integrator <integrator@localhost>';
const NOTE: FenceNote = {
  fence: 7,
  seq: 1,
  session: 'integrator-a',
  log: 'log-1',
  repo: 'app-0123456789ab',
  main: 'main',
};
const MISSING = '1234567890123456789012345678901234567890';

export function gitConformance(name: string, makeWorld: () => Promise<GitWorld>): void {
  describe(`${name} as the private repository`, () => {
    let world: GitWorld;
    let repository: IntegrationRepository;
    /** origin has a and b; main changed a; feature changed b. */
    let origin: string;
    let main: string;
    let feature: string;

    beforeEach(async () => {
      world = await makeWorld();
      origin = await world.commit({ parents: [], files: { a: 'a0\n', b: 'b0\n' }, message: 'origin', time: 100 });
      main = await world.commit({ parents: [origin], files: { a: 'a1\n', b: 'b0\n' }, message: 'main', time: 101 });
      feature = await world.commit({
        parents: [origin],
        files: { a: 'a0\n', b: 'b1\n' },
        message: 'feature',
        time: 102,
      });
      await world.setRemoteRef('refs/heads/main', main);
      await world.setRemoteRef('refs/heads/feat/x', feature);
      repository = await world.open();
    });
    afterEach(() => world.close());

    const request = (base: string, sha: string, more: Partial<MergeRequest> = {}): MergeRequest => ({
      base,
      sha,
      strategy: 'merge',
      message: `Merge it\n\nTelec-Candidate: x/feat/x@${sha}\nTelec-Fence: 7\n`,
      author: AUTHOR,
      timeSeconds: 500,
      ...more,
    });
    const branch = async (ref: string, sha: string) => {
      await world.setRemoteRef(`refs/heads/${ref}`, sha);
      expect(await repository.fetch([ref])).toEqual({ kind: 'fetched' });
    };
    const merged = async (base: string, sha: string, more: Partial<MergeRequest> = {}) => {
      const outcome = await repository.merge(request(base, sha, more));
      if (outcome.kind !== 'merged') throw new Error(`expected a merge, got ${JSON.stringify(outcome)}`);
      return outcome;
    };
    const grant = async (from: string | null, seq: number) => {
      const fence = await repository.writeFence(from, { ...NOTE, seq }, AUTHOR, 600 + seq);
      expect(await repository.push({ tip: null, fenceFrom: from, fenceTo: fence })).toEqual({ kind: 'pushed' });
      return fence;
    };
    const nextFence = (from: string, seq: number) => repository.writeFence(from, { ...NOTE, seq }, AUTHOR, 600 + seq);

    describe('looking at the remote', () => {
      it('sees main, the fence and the other branches by their whole names', async () => {
        await world.setRemoteRef('refs/telec/fence', origin);
        await world.setRemoteRef('refs/heads/team/main', origin);
        await world.setRemoteRef('refs/tags/feat/x', origin);
        await world.setRemoteRef('refs/remotes/refs/heads/main', origin);
        expect(await repository.look()).toEqual({
          kind: 'seen',
          view: {
            main,
            fence: origin,
            heads: new Map([
              ['feat/x', feature],
              ['team/main', origin],
            ]),
            planted: [],
          },
        });
      });

      it('sees an emptied remote as empty, not as unreachable', async () => {
        await world.deleteRemoteRef('refs/heads/main');
        await world.deleteRemoteRef('refs/heads/feat/x');
        expect(await repository.look()).toEqual({
          kind: 'seen',
          view: { main: null, fence: null, heads: new Map(), planted: [] },
        });
      });

      it.each([
        'refs/heads/refs/heads/main',
        'refs/tags/refs/heads/main',
        'refs/heads/refs/telec/fence',
        'refs/telec/fence/x',
      ])('names %s as planted', async (ref) => {
        await world.setRemoteRef(ref, origin);
        const seen = await repository.look();
        expect(seen.kind === 'seen' && seen.view.planted).toEqual([ref]);
      });

      it('says unreachable when the remote is gone, and sees again when it is back', async () => {
        await world.setReachable(false);
        expect((await repository.look()).kind).toBe('unreachable');
        expect((await repository.fetch(['feat/x'])).kind).toBe('unreachable');
        expect((await repository.probe()).kind).toBe('unreachable');
        await world.setReachable(true);
        expect((await repository.look()).kind).toBe('seen');
      });

      it('finds a remote with atomic pushes fit for live mode', async () => {
        expect(await repository.probe()).toEqual({ kind: 'ok' });
        expect([...(await world.remoteRefs()).keys()]).toEqual(['refs/heads/feat/x', 'refs/heads/main']);
      });
    });

    describe('fetching', () => {
      it('brings main and the named branches, and nothing else', async () => {
        const other = await world.commit({ parents: [origin], files: { c: 'c\n' } });
        await world.setRemoteRef('refs/heads/other', other);
        expect(await repository.fetch(['feat/x'])).toEqual({ kind: 'fetched' });
        expect(await repository.hasCommit(main)).toBe(true);
        expect(await repository.hasCommit(feature)).toBe(true);
        expect(await repository.hasCommit(other)).toBe(false);
      });

      it('brings the branch, not the tag of the same name', async () => {
        const tagged = await world.commit({ parents: [], files: { t: 't\n' } });
        await world.setRemoteRef('refs/tags/feat/x', tagged);
        await repository.fetch(['feat/x']);
        expect(await repository.hasCommit(feature)).toBe(true);
        expect(await repository.hasCommit(tagged)).toBe(false);
      });

      it('says gone when an asked branch does not exist, whatever it is called', async () => {
        expect((await repository.fetch(['feat/x', 'nowhere'])).kind).toBe('gone');
        for (const hostile of ['--upload-pack=touch x', 'a:b', '+x', 'x*', '', 'a..b', '-x'])
          expect((await repository.fetch([hostile])).kind).toBe('gone');
      });

      it('follows a branch that was rewound', async () => {
        await repository.fetch(['feat/x']);
        const rewritten = await world.commit({ parents: [origin], files: { a: 'a0\n', b: 'b9\n' } });
        await branch('feat/x', rewritten);
        expect(await repository.hasCommit(rewritten)).toBe(true);
      });

      it('knows a commit, and no other object, as a commit', async () => {
        await repository.fetch([]);
        expect(await repository.hasCommit(MISSING)).toBe(false);
        expect(await repository.hasCommit('main')).toBe(false);
        const tree = await repository.treeOf(main);
        expect(await repository.hasCommit(tree ?? '')).toBe(false);
        expect(await repository.treeOf(MISSING)).toBeNull();
      });
    });

    describe('ancestry', () => {
      it('answers yes, no, and unknown for what is not here', async () => {
        await repository.fetch(['feat/x']);
        expect(await repository.ancestry(origin, main)).toBe('yes');
        expect(await repository.ancestry(main, main)).toBe('yes');
        expect(await repository.ancestry(main, origin)).toBe('no');
        expect(await repository.ancestry(feature, main)).toBe('no');
        expect(await repository.ancestry(MISSING, main)).toBe('unknown');
        expect(await repository.ancestry(main, MISSING)).toBe('unknown');
      });
    });

    describe('merging', () => {
      beforeEach(async () => {
        await repository.fetch(['feat/x']);
      });

      it('makes a commit of both sides with main as first parent', async () => {
        const outcome = await merged(main, feature);
        expect(outcome.base).toBe(main);
        expect(await repository.readFile(outcome.commit, 'a')).toBe('a1\n');
        expect(await repository.readFile(outcome.commit, 'b')).toBe('b1\n');
        expect(await repository.treeOf(outcome.commit)).toBe(outcome.tree);
        expect(await repository.mainCommits(main, outcome.commit)).toEqual([
          {
            sha: outcome.commit,
            parents: [main, feature],
            tree: outcome.tree,
            candidate: `x/feat/x@${feature}`,
            books: null,
            fence: '7',
            subject: 'Merge it',
            timeSeconds: 500,
          },
        ]);
        expect(await repository.selfCheck(main, feature, outcome.commit)).toEqual({ kind: 'same', skipped: 0 });
      });

      it('makes the same commit again from the same request', async () => {
        const once = await merged(main, feature);
        expect(await merged(main, feature)).toEqual(once);
        expect((await merged(main, feature, { timeSeconds: 501 })).commit).not.toBe(once.commit);
      });

      it('makes two parents even where main could be moved forward', async () => {
        const { commit, tree } = await merged(origin, feature);
        expect((await repository.mainCommits(origin, commit))[0]?.parents).toEqual([origin, feature]);
        expect(tree).toBe(await repository.treeOf(feature));
      });

      it('squashes into one parent with the same tree', async () => {
        const squashed = await merged(main, feature, { strategy: 'squash' });
        expect(squashed.tree).toBe((await merged(main, feature)).tree);
        expect((await repository.mainCommits(main, squashed.commit))[0]?.parents).toEqual([main]);
        expect(await repository.selfCheck(main, feature, squashed.commit)).toEqual({ kind: 'same', skipped: 0 });
      });

      it('knows what is on main by ancestry, and by content after a squash', async () => {
        expect(await repository.merge(request(main, origin))).toEqual({ kind: 'integrated', how: 'ancestry' });
        expect(await repository.merge(request(main, main))).toEqual({ kind: 'integrated', how: 'ancestry' });
        const squashed = await merged(main, feature, { strategy: 'squash' });
        expect(await repository.merge(request(squashed.commit, feature))).toEqual({
          kind: 'integrated',
          how: 'content',
        });
      });

      it.each([
        ['both changed', { a: 'mine\n', b: 'b0\n' }, [1, 2, 3]],
        ['removed by the branch', { b: 'b1\n' }, [1, 2]],
      ])('reports a conflict with its stages: %s', async (_, files, stages) => {
        const sha = await world.commit({ parents: [origin], files: files as Record<string, string> });
        await branch('clash', sha);
        expect(await repository.merge(request(main, sha))).toEqual({
          kind: 'conflict',
          paths: [{ path: 'a', stages }],
        });
      });

      it('reports a file that both sides added differently', async () => {
        const ours = await world.commit({ parents: [main], files: { a: 'a1\n', b: 'b0\n', n: '1\n' } });
        const theirs = await world.commit({ parents: [main], files: { a: 'a1\n', b: 'b0\n', n: '2\n' } });
        await branch('ours', ours);
        await branch('theirs', theirs);
        expect(await repository.merge(request(ours, theirs))).toEqual({
          kind: 'conflict',
          paths: [{ path: 'n', stages: [2, 3] }],
        });
      });

      it('takes a missing commit and an unrelated history for errors, never for a no-op', async () => {
        const stranger = await world.commit({ parents: [], files: { z: 'z\n' } });
        await branch('stranger', stranger);
        expect((await repository.merge(request(main, stranger))).kind).toBe('error');
        expect((await repository.merge(request(main, MISSING))).kind).toBe('error');
        expect((await repository.merge(request(MISSING, feature))).kind).toBe('error');
        expect((await repository.selfCheck(main, stranger, main)).kind).toBe('error');
        expect((await repository.selfCheck(main, feature, MISSING)).kind).toBe('error');
      });

      it.each([
        ['loses what the branch brought', { a: 'a1\n', b: 'b0\n' }, ['b']],
        ['loses what main had', { a: 'a0\n', b: 'b1\n' }, ['a']],
        ['brings what nobody wrote', { a: 'a1\n', b: 'b1\n', c: '?\n' }, ['c']],
        ['drops a file nobody removed', { b: 'b1\n' }, ['a']],
      ])('the self-check catches a result that %s', async (_, files, paths) => {
        const result = await world.commit({ parents: [main, feature], files: files as Record<string, string> });
        await branch('result', result);
        expect(await repository.selfCheck(main, feature, result)).toEqual({ kind: 'differs', paths });
      });
    });

    describe('the fence and pushes', () => {
      beforeEach(async () => {
        await repository.fetch(['feat/x']);
      });

      it('writes a fence that says back what was written', async () => {
        const first = await repository.writeFence(null, NOTE, AUTHOR, 700);
        const second = await repository.writeFence(first, { ...NOTE, seq: 2 }, AUTHOR, 701);
        expect(await repository.readFence(first)).toEqual({ ...NOTE, timeSeconds: 700 });
        expect(await repository.readFence(second)).toEqual({ ...NOTE, seq: 2, timeSeconds: 701 });
        expect(await repository.readFence(main)).toBeNull();
        expect(await repository.readFence(MISSING)).toBeNull();
        expect(await repository.writeFence(null, NOTE, AUTHOR, 700)).toBe(first);
      });

      it('moves main and the fence together', async () => {
        const fence = await grant(null, 1);
        const { commit } = await merged(main, feature);
        const next = await nextFence(fence, 2);
        expect(await repository.push({ tip: commit, fenceFrom: fence, fenceTo: next })).toEqual({ kind: 'pushed' });
        const refs = await world.remoteRefs();
        expect(refs.get('refs/heads/main')).toBe(commit);
        expect(refs.get('refs/telec/fence')).toBe(next);
      });

      it('takes the repetition of a push that landed for pushed', async () => {
        const fence = await grant(null, 1);
        const { commit } = await merged(main, feature);
        const push = { tip: commit, fenceFrom: fence, fenceTo: await nextFence(fence, 2) };
        await repository.push(push);
        expect(await repository.push(push)).toEqual({ kind: 'pushed' });
      });

      it('lets one of two first holders win', async () => {
        const rival = await world.open();
        const fence = await grant(null, 1);
        const other = await rival.writeFence(null, { ...NOTE, session: 'integrator-b' }, AUTHOR, 700);
        expect((await rival.push({ tip: null, fenceFrom: null, fenceTo: other })).kind).toBe('fence_moved');
        expect((await world.remoteRefs()).get('refs/telec/fence')).toBe(fence);
      });

      it('shuts out a holder whose fence was replaced: main stays', async () => {
        const stale = await grant(null, 1);
        const { commit } = await merged(main, feature);
        const late = { tip: commit, fenceFrom: stale, fenceTo: await nextFence(stale, 2) };
        const rival = await world.open();
        await rival.fetch([]);
        const taken = await rival.writeFence(stale, { ...NOTE, fence: 8, seq: 2 }, AUTHOR, 800);
        expect(await rival.push({ tip: null, fenceFrom: stale, fenceTo: taken })).toEqual({ kind: 'pushed' });
        expect((await repository.push(late)).kind).toBe('fence_moved');
        const refs = await world.remoteRefs();
        expect(refs.get('refs/heads/main')).toBe(main);
        expect(refs.get('refs/telec/fence')).toBe(taken);
      });

      it('loses the race when main moved on, and leaves the fence', async () => {
        const fence = await grant(null, 1);
        const { commit } = await merged(main, feature);
        const foreign = await world.commit({ parents: [main], files: { a: 'foreign\n', b: 'b0\n' } });
        await world.setRemoteRef('refs/heads/main', foreign);
        const push = { tip: commit, fenceFrom: fence, fenceTo: await nextFence(fence, 2) };
        expect((await repository.push(push)).kind).toBe('main_moved');
        await repository.fetch([]);
        expect((await repository.push(push)).kind).toBe('main_moved');
        expect((await world.remoteRefs()).get('refs/telec/fence')).toBe(fence);
      });

      it('never rewinds main', async () => {
        const fence = await grant(null, 1);
        const push = { tip: origin, fenceFrom: fence, fenceTo: await nextFence(fence, 2) };
        expect((await repository.push(push)).kind).toBe('main_moved');
        expect((await world.remoteRefs()).get('refs/heads/main')).toBe(main);
      });

      it('says planted when a ref stands in the way', async () => {
        const fence = await grant(null, 1);
        const { commit } = await merged(main, feature);
        await world.setRemoteRef('refs/heads/refs/heads/main', origin);
        const push = { tip: commit, fenceFrom: fence, fenceTo: await nextFence(fence, 2) };
        expect((await repository.push(push)).kind).toBe('planted');
        expect((await world.remoteRefs()).get('refs/heads/main')).toBe(main);
      });

      it('does not let a planted ref take the first fence', async () => {
        await world.setRemoteRef('refs/heads/refs/telec/fence', origin);
        const fence = await repository.writeFence(null, NOTE, AUTHOR, 700);
        expect((await repository.push({ tip: null, fenceFrom: null, fenceTo: fence })).kind).toBe('planted');
        expect((await world.remoteRefs()).get('refs/heads/refs/telec/fence')).toBe(origin);
      });

      it('knows that nothing happened when the remote cannot be reached', async () => {
        const fence = await grant(null, 1);
        const { commit } = await merged(main, feature);
        await world.setReachable(false);
        const push = { tip: commit, fenceFrom: fence, fenceTo: await nextFence(fence, 2) };
        expect((await repository.push(push)).kind).toBe('transient');
        await world.setReachable(true);
        expect(await repository.push(push)).toEqual({ kind: 'pushed' });
      });

      it('S3-3.3f deletes delivered branches only where they were delivered, in one request, with an outcome each', async () => {
        await world.setRemoteRef('refs/heads/feat/y', origin);
        await world.setRemoteRef('refs/heads/fe#at\u00e4', origin);
        const targets = [
          { branch: 'feat/x', sha: origin },
          { branch: 'main', sha: main },
          { branch: 'feat/y', sha: origin },
          { branch: 'never/was', sha: origin },
          { branch: '--all', sha: origin },
          { branch: 'fe#at\u00e4', sha: origin },
        ];
        const kinds = (await repository.deleteBranches(targets)).map(({ kind }) => kind);
        expect(kinds).toEqual(['moved', 'refused', 'deleted', 'deleted', 'refused', 'deleted']);
        expect([...(await world.remoteRefs()).keys()].sort()).toEqual(['refs/heads/feat/x', 'refs/heads/main']);
        expect(await repository.deleteBranches([{ branch: 'feat/x', sha: feature }])).toEqual([{ kind: 'deleted' }]);
        expect(await repository.deleteBranches([])).toEqual([]);
        expect([...(await world.remoteRefs()).keys()]).toEqual(['refs/heads/main']);
      });

      it('says of branches that they are unreachable when the remote is', async () => {
        await world.setReachable(false);
        const [outcome] = await repository.deleteBranches([{ branch: 'feat/x', sha: feature }]);
        expect(outcome?.kind).toBe('unreachable');
        await world.setReachable(true);
        expect((await world.remoteRefs()).get('refs/heads/feat/x')).toBe(feature);
      });
    });

    describe('reading main', () => {
      beforeEach(async () => {
        await repository.fetch(['feat/x']);
      });

      it('lists the first-parent line, oldest first, the oldest ones when limited', async () => {
        const { commit } = await merged(main, feature);
        const shas = async (from: string | null, limit?: number) =>
          (await repository.mainCommits(from, commit, limit)).map((entry) => entry.sha);
        expect(await shas(null)).toEqual([origin, main, commit]);
        expect(await shas(origin)).toEqual([main, commit]);
        expect(await shas(null, 2)).toEqual([origin, main]);
        expect(await shas(commit)).toEqual([]);
      });

      it('names the commits of main that touched a path since the branch left', async () => {
        const second = await world.commit({ parents: [main], files: { a: 'a2\n', b: 'b0\n' }, time: 103 });
        const third = await world.commit({ parents: [second], files: { a: 'a2\n', b: 'b3\n' }, time: 104 });
        await world.setRemoteRef('refs/heads/main', third);
        await repository.fetch(['feat/x']);
        const touched = async (paths: string[]) =>
          (await repository.touchedBy(third, feature, paths)).map((entry) => entry.sha);
        expect(await touched(['a'])).toEqual([second, main]);
        expect(await touched(['b'])).toEqual([third]);
        expect(await touched(['a', 'b'])).toEqual([third, second, main]);
        expect(await touched(['nothing'])).toEqual([]);
        expect(await touched([])).toEqual([]);
      });

      it('names the paths that a branch changed since it left', async () => {
        const files = { a: 'a0\n', c: { mode: '100755', content: 'c\n' } };
        const next = await world.commit({ parents: [feature], files, time: 103 });
        await branch('feat/x', next);
        expect(await repository.changedPaths(main, next)).toEqual(['b', 'c']);
        expect(await repository.changedPaths(main, feature)).toEqual(['b']);
        expect(await repository.changedPaths(origin, main)).toEqual(['a']);
        expect(await repository.changedPaths(main, main)).toEqual([]);
        expect(await repository.changedPaths(main, origin)).toEqual([]);
        const stranger = await world.commit({ parents: [], files: { q: 'q\n' } });
        await branch('stranger', stranger);
        expect(await repository.changedPaths(main, stranger)).toEqual([]);
      });

      it('finds the commits of main that were picked or rebased from a branch', async () => {
        const more = await world.commit({ parents: [feature], files: { a: 'a0\n', b: 'b1\n', c: 'c\n' }, time: 103 });
        const files = { a: 'a1\n', b: 'b1\n' };
        const picked = await world.commit({ parents: [main], files, message: 'picked', time: 104 });
        const other = await world.commit({ parents: [picked], files: { ...files, d: 'd\n' }, time: 105 });
        const last = await world.commit({ parents: [other], files: { ...files, c: 'c\n', d: 'd\n' }, time: 106 });
        await world.setRemoteRef('refs/heads/main', last);
        await branch('feat/x', more);
        const same = async (from: string, tip: string, sha: string) =>
          [...(await repository.sameChanges(from, tip, sha))].sort();
        expect(await same(main, last, more)).toEqual([picked, last].sort());
        expect(await same(picked, last, more)).toEqual([last]);
        expect(await same(main, last, feature)).toEqual([picked]);
        expect(await same(main, other, more)).toEqual([picked]);
        expect(await same(last, last, more)).toEqual([]);
      });

      it('reads regular files, in folders too, and nothing else', async () => {
        const files = { 'x/y/z.txt': 'zed\n', link: { mode: '120000', content: 'x/y/z.txt' } };
        const sha = await world.commit({ parents: [], files });
        await branch('files', sha);
        expect(await repository.readFile(sha, 'x/y/z.txt')).toBe('zed\n');
        for (const path of ['x', 'x/y', 'link', 'nope', 'x/y/z.txt/w', '', '/x', '../x'])
          expect(await repository.readFile(sha, path)).toBeNull();
        expect(await repository.readFile(MISSING, 'x')).toBeNull();
      });

      it('lists files below a folder', async () => {
        const sha = await world.commit({ parents: [], files: { 'x/1': '', 'x/y/2': '', xy: '', z: '' } });
        await branch('files', sha);
        expect(await repository.listFiles(sha, '')).toEqual(['x/1', 'x/y/2', 'xy', 'z']);
        expect(await repository.listFiles(sha, 'x')).toEqual(['x/1', 'x/y/2']);
        expect(await repository.listFiles(sha, 'z')).toEqual([]);
        expect(await repository.listFiles(sha, 'nope')).toEqual([]);
      });

      it('tells what stands in a folder by id, and gives the bytes of a file up to a limit', async () => {
        const link = { mode: '120000', content: 'x' };
        const files = { 'x/1': 'one', 'x/y/2': '', link, 'same/1': 'one' };
        const sha = await world.commit({ parents: [], files });
        await branch('files', sha);
        const root = await repository.itemsOf((await repository.treeOf(sha)) ?? '');
        expect(root.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['other link', 'folder same', 'folder x']);
        const idOf = (items: { name: string; id: string }[], name: string) =>
          items.find((item) => item.name === name)?.id ?? '';
        const inX = await repository.itemsOf(idOf(root, 'x'));
        expect(inX.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['file 1', 'folder y']);
        expect(idOf(await repository.itemsOf(idOf(root, 'same')), '1')).toBe(idOf(inX, '1'));
        const content = await repository.contentOf(idOf(inX, '1'), 3);
        expect(Buffer.from(content ?? []).toString()).toBe('one');
        expect(await repository.contentOf(idOf(inX, '1'), 2)).toBeNull();
        await expect(repository.itemsOf(MISSING)).rejects.toThrow(/missing/);
      });

      it('commits changed files on a parent, the same way each time, and nothing for no change', async () => {
        const files = {
          'todos/a/state.yaml': 'x\n',
          'todos/a/demo.md': 'd\n',
          'todos/roadmap.yaml': 'a\n',
          keep: 'k\n',
        };
        const parent = await world.commit({ parents: [], files });
        await branch('todos', parent);
        const change = {
          parent,
          changes: [
            { path: 'todos/a', content: null },
            { path: 'todos/roadmap.yaml', content: '[]\n' },
            { path: 'demos/a/snapshot.json', content: '{}\n' },
            { path: 'absent', content: null },
          ],
          message: 'deliver a',
          author: AUTHOR,
          timeSeconds: 900,
        };
        const commit = (await repository.commitChanges(change)) ?? '';
        expect(await repository.listFiles(commit, '')).toEqual(['demos/a/snapshot.json', 'keep', 'todos/roadmap.yaml']);
        expect(await repository.readFile(commit, 'todos/roadmap.yaml')).toBe('[]\n');
        expect((await repository.mainCommits(parent, commit)).map((entry) => entry.parents)).toEqual([[parent]]);
        const message = `Deliver a: bookkeeping\n\nTelec-Books: a/feat/a@${parent}\n`;
        const books = await repository.commitChanges({ ...change, message });
        expect(await repository.mainCommits(parent, books ?? '')).toMatchObject([
          { books: `a/feat/a@${parent}`, candidate: null, subject: 'Deliver a: bookkeeping' },
        ]);
        expect(await repository.commitChanges(change)).toBe(commit);
        expect(await repository.commitChanges({ ...change, parent: commit })).toBeNull();
      });

      it('knows a revert of a commit or of its merge, and that a revert can be reverted', async () => {
        const { commit } = await merged(main, feature);
        const undo = (parent: string, target: string, files: Record<string, string>) =>
          world.commit({ parents: [parent], files, message: `Revert it\n\nThis reverts commit ${target}.\n` });
        await world.setRemoteRef('refs/heads/main', main);
        const fence = await grant(null, 1);
        await repository.push({ tip: commit, fenceFrom: fence, fenceTo: await nextFence(fence, 2) });
        expect(await repository.reverted(feature, commit)).toBe(false);
        const reverted = await undo(commit, commit, { a: 'a1\n', b: 'b0\n' });
        await branch('reverted', reverted);
        expect(await repository.reverted(feature, reverted)).toBe(true);
        const again = await undo(reverted, reverted, { a: 'a1\n', b: 'b1\n' });
        await branch('again', again);
        expect(await repository.reverted(feature, again)).toBe(false);
        const direct = await undo(again, feature, { a: 'a1\n', b: 'b0\n' });
        await branch('direct', direct);
        expect(await repository.reverted(feature, direct)).toBe(true);
      });

      it('packs without losing anything', async () => {
        const { commit } = await merged(main, feature);
        await repository.pack();
        expect(await repository.hasCommit(commit)).toBe(true);
        expect(await merged(main, feature)).toMatchObject({ commit });
      });
    });
  });
}
