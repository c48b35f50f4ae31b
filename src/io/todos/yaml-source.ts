/**
 * Cuts and insertions in the source text of a YAML list, so that whatever is not meant stays byte for byte: comments,
 * blank lines, quoting, folded texts, line ends. Works line by line in block lists and between commas in flow lists, and
 * gives up (null) where the text is laid out in another way. It promises nothing about the result: who calls reads it
 * again and compares.
 */
import { isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';

/** Replaces `text.slice(from, to)`. */
export interface Splice {
  from: number;
  to: number;
  insert: string;
}

type Ranged = { range?: [number, number, number] | null };

/** Where a row stands: whole lines in a block list, the bare item in a flow list. */
interface Extent {
  from: number;
  to: number;
}

/** The text with all splices made; deletions may overlap, an insertion inside of one goes where it begins. */
export function spliced(text: string, splices: readonly Splice[]): string {
  // What is deleted at a place goes before what is inserted there, so that the insertion is not swallowed.
  const sorted = [...splices].sort((a, b) => a.from - b.from || a.insert.length - b.insert.length);
  let result = '';
  let at = 0;
  for (const { from, to, insert } of sorted) {
    result += text.slice(at, Math.max(at, from)) + insert;
    at = Math.max(at, to);
  }
  return result + text.slice(at);
}

/** The line end of the text: that of its first line. */
export function lineEndOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n';
}

export class ListSource {
  readonly text: string;
  readonly seq: YAMLSeq;
  readonly #eol: string;
  readonly #extents: Extent[];
  /** Column of the dashes. */
  readonly #column: number;

  private constructor(text: string, seq: YAMLSeq, extents: Extent[], column: number) {
    this.text = text;
    this.seq = seq;
    this.#extents = extents;
    this.#column = column;
    this.#eol = lineEndOf(text);
  }

  /** Null where the list is laid out in a way that is not understood here. */
  static of(text: string, seq: YAMLSeq): ListSource | null {
    if (seq.items.length === 0) return null;
    const extents: Extent[] = [];
    let column = 0;
    for (let index = 0; index < seq.items.length; index += 1) {
      const extent = seq.flow ? rangeOf(text, seq.items[index]) : rowLines(text, seq, index);
      if (extent === null) return null;
      if (!seq.flow) column = dashOf(seq, index) - extent.from;
      extents.push(extent);
    }
    return new ListSource(text, seq, extents, column);
  }

  /** The row as it is written. */
  rowText(index: number): string {
    const { from, to } = this.#extents[index] as Extent;
    return this.text.slice(from, to);
  }

  /** Takes rows out, at least one being left. */
  without(indexes: readonly number[]): Splice[] {
    if (this.seq.flow) return cutsInFlow(this.#extents, indexes);
    return indexes.map((index) => {
      const { from, to } = this.#extents[index] as Extent;
      return { from, to: isBlankBefore(this.text, from) ? skipBlank(this.text, to) : to, insert: '' };
    });
  }

  /** Takes all rows out and leaves an empty list in their place. */
  emptied(): Splice[] {
    const [first] = this.#extents as [Extent];
    if (this.seq.flow) return [{ from: first.from, to: (this.#extents.at(-1) as Extent).to, insert: '' }];
    const all = this.#extents.map(({ from, to }) => ({ from, to, insert: '' }));
    return [...all, { from: first.from, to: first.from, insert: `[]${this.#eol}` }];
  }

  /** Puts a row, as `rowText` gives it or `block` writes it, before the row at `index`, or behind the last one. */
  with(index: number, row: string): Splice {
    if (this.seq.flow) return this.#inFlow(index, row);
    const previous = this.#extents[index - 1];
    const open = this.#isOpen();
    if (previous === undefined) {
      const { from } = this.#extents[0] as Extent;
      return { from, to: from, insert: ended(row, this.#eol) + (open ? this.#eol : '') };
    }
    // Behind the row before it, so that comments above the next row stay above that.
    const needsEnd = !/\n$/.test(this.text.slice(previous.from, previous.to));
    const insert = `${needsEnd ? this.#eol : ''}${open ? this.#eol : ''}${ended(row, this.#eol)}`;
    return { from: previous.to, to: previous.to, insert };
  }

  /** Lines of a row that was written elsewhere, each ending with LF, as they stand in this list. */
  block(lines: string): string {
    const indent = ' '.repeat(this.#column);
    return lines.replace(/^(?=.)/gm, indent).replaceAll('\n', this.#eol);
  }

  #inFlow(index: number, row: string): Splice {
    const previous = this.#extents[index - 1];
    const [first, second] = this.#extents as [Extent, Extent | undefined];
    const between = second ? this.text.slice(first.to, second.from) : ', ';
    const comma = /^\s*,\s*$/.test(between) ? between : ', ';
    if (previous === undefined) return { from: first.from, to: first.from, insert: row + comma };
    return { from: previous.to, to: previous.to, insert: comma + row };
  }

  /** Whether every row is followed by a blank line. */
  #isOpen(): boolean {
    const gaps = this.#extents.slice(1).map(({ from }) => isBlankBefore(this.text, from));
    return gaps.length > 0 && gaps.every(Boolean);
  }
}

/** Gives the row's `after:` other values; removes it when there are none. Null where it is not understood. */
export function withValues(text: string, row: YAMLMap, values: readonly string[]): Splice[] | null {
  const index = row.items.findIndex(({ key }) => isScalar(key) && key.value === 'after');
  const flow = `[${values.join(', ')}]`;
  if (index < 0) return values.length === 0 ? [] : addedPair(text, row, `after: ${flow}`);
  const pair = row.items[index] as Pair<Ranged, Ranged | null>;
  if (values.length === 0) return withoutPair(text, row, index);
  const seq = pair.value;
  const left = isSeq(seq) ? keptOf(seq, values) : null;
  if (isSeq(seq) && left !== null) {
    const gone = seq.items.map((_, at) => at).filter((at) => !left.includes(at));
    return ListSource.of(text, seq)?.without(gone) ?? null;
  }
  const key = rangeOf(text, pair.key);
  const value = rangeOf(text, pair.value);
  if (key === null) return null;
  return [{ from: key.to, to: Math.max(key.to, value?.to ?? 0), insert: `: ${flow}` }];
}

/** Indexes of the items that stay when the list shall be `values`; null when it is no shortened list. */
function keptOf(seq: YAMLSeq, values: readonly string[]): number[] | null {
  const kept: number[] = [];
  for (const [at, item] of seq.items.entries()) {
    if (isScalar(item) && item.value === values[kept.length]) kept.push(at);
  }
  return kept.length === values.length ? kept : null;
}

function withoutPair(text: string, row: YAMLMap, index: number): Splice[] | null {
  const extents = row.items.map(({ key, value }) => {
    const start = rangeOf(text, key);
    const end = rangeOf(text, value);
    return start === null ? null : { from: start.from, to: Math.max(start.to, end?.to ?? 0) };
  });
  if (extents.some((extent) => extent === null)) return null;
  const pairs = extents as Extent[];
  if (row.flow) return cutsInFlow(pairs, [index]);
  const pair = pairs[index] as Extent;
  const next = pairs[index + 1];
  if (index === 0) {
    // The dash stands on its line: what follows moves up to it.
    if (next === undefined || text.slice(pair.to, next.from).includes('#')) return null;
    return [{ from: pair.from, to: next.from, insert: '' }];
  }
  const lines = wholeLines(text, pair.from, pair.to);
  return lines === null ? null : [{ ...lines, insert: '' }];
}

function addedPair(text: string, row: YAMLMap, pair: string): Splice[] | null {
  const slug = row.items.find(({ key }) => isScalar(key) && key.value === 'slug') as Pair<Ranged, Ranged> | undefined;
  const key = rangeOf(text, slug?.key);
  const value = rangeOf(text, slug?.value);
  if (key === null || value === null) return null;
  if (row.flow) return [{ from: value.to, to: value.to, insert: `, ${pair}` }];
  const indent = ' '.repeat(key.from - lineStart(text, key.from));
  const at = lineEnd(text, value.to);
  const needsEnd = at === text.length && !text.endsWith('\n');
  const eol = lineEndOf(text);
  const insert = needsEnd ? `${eol}${indent}${pair}` : `${indent}${pair}${eol}`;
  return [{ from: at, to: at, insert }];
}

/** Cuts items out of a flow collection together with the commas they no longer need. */
function cutsInFlow(extents: readonly Extent[], indexes: readonly number[]): Splice[] {
  const kept = extents.map((_, index) => index).filter((index) => !indexes.includes(index));
  const last = kept.at(-1);
  if (last === undefined) {
    return [{ from: (extents[0] as Extent).from, to: (extents.at(-1) as Extent).to, insert: '' }];
  }
  const cuts = indexes
    .filter((index) => index < last)
    .map((index) => ({ from: (extents[index] as Extent).from, to: (extents[index + 1] as Extent).from, insert: '' }));
  if (last === extents.length - 1) return cuts;
  return [...cuts, { from: (extents[last] as Extent).to, to: (extents.at(-1) as Extent).to, insert: '' }];
}

/** The node's own text, without the comments and spaces behind it. */
function rangeOf(text: string, node: unknown): Extent | null {
  const range = (node as Ranged | null | undefined)?.range;
  if (!range) return null;
  const [from, to] = range;
  return { from, to: from + text.slice(from, to).trimEnd().length };
}

function dashOf(seq: YAMLSeq, index: number): number {
  const token = seq.srcToken;
  if (token?.type !== 'block-seq') return -1;
  return token.items[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset ?? -1;
}

/** The lines of a row, with the comments inside of it that are indented deeper than its dash. */
function rowLines(text: string, seq: YAMLSeq, index: number): Extent | null {
  const dash = dashOf(seq, index);
  if (dash < 0) return null;
  const { to } = rangeOf(text, seq.items[index]) ?? { to: dash + 1 };
  return wholeLines(text, dash, Math.max(dash + 1, to));
}

/** The lines from a first column to an end, with the deeper comments right below; null when something stands before it. */
function wholeLines(text: string, start: number, end: number): Extent | null {
  const from = lineStart(text, start);
  const column = start - from;
  if (!/^[ ]*$/.test(text.slice(from, start))) return null;
  const isOutside = (line: string) => /^\s*#/.test(line) && line.search(/#/) <= column;
  let to = lineEnd(text, end);
  // A value's range may reach over comments that stand below it and belong to what follows.
  for (;;) {
    const last = lineStart(text, to - 1);
    if (last <= from || !(isOutside(text.slice(last, to)) || isBlank(text.slice(last, to)))) break;
    to = last;
  }
  for (let at = to; at < text.length; ) {
    const next = lineEnd(text, at + 1);
    const line = text.slice(at, next);
    if (!isBlank(line)) {
      if (!/^\s*#/.test(line) || isOutside(line)) break;
      to = next;
    }
    at = next;
  }
  return { from, to };
}

const isBlank = (line: string) => line.trim() === '';
const lineStart = (text: string, at: number) => (at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1);
const ended = (row: string, eol: string) => (row.endsWith('\n') ? row : row + eol);

/** Behind the line end at or after `at`. */
function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** Whether the line above is blank, or there is none. */
function isBlankBefore(text: string, from: number): boolean {
  return from === 0 || isBlank(text.slice(lineStart(text, from - 1), from));
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const next = lineEnd(text, at + 1);
    if (!isBlank(text.slice(at, next))) break;
    at = next;
  }
  return at;
}
