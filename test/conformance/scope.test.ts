/** Scoped trees are what git itself makes of the paths that are taken. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { closedEnvironment } from '../../src/io/git/environment.ts';
import { ObjectStore } from '../../src/io/git/objects.ts';
import { ScopedTrees } from '../../src/io/git/scope.ts';
import { coversPath, pathScope } from '../../src/io/path-patterns.ts';
import { type FileSpec, git, importCommits, initBare, scratch, tryGit } from '../support/git-repo.ts';

let repository: string;
let scoped: ScopedTrees;

beforeEach(() => {
  const { dir, remove } = scratch('telec-scope-');
  onTestFinished(remove);
  repository = initBare(`${dir}/git`);
  const objects = new ObjectStore(repository, closedEnvironment(repository));
  onTestFinished(() => objects.close());
  scoped = new ScopedTrees(objects);
});

function treeOf(files: Map<Buffer, FileSpec>): string {
  const [commit = ''] = importCommits(repository, [{ parents: [], files }]);
  return git(repository, 'rev-parse', `${commit}^{tree}`);
}

const FILES: [path: string, spec: FileSpec][] = [
  ['README.md', 'text'],
  ['docs/guide.md', 'text'],
  ['docs/images/a.png', new Uint8Array([0, 1, 2])],
  ['src/a.ts', 'a'],
  ['src/a/b.ts', 'b'],
  ['src/a-b/c.ts', 'c'],
  ['src/a.d/e.js', 'e'],
  ['src/run', { mode: '100755', content: '#!' }],
  ['src/link', { mode: '120000', content: '../docs' }],
  ['vendor/lib', { mode: '160000', content: '0123456789012345678901234567890123456789' }],
  ['caf\u00e9/men\u00fc', 'text'],
  ['new\nline', 'text'],
];

describe('a scoped tree', () => {
  test.each([
    [['src']],
    [['docs', 'README.md']],
    [['**/*.ts']],
    [['src/a', 'src/a.d/*.js']],
    [['src/run', 'src/link', 'vendor/lib']],
    [['vendor']],
    [['caf\u00e9/*']],
    [['*']],
    [['**/a*/**']],
    [['nothing', '*/nothing/at/all']],
  ])('of %j is the tree with these paths alone', async (patterns) => {
    const all = treeOf(new Map(FILES.map(([path, spec]) => [Buffer.from(path), spec])));
    const scope = pathScope(patterns);
    const kept = FILES.filter(([path]) => coversPath(scope, path));
    const expected = treeOf(new Map(kept.map(([path, spec]) => [Buffer.from(path), spec])));
    expect(await scoped.treeOf(all, patterns)).toBe(expected);
    expect(await scoped.treeOf(all, patterns)).toBe(expected);
  });

  test('of a tree that no check-out can have is that tree, for nothing can run on it', async () => {
    const blob = git(repository, 'hash-object', '-w', '-t', 'blob', '/dev/null');
    const raw = (mode: string, name: string, id: string) => {
      const stdin = Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
      const args = ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'];
      return tryGit(repository, args, { stdin }).stdout.toString('latin1').trim();
    };
    for (const name of ['.git', '.GIT', '..', '.', 'a/b']) {
      const tree = raw('40000', 'src', raw('100644', name, blob));
      expect(await scoped.treeOf(tree, ['src/*'])).toBe(tree);
      // Where it is not taken it is in nobody's way.
      expect(await scoped.treeOf(tree, ['docs'])).toBe(git(repository, 'hash-object', '-t', 'tree', '/dev/null'));
    }
  });

  test('keeps names that are no text', async () => {
    const odd = Buffer.from([0x64, 0x2f, 0xff, 0xfe]);
    const all = treeOf(
      new Map<Buffer, FileSpec>([
        [odd, 'odd'],
        [Buffer.from('other'), 'other'],
      ]),
    );
    expect(await scoped.treeOf(all, ['d'])).toBe(treeOf(new Map([[odd, 'odd']])));
  });

  test('is made once for many at a time, and of what changed alone', async () => {
    const many = new Map<Buffer, FileSpec>(
      Array.from({ length: 400 }, (_, at) => [Buffer.from(`d${at % 40}/f${at}.ts`), `${at}`] as const),
    );
    const one = treeOf(many);
    const other = treeOf(new Map([...many, [Buffer.from('d7/new.ts'), 'new']]));
    const answers = await Promise.all(Array.from({ length: 20 }, () => scoped.treeOf(one, ['**/*.ts'])));
    expect(new Set(answers)).toEqual(new Set([one]));
    expect(await scoped.treeOf(other, ['**/*.ts'])).toBe(other);
    expect(await scoped.treeOf(other, ['d8'])).toBe(await scoped.treeOf(one, ['d8']));
  });
});
