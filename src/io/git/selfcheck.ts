/**
 * Compares a merge with the three-way rule, path by path, from raw tree differences: what one side left alone carries
 * the other side's entry. Shares no code with the merge it checks. It may leave a path out (and counts it) where only
 * the merge's own choices could tell, but it never passes a path the rule decides.
 */
import type { DiffTree, Entry, TreeChange } from './difftree.ts';
import { showPath } from './paths.ts';
import type { SelfCheckOutcome } from './port.ts';

export interface SelfCheckTools {
  /** Without rename detection. */
  plain: DiffTree;
  /** With it (`-M`), asked only when a path cannot be explained without. */
  renames: DiffTree;
}

export interface MergedTrees {
  /** Trees of all merge bases, at least one. */
  bases: string[];
  ours: string;
  theirs: string;
  result: string;
}

/** Entries of one path in the merge base, on both sides and in the result; null: not there. */
interface Fate {
  origin: Entry | null;
  ours: Entry | null;
  theirs: Entry | null;
  result: Entry | null;
}

/** Judges `trees.result`. Thrown: GitFault when a tree is missing. */
export async function checkMerge(tools: SelfCheckTools, trees: MergedTrees): Promise<SelfCheckOutcome> {
  const [first = '', ...others] = trees.bases;
  const [ours = [], theirs = [], result = [], ...unsure] = await tools.plain.all([
    [first, trees.ours],
    [first, trees.theirs],
    [trees.ours, trees.result],
    ...others.map((other) => [first, other] as const),
  ]);
  // Paths on which the merge bases disagree have no one origin.
  const disputed = new Set(unsure.flat().map((change) => change.path));
  const fates = readFates(ours, theirs, result);
  const differs: string[] = [];
  const strange: string[] = [];
  let skipped = 0;
  for (const [path, fate] of fates) {
    if (disputed.has(path)) skipped += 1;
    else if (needsRename(fate)) strange.push(path);
  }
  if (strange.length > 0) {
    const pairs = {
      ours: await tools.renames.between(first, trees.ours),
      theirs: await tools.renames.between(first, trees.theirs),
    };
    const judge = new RenameJudge(fates, disputed, pairs);
    for (const path of strange) {
      const verdict = judge.judge(path);
      if (verdict === 'differs') differs.push(path);
      else if (verdict === 'unsure') skipped += 1;
    }
  }
  if (differs.length === 0) return { kind: 'same', skipped };
  return { kind: 'differs', paths: differs.sort().map((path) => showPath(Buffer.from(path, 'latin1'))) };
}

function readFates(ours: TreeChange[], theirs: TreeChange[], result: TreeChange[]): Map<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const { path, before, after } of ours)
    fates.set(path, { origin: before, ours: after, theirs: before, result: after });
  for (const { path, before, after } of theirs) {
    const fate = fates.get(path);
    if (fate === undefined) fates.set(path, { origin: before, ours: before, theirs: after, result: before });
    else fate.theirs = after;
  }
  for (const { path, before, after } of result) {
    const fate = fates.get(path);
    if (fate === undefined) fates.set(path, { origin: before, ours: before, theirs: before, result: after });
    else fate.result = after;
  }
  return fates;
}

/**
 * True when the rule for a path by itself is broken, or when one side removed what the other changed: without a
 * conflict that is only right if the file went elsewhere, and then the change must be found there.
 */
function needsRename(fate: Fate): boolean {
  if (!follows(fate.origin, fate.ours, fate.theirs, fate.result)) return true;
  const { origin, ours, theirs } = fate;
  if (origin === null || (ours === null) === (theirs === null)) return false;
  return !same(origin, ours ?? theirs);
}

/** The three-way rule for entries as wholes and, where all are regular files, for mode and content apart. */
function follows(origin: Entry | null, ours: Entry | null, theirs: Entry | null, result: Entry | null): boolean {
  if (same(ours, origin)) return same(result, theirs);
  if (same(theirs, origin) || same(ours, theirs)) return same(result, ours);
  if (!isFile(origin) || !isFile(ours) || !isFile(theirs)) return true;
  if (!isFile(result)) return false;
  const mode = pickOne(origin.mode, ours.mode, theirs.mode);
  const id = pickOne(origin.id, ours.id, theirs.id);
  return (mode === null || mode === result.mode) && (id === null || id === result.id);
}

/** Null: both sides changed it, each in its own way. */
function pickOne(origin: string, ours: string, theirs: string): string | null {
  if (ours === origin) return theirs;
  return theirs === origin || ours === theirs ? ours : null;
}

type Verdict = 'right' | 'unsure' | 'differs';

/** Explains paths by files that one side moved. */
class RenameJudge {
  readonly #fates: Map<string, Fate>;
  readonly #disputed: Set<string>;
  readonly #sides: {
    moved: 'ours' | 'theirs';
    stayed: 'ours' | 'theirs';
    from: Map<string, string>;
    to: Map<string, string>;
  }[];

  constructor(fates: Map<string, Fate>, disputed: Set<string>, pairs: { ours: TreeChange[]; theirs: TreeChange[] }) {
    this.#fates = fates;
    this.#disputed = disputed;
    this.#sides = (['ours', 'theirs'] as const).map((moved) => {
      const from = new Map<string, string>();
      const to = new Map<string, string>();
      for (const change of pairs[moved]) {
        if (change.from === null) continue;
        from.set(change.path, change.from);
        to.set(change.from, change.path);
      }
      return { moved, stayed: moved === 'ours' ? 'theirs' : 'ours', from, to };
    });
  }

  judge(path: string): Verdict {
    const fate = this.#fates.get(path);
    if (fate === undefined) return 'differs';
    if (fate.origin === null) return this.#judgeTarget(path, fate);
    // Removed here, changed there: it may only be gone if it was moved.
    if ((fate.ours === null) === (fate.theirs === null) || fate.result !== null) return 'differs';
    const side = this.#sides.find(({ moved }) => fate[moved] === null);
    const target = side?.to.get(path);
    if (side === undefined || target === undefined) return this.#disputed.size > 0 ? 'unsure' : 'differs';
    return this.#judgePair(side.moved, side.stayed, path, target);
  }

  /** A path that is new on one side and carries something else in the result: content of a file moved there. */
  #judgeTarget(path: string, fate: Fate): Verdict {
    const side = this.#sides.find(({ moved, stayed }) => fate[moved] !== null && fate[stayed] === null);
    if (side === undefined) return 'differs';
    const source = side.from.get(path);
    if (source !== undefined && this.#isChangedSource(source, side.moved, side.stayed))
      return this.#judgePair(side.moved, side.stayed, source, path);
    const sources = [...this.#fates.keys()].filter((other) => this.#isChangedSource(other, side.moved, side.stayed));
    // A file that went to several places as it was: which of them is its new name is the merge's own choice.
    if (sources.some((other) => this.#isCopyOf(other, fate, side.moved, side.stayed))) return 'unsure';
    // The merge looks at fewer files than a plain comparison and may have paired another one.
    const others = sources.length > 0;
    return others && (source !== undefined || this.#disputed.size > 0) ? 'unsure' : 'differs';
  }

  #isChangedSource(path: string, moved: 'ours' | 'theirs', stayed: 'ours' | 'theirs'): boolean {
    const fate = this.#fates.get(path);
    if (fate === undefined || fate[moved] !== null) return false;
    if (this.#disputed.has(path)) return true;
    return fate.origin !== null && fate[stayed] !== null && !same(fate.origin, fate[stayed]);
  }

  /** One side removed `source` and put its very content at this path, where the result has the other side's edit. */
  #isCopyOf(source: string, target: Fate, moved: 'ours' | 'theirs', stayed: 'ours' | 'theirs'): boolean {
    const before = this.#fates.get(source);
    if (before?.origin == null || before.origin.id !== target[moved]?.id) return false;
    return follows(before.origin, target[moved], before[stayed], target.result);
  }

  /** `source` was moved to `target` by one side and changed in place by the other. */
  #judgePair(moved: 'ours' | 'theirs', stayed: 'ours' | 'theirs', source: string, target: string): Verdict {
    const before = this.#fates.get(source);
    const after = this.#fates.get(target);
    if (before === undefined || after === undefined) return 'differs';
    if (this.#disputed.has(source) || this.#disputed.has(target)) return 'unsure';
    if (after[stayed] !== null || !this.#isUnique(moved, before.origin, after[moved])) return 'unsure';
    if (!follows(before.origin, after[moved], before[stayed], after.result)) return 'differs';
    return isBothChanged(before.origin, after[moved], before[stayed]) ? 'unsure' : 'right';
  }

  /** False when several files of the same content were moved, so that who went where is a guess. */
  #isUnique(moved: 'ours' | 'theirs', source: Entry | null, target: Entry | null): boolean {
    let sources = 0;
    let targets = 0;
    for (const fate of this.#fates.values()) {
      if (fate.origin !== null && fate[moved] === null && fate.origin.id === source?.id) sources += 1;
      if (fate.origin === null && fate[moved] !== null && fate[moved].id === target?.id) targets += 1;
    }
    return sources <= 1 && targets <= 1;
  }
}

function isBothChanged(origin: Entry | null, ours: Entry | null, theirs: Entry | null): boolean {
  if (origin === null || ours === null || theirs === null) return true;
  return pickOne(origin.id, ours.id, theirs.id) === null;
}

function same(a: Entry | null, b: Entry | null): boolean {
  return a === null || b === null ? a === b : a.mode === b.mode && a.id === b.id;
}

function isFile(entry: Entry | null): entry is Entry {
  return entry !== null && (entry.mode === '100644' || entry.mode === '100755');
}
