/**
 * Generated two-parent merges: a common origin, two sides with a few changes each, sometimes a criss-cross. Paths are
 * latin1 text, one character a byte. The same seed gives the same cases.
 */
import type { CommitSpec, FileSpec } from './git-repo.ts';

interface File {
  mode: string;
  content: string;
}
export type Tree = Map<string, File>;

export interface MergeCase {
  /** Commits to import; parents are given as positions in this list. */
  commits: { tree: Tree; parents: number[] }[];
  /** Positions of main and of the branch. */
  ours: number;
  theirs: number;
  /** Positions of the merge bases. */
  bases: number[];
}

/** Numbers in [0, 1); a small generator so that a seed means the same on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const NAMES = [
  'a.txt',
  'b.txt',
  'c.bin',
  'd/e.txt',
  'd/f.bin',
  'd/g/h.txt',
  'k.k',
  'new\nline.txt',
  'tab\there.txt',
  '\xc3\xbcber.txt',
  'odd\xff\xfe.txt',
  'd/"quoted" \\back.txt',
  '-dash.txt',
];
const ATTRIBUTES = [
  '*.txt merge=union\n',
  '*.txt -merge\n',
  '*.bin binary\n',
  '[attr]keep -merge -diff\n*.k keep\n*.txt keep\n',
  '*.txt merge=nobody-defined-this\n',
  '*.txt text eol=crlf\n',
  'a.txt merge=union\nd/** -merge\n',
  '* merge=binary\n*.txt merge=text\n',
];
const LINKS = [
  '1111111111111111111111111111111111111111',
  '2222222222222222222222222222222222222222',
  '3333333333333333333333333333333333333333',
];

export function generateCase(seed: number): MergeCase {
  const random = randomFrom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let counter = 0;
  const lines = (count: number) =>
    Array.from({ length: count }, (_, at) => `line ${at} of ${seed}.${counter++} ${below(1e6)}\n`).join('');

  const origin: Tree = new Map();
  for (const name of NAMES) if (random() < 0.75) origin.set(name, { mode: '100644', content: lines(12) });
  if (random() < 0.5) origin.set('link', { mode: '120000', content: 'a.txt' });
  if (random() < 0.4) origin.set('module', { mode: '160000', content: LINKS[0] as string });
  if (random() < 0.3) origin.set('run.sh', { mode: '100755', content: lines(8) });
  if (random() < 0.5) origin.set('.gitattributes', { mode: '100644', content: one(ATTRIBUTES) });
  else if (random() < 0.15) origin.set('.gitattributes', { mode: '120000', content: 'k.k' });
  if (random() < 0.3) origin.set('d/.gitattributes', { mode: '100644', content: one(ATTRIBUTES) });
  if (random() < 0.1) origin.set('d/g/.gitattributes', { mode: '100755', content: one(ATTRIBUTES) });

  /** A few changes of a copy. */
  const change = (tree: Tree): Tree => {
    const next: Tree = new Map([...tree].map(([path, file]) => [path, { ...file }]));
    const rounds = 1 + below(4);
    for (let round = 0; round < rounds; round++) mutate(next);
    return next;
  };
  const regular = (tree: Tree) =>
    [...tree].filter(([path, file]) => file.mode.startsWith('100') && !path.endsWith('.gitattributes'));
  const edit = (file: File) => {
    const list = file.content.split('\n');
    const at = below(Math.max(1, list.length - 1));
    list[at] = `changed ${below(1e6)}`;
    if (random() < 0.2) list.splice(at, 0, `inserted ${below(1e6)}`);
    file.content = list.join('\n');
  };
  const place = (tree: Tree, path: string, file: File) => {
    // A file makes way for a folder and the other way round.
    for (const other of [...tree.keys()])
      if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) tree.delete(other);
    tree.set(path, file);
  };
  const mutate = (tree: Tree) => {
    const files = regular(tree);
    if (files.length === 0) return place(tree, 'a.txt', { mode: '100644', content: lines(3) });
    // Often one of the first few, so that the sides meet.
    const [path, file] = one(random() < 0.6 ? files.slice(0, 3) : files);
    const kind = below(16);
    if (kind < 6) edit(file);
    else if (kind < 9) {
      tree.delete(path);
      if (kind === 8) edit(file);
      place(tree, one([`${path}.moved`, `moved/${path.replaceAll('/', '_')}`, 'd/moved.txt', 'moved.txt']), file);
    } else if (kind === 9) tree.delete(path);
    else if (kind === 10)
      place(tree, one(['n1.txt', 'n2.txt', 'd/n3.txt', path.replace(/\.[^.]*$/, '')]), {
        mode: '100644',
        content: lines(5),
      });
    else if (kind === 11) file.mode = file.mode === '100644' ? '100755' : '100644';
    else if (kind === 12) place(tree, 'link', { mode: '120000', content: one(['a.txt', 'b.txt', 'd']) });
    else if (kind === 13) place(tree, 'module', { mode: '160000', content: one(LINKS) });
    else if (kind === 14)
      place(tree, one(['.gitattributes', 'd/.gitattributes']), { mode: '100644', content: one(ATTRIBUTES) });
    else if (random() < 0.4) {
      place(tree, `${path}/inside.txt`, { mode: '100644', content: lines(3) });
    } else {
      // A whole folder moves.
      for (const [inner, innerFile] of [...tree]) {
        if (!inner.startsWith('d/')) continue;
        tree.delete(inner);
        tree.set(`moved-d/${inner.slice(2)}`, innerFile);
      }
    }
  };

  const left = change(origin);
  const right = change(origin);
  if (random() < 0.15) {
    // Criss-cross: both sides merged both first changes, each in its own way, then went on.
    const ours = change(overlay(origin, left, right));
    const theirs = change(overlay(origin, right, left));
    const commits = [
      { tree: origin, parents: [] },
      { tree: left, parents: [0] },
      { tree: right, parents: [0] },
      { tree: ours, parents: [1, 2] },
      { tree: theirs, parents: [2, 1] },
    ];
    return { commits, ours: 3, theirs: 4, bases: [1, 2] };
  }
  const commits = [
    { tree: origin, parents: [] },
    { tree: left, parents: [0] },
    { tree: right, parents: [0] },
  ];
  return { commits, ours: 1, theirs: 2, bases: [0] };
}

/** `first` with what `second` changed and `first` did not. */
function overlay(origin: Tree, first: Tree, second: Tree): Tree {
  const result: Tree = new Map(first);
  for (const path of new Set([...origin.keys(), ...second.keys()])) {
    if (!sameFile(first.get(path), origin.get(path)) || sameFile(second.get(path), origin.get(path))) continue;
    const file = second.get(path);
    const clash = [...result.keys()].some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
    if (file === undefined) result.delete(path);
    else if (!clash) result.set(path, file);
  }
  return result;
}

export function sameFile(a: File | undefined, b: File | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.mode === b.mode && a.content === b.content;
}

/** The commits of many cases as one batch; `offset` is the number of commits before this case. */
export function toSpecs(merge: MergeCase, offset: number): CommitSpec[] {
  return merge.commits.map(({ tree, parents }, at) => ({
    parents: parents.map((parent) => `:${offset + parent + 1}`),
    files: new Map<Buffer, FileSpec>(
      [...tree].map(([path, file]) => [
        Buffer.from(path, 'latin1'),
        { mode: file.mode, content: Buffer.from(file.content, 'latin1') },
      ]),
    ),
    time: 1_000_000_000 + offset + at,
  }));
}
