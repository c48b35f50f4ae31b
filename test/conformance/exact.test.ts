/**
 * Work trees for checks hold exactly one tree, byte for byte, whatever the tree says of itself and whatever became of the
 * work tree since; and nothing outside of them is touched. With real git, on hostile trees and hostile work trees.
 */
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type ExactPlace, makeExact, showRepository } from '../../src/io/git/exact.ts';
import {
  type FileSpec,
  type Files,
  git,
  hermeticEnv,
  importCommits,
  initBare,
  scratch,
  tryGit,
} from '../support/git-repo.ts';

const signal = new AbortController().signal;
let dir: string;
let repository: string;
let place: ExactPlace;
let outside: string;

beforeEach(() => {
  const folder = scratch('telec-exact-');
  onTestFinished(folder.remove);
  dir = folder.dir;
  repository = initBare(join(dir, 'git'));
  place = { repository, gitFolder: join(dir, 'slot/git'), workTree: join(dir, 'slot/tree'), home: join(dir, 'home') };
  outside = join(dir, 'outside');
  mkdirSync(outside);
});

/** Commit and tree with these files. */
function make(files: Files): { commit: string; tree: string } {
  const [commit = ''] = importCommits(repository, [{ parents: [], files }]);
  return { commit, tree: git(repository, 'rev-parse', `${commit}^{tree}`) };
}

/** A tree object of exactly these entries, however wrong. */
function rawTree(...entries: [mode: string, name: string, id: string][]): string {
  const parts = entries.map(([mode, name, id]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
  );
  const args = ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'];
  return tryGit(repository, args, { stdin: Buffer.concat(parts) })
    .stdout.toString('latin1')
    .trim();
}

const blob = (text: string) =>
  tryGit(repository, ['hash-object', '-w', '--stdin'], { stdin: text }).stdout.toString('latin1').trim();

/** All that lies in a folder: path -> content, with the kind where it is no plain file. */
function holds(folder = place.workTree): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (at: Buffer, prefix: string) => {
    for (const name of readdirSync(at, { encoding: 'buffer' })) {
      const path = Buffer.concat([at, Buffer.from('/'), name]);
      const shown = `${prefix}${name.toString('latin1')}`;
      const stat = lstatSync(path);
      if (stat.isDirectory()) {
        if ((stat.mode & 0o7777) !== 0o755) found[`${shown}/ mode`] = (stat.mode & 0o7777).toString(8);
        if (readdirSync(path).length === 0) found[`${shown}/`] = '';
        walk(path, `${shown}/`);
      } else if (stat.isSymbolicLink()) found[shown] = `-> ${readlinkSync(path)}`;
      else {
        const kind =
          stat.nlink > 1
            ? 'linked '
            : (stat.mode & 0o777) === 0o755
              ? 'x '
              : (stat.mode & 0o777) === 0o644
                ? ''
                : `${(stat.mode & 0o7777).toString(8)} `;
        found[shown] = `${kind}${readFileSync(path, 'latin1')}`;
      }
    }
  };
  walk(Buffer.from(folder), '');
  return found;
}

const at = (path: string) => join(place.workTree, path);

describe('a work tree holds the bytes of the tree', () => {
  test('whatever its attributes would make of them', async () => {
    const { tree } = make({
      '.gitattributes': [
        '*.txt text eol=crlf',
        '*.id ident',
        '*.wide text working-tree-encoding=UTF-16',
        '*.bin filter=lfs diff=lfs merge=lfs -text',
        '*.old crlf',
      ].join('\n'),
      'a.txt': 'one\ntwo\n',
      'b.txt': 'one\r\ntwo\n',
      'c.id': '$Id$\n',
      'd.wide': 'wide\n',
      'e.bin': 'version https://git-lfs.github.com/spec/v1\n',
      'f.old': 'one\n',
      'sub/.gitattributes': '* text eol=crlf ident\n',
      'sub/g': '$Id$\n',
    });
    await makeExact(place, tree, signal);
    const { '.gitattributes': _, 'sub/.gitattributes': __, ...rest } = holds();
    expect(rest).toEqual({
      'a.txt': 'one\ntwo\n',
      'b.txt': 'one\r\ntwo\n',
      'c.id': '$Id$\n',
      'd.wide': 'wide\n',
      'e.bin': 'version https://git-lfs.github.com/spec/v1\n',
      'f.old': 'one\n',
      'sub/g': '$Id$\n',
    });
  });

  test('with links as they are, modes, and any name that a file can have', async () => {
    const names = [
      'new\nline',
      ' ',
      '-rf',
      '--help',
      ':(top)x',
      'a\\b',
      'quote"\'',
      '*',
      '\x1b[2J',
      'caf\u00e9',
      '$(touch x)',
    ];
    const { tree } = make(
      new Map<Buffer, FileSpec>([
        ...names.map((name) => [Buffer.from(name), name] as const),
        [Buffer.from([0xff, 0xfe]), 'bytes'] as const,
        [Buffer.from('link'), { mode: '120000', content: '/etc/passwd' }] as const,
        [Buffer.from('up'), { mode: '120000', content: '../../..' }] as const,
        [Buffer.from('run'), { mode: '100755', content: '#!' }] as const,
        [Buffer.from('case'), 'lower'] as const,
        [Buffer.from('CASE'), 'upper'] as const,
      ]),
    );
    await makeExact(place, tree, signal);
    expect(holds()).toEqual({
      ...Object.fromEntries(
        names.map((name) => [Buffer.from(name).toString('latin1'), Buffer.from(name).toString('latin1')]),
      ),
      '\xff\xfe': 'bytes',
      link: '-> /etc/passwd',
      up: '-> ../../..',
      run: 'x #!',
      case: 'lower',
      CASE: 'upper',
    });
    expect(holds(outside)).toEqual({});
  });

  test('from one tree to the next, files and folders and links in place of each other', async () => {
    const trees = [
      make({ a: 'file', 'b/c': 'inside', d: { mode: '120000', content: outside } }),
      make({ 'a/b': 'inside', b: 'file', 'd/e': 'inside' }),
      make({ a: { mode: '120000', content: outside }, b: { mode: '120000', content: outside }, d: 'file' }),
      make({ 'a/b': 'inside', 'b/c': 'inside', 'd/e/f': 'deep' }),
      make({}),
    ];
    const seen = [];
    for (const { tree } of [...trees, ...trees.slice(0, 2)]) {
      await makeExact(place, tree, signal);
      seen.push(holds());
    }
    const first = { a: 'file', 'b/c': 'inside', d: `-> ${outside}` };
    const second = { 'a/b': 'inside', b: 'file', 'd/e': 'inside' };
    expect(seen).toEqual([
      first,
      second,
      { a: `-> ${outside}`, b: `-> ${outside}`, d: 'file' },
      { 'a/b': 'inside', 'b/c': 'inside', 'd/e/f': 'deep' },
      {},
      first,
      second,
    ]);
    expect(holds(outside)).toEqual({});
  });

  test('in a repository of either object format', async () => {
    const other = initBare(join(dir, 'sha256'), 'sha256');
    const [commit = ''] = importCommits(other, [{ parents: [], files: { a: 'a', 'b/c': 'c' } }]);
    await makeExact({ ...place, repository: other }, git(other, 'rev-parse', `${commit}^{tree}`), signal);
    expect(holds()).toEqual({ a: 'a', 'b/c': 'c' });
  });
});

describe('a tree that no check-out can have', () => {
  const refused = async (tree: string) => {
    await expect(makeExact(place, tree, signal)).rejects.toMatchObject({ code: 'GIT_FAILED' });
    expect(holds(outside)).toEqual({});
    expect(existsSync(join(dir, 'evil'))).toBe(false);
    // What it was refused for does not keep the next one out.
    rmSync(place.workTree, { recursive: true, force: true });
    rmSync(place.gitFolder, { recursive: true, force: true });
    const { tree: next } = make({ good: 'good' });
    await makeExact(place, next, signal);
    expect(holds()).toEqual({ good: 'good' });
  };

  test('is refused: one with a repository in it', async () => {
    const hooks = rawTree(['100755', 'post-checkout', blob('#!/bin/sh\ntouch ../../evil\n')]);
    await refused(rawTree(['40000', '.git', rawTree(['40000', 'hooks', hooks])]));
    await refused(rawTree(['40000', '.GiT', hooks]));
    await refused(rawTree(['40000', 'sub', rawTree(['100644', '.git', blob('gitdir: /tmp/evil\n')])]));
  });

  test('is refused: one that leads out of the work tree', async () => {
    await refused(rawTree(['40000', '..', rawTree(['100644', 'evil', blob('evil')])]));
    await refused(rawTree(['100644', '../evil', blob('evil')]));
    await refused(rawTree(['100644', '.', blob('evil')]));
  });

  test('is refused: one that has a name twice, as a link and as a folder below it', async () => {
    const link = blob(outside);
    const inside = rawTree(['100644', 'evil', blob('evil')]);
    await refused(rawTree(['120000', 'a', link], ['40000', 'a', inside]));
    await refused(rawTree(['40000', 'a', inside], ['120000', 'a', link]));
    await refused(rawTree(['100644', 'a', blob('one')], ['100644', 'a', blob('two')]));
  });

  test('is refused: one that is not there, or lacks an object, or is none', async () => {
    const missing = '0123456789012345678901234567890123456789';
    for (const tree of [missing, rawTree(['100644', 'a', missing]), rawTree(['40000', 'a', missing])])
      await refused(tree);
    for (const tree of ['HEAD', '--help', '', '../x']) await refused(tree);
    await refused(blob('a file'));
  });
});

describe('a work tree that something has run in is exact again', () => {
  const files = {
    'src/a': 'aaaa',
    'src/b': 'bbbb',
    'src/deep/c': 'cccc',
    run: { mode: '100755', content: '#!' },
    link: { mode: '120000', content: 'src/a' },
    '.gitignore': 'ignored\nbuild/\n',
    'vendor/lib': { mode: '160000', content: '0123456789012345678901234567890123456789' },
  };
  const exact = {
    'src/a': 'aaaa',
    'src/b': 'bbbb',
    'src/deep/c': 'cccc',
    run: 'x #!',
    link: '-> src/a',
    '.gitignore': 'ignored\nbuild/\n',
    'vendor/lib/': '',
  };
  let tree: string;

  beforeEach(async () => {
    ({ tree } = make(files));
    await makeExact(place, tree, signal);
    expect(holds()).toEqual(exact);
  });

  /** `mess` is made twice: once for the same tree again, once on the way to another one and back. */
  async function mendedAfter(mess: () => void): Promise<void> {
    mess();
    await makeExact(place, tree, signal);
    expect(holds()).toEqual(exact);
    mess();
    await makeExact(place, make({ ...files, 'src/b': 'changed', extra: '' }).tree, signal);
    expect(holds()).toEqual({ ...exact, 'src/b': 'changed', extra: '' });
    await makeExact(place, tree, signal);
    expect(holds()).toEqual(exact);
  }

  test('with files changed, removed, made, replaced', () =>
    mendedAfter(() => {
      writeFileSync(at('src/a'), 'other');
      rmSync(at('src/b'));
      rmSync(at('src/deep'), { recursive: true });
      writeFileSync(at('src/deep'), 'a file now');
      rmSync(at('link'), { recursive: true });
      mkdirSync(at('link'));
      writeFileSync(at('link/x'), '');
      writeFileSync(at('untracked'), '');
      writeFileSync(at('ignored'), '');
      mkdirSync(at('build/empty/empty'), { recursive: true });
      mkdirSync(at('src/empty'), { recursive: true });
    }));

  test('with a file changed to the same length and the same time', () =>
    mendedAfter(() => {
      for (const path of ['src/a', 'src/b', 'src/deep/c']) {
        const { atime, mtime } = lstatSync(at(path));
        writeFileSync(at(path), 'evil');
        utimesSync(at(path), atime, mtime);
      }
    }));

  test('with modes changed', () =>
    mendedAfter(() => {
      chmodSync(at('run'), 0o644);
      chmodSync(at('src/a'), 0o755);
      chmodSync(at('src/b'), 0o4600);
      chmodSync(at('src/deep/c'), 0o000);
      chmodSync(at('src/deep'), 0o777);
    }));

  test('with names that files elsewhere have, too', () =>
    mendedAfter(() => {
      const kept = join(outside, 'kept');
      rmSync(kept, { force: true });
      linkSync(at('src/a'), kept);
      writeFileSync(kept, 'through the other name');
    }));

  test('with repositories in it, in any folder, that git goes around', () =>
    mendedAfter(() => {
      for (const folder of ['.', 'src', 'src/deep', 'fresh', 'vendor/lib']) {
        mkdirSync(at(folder), { recursive: true });
        git(at(folder), 'init', '--quiet');
        writeFileSync(at(`${folder}/.git/left`), '');
      }
      writeFileSync(at('src/deep/other'), '');
    }));

  test('with something left in the folder of a submodule', () =>
    mendedAfter(() => {
      mkdirSync(at('vendor/lib/deep'), { recursive: true });
      writeFileSync(at('vendor/lib/deep/left'), 'left');
      symlinkSync(outside, at('vendor/lib/out'));
    }));

  test('with its index gone, or no index, or locked by one who was killed', async () => {
    const index = join(place.gitFolder, 'index');
    for (const mess of [
      () => rmSync(index),
      () => writeFileSync(index, 'no index'),
      () => writeFileSync(`${index}.lock`, ''),
    ]) {
      mess();
      writeFileSync(at('src/a'), 'evil');
      writeFileSync(at('extra'), '');
      // What no index can tell is no reason to guess: it is refused, and made anew by who asked.
      const made = await makeExact(place, tree, signal).then(
        () => true,
        () => false,
      );
      if (made) expect(holds()).toEqual(exact);
      else {
        rmSync(place.gitFolder, { recursive: true });
        await makeExact(place, tree, signal);
        expect(holds()).toEqual(exact);
      }
    }
  });

  test('with settings of its git that would run a program or lead elsewhere', () =>
    mendedAfter(() => {
      const evil = `touch ${outside}/evil`;
      writeFileSync(
        join(place.gitFolder, 'config'),
        `[core]\n\tfsmonitor = "${evil}"\n\thooksPath = ${outside}\n\tworktree = ${outside}\n[filter "x"]\n\tsmudge = "${evil}"\n`,
      );
      mkdirSync(join(place.gitFolder, 'info'), { recursive: true });
      writeFileSync(join(place.gitFolder, 'info', 'attributes'), '* filter=x text eol=crlf\n');
      mkdirSync(join(place.gitFolder, 'hooks'), { recursive: true });
      for (const hook of ['post-checkout', 'post-index-change'])
        writeFileSync(join(place.gitFolder, 'hooks', hook), `#!/bin/sh\n${evil}\n`, { mode: 0o755 });
      expect(readdirSync(outside)).toEqual([]);
    }));

  /** These are not mended in place: they are found out, and nothing behind the link is touched. */
  async function foundOut(mess: () => void): Promise<void> {
    mkdirSync(join(outside, 'lib'));
    writeFileSync(join(outside, 'lib', 'mine'), 'mine');
    mess();
    const before = holds(outside);
    await makeExact(place, tree, signal).then(
      () => expect(holds()).toEqual(exact),
      (error) => expect(error).toMatchObject({ code: 'GIT_FAILED' }),
    );
    expect(holds(outside)).toEqual(before);
    expect(before['lib/mine']).toBe('mine');
  }

  test('with a folder moved away and a link to it in its place', () =>
    foundOut(() => {
      renameSync(at('src'), join(outside, 'src'));
      symlinkSync(join(outside, 'src'), at('src'));
    }));

  test('with a link to a folder of somebody else where a submodule belongs', () =>
    foundOut(() => {
      rmSync(at('vendor'), { recursive: true });
      symlinkSync(outside, at('vendor'));
    }));

  test('with the work tree itself a link', async () => {
    renameSync(place.workTree, join(dir, 'moved'));
    writeFileSync(join(outside, 'mine'), 'mine');
    symlinkSync(outside, place.workTree);
    await expect(makeExact(place, tree, signal)).rejects.toMatchObject({ code: 'GIT_FAILED' });
    expect(holds(outside)).toEqual({ mine: 'mine' });
  });
});

describe('a git that is asked inside of a work tree', () => {
  const asked = (...args: string[]) => {
    const answer = tryGit(place.workTree, args, { env: { ...hermeticEnv, HOME: outside } });
    return answer.status === 0 ? answer.stdout.toString('utf8').trim() : `${answer.status}: ${answer.stderr}`;
  };

  test('finds one commit of exactly that tree, nothing changed, and what is changed after', async () => {
    const files = { '.gitattributes': '*.txt text eol=crlf\n', 'a.txt': 'one\r\ntwo\n', 'b.txt': 'one\n', c: 'c' };
    const { tree, commit } = make(files);
    await makeExact(place, tree, signal);
    showRepository(place, commit);
    expect(asked('rev-parse', 'HEAD^{tree}')).toBe(tree);
    expect(asked('status', '--porcelain')).toBe('');
    expect(asked('diff', '--exit-code', 'HEAD')).toBe('');
    expect(asked('ls-files').split('\n')).toEqual(Object.keys(files));
    expect(asked('rev-list', '--count', 'HEAD')).toBe('1');
    expect(asked('remote')).toBe('');
    writeFileSync(at('c'), 'generated');
    writeFileSync(at('new'), '');
    expect(asked('status', '--porcelain')).toBe('M c\n?? new');
    // And its own doings are gone with the next one.
    asked('add', '-A');
    asked('commit', '--quiet', '-m', 'mine');
    await makeExact(place, tree, signal);
    expect(Object.keys(holds()).sort()).toEqual(Object.keys(files).sort());
    showRepository(place, commit);
    expect(asked('status', '--porcelain')).toBe('');
    expect(asked('rev-parse', 'HEAD')).toBe(commit);
  });
});
