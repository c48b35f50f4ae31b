/**
 * A YAML file that is one list of rows, edited row by row: kept, moved, taken out, added. The source text is edited
 * first; the result is read again, and only when it does not say what it should is the document written anew. Pure.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, visit, type YAMLSeq } from 'yaml';
import { ListSource, lineEndOf, type Splice, spliced, withValues } from './yaml-source.ts';
import { BYTE_ORDER_MARK, readShared, writeYaml } from './yaml-text.ts';

/** A row of the list after an edit: one of the old list by its place, maybe with another `after:`, or a new one. */
export type EditedRow = { kept: number; after?: readonly string[] } | { made: Record<string, unknown> };

/**
 * The text with these rows. Comments, order and spelling of kept rows stay. The text must be readable as a list or
 * empty; another one comes back as it is.
 */
export function editList(name: string, text: string, rows: readonly EditedRow[]): string {
  if (text.startsWith(BYTE_ORDER_MARK)) return BYTE_ORDER_MARK + editList(name, text.slice(1), rows);
  const reading = readShared(name, text);
  if (reading.kind === 'broken' || (reading.value !== null && !Array.isArray(reading.value))) return text;
  const old = (reading.value ?? []) as unknown[];
  const expected = JSON.stringify(rows.map((row) => dataOf(old, row)));
  if (expected === JSON.stringify(old)) return text;
  const said = reading.document.contents;
  // Behind a line of dashes nothing is a node, too.
  const contents = isScalar(said) && said.range?.[0] === said.range?.[1] ? null : said;
  const edited = contents === null || isSeq(contents) ? sourceEdit(text, contents, rows) : null;
  return edited !== null && says(name, edited, expected) ? edited : rewritten(text, rows);
}

function dataOf(old: readonly unknown[], row: EditedRow): unknown {
  if ('made' in row) return row.made;
  const value = old[row.kept];
  if (row.after === undefined) return value;
  const { after, ...rest } = value as Record<string, unknown>;
  if (row.after.length === 0) return rest;
  // In the place it had, or behind the slug.
  if (after !== undefined) return { ...(value as object), after: row.after };
  return Object.fromEntries(
    Object.entries(rest).flatMap((entry) => (entry[0] === 'slug' ? [entry, ['after', row.after]] : [entry])),
  );
}

function says(name: string, text: string, expected: string): boolean {
  const reading = readShared(name, text);
  return reading.kind === 'read' && JSON.stringify(reading.value ?? []) === expected;
}

/** The rows in the order of their old places are an edit of single rows; null where the text cannot be edited so. */
function sourceEdit(text: string, contents: YAMLSeq | null, rows: readonly EditedRow[]): string | null {
  if (contents === null || contents.items.length === 0) return firstRows(text, contents, rows);
  const source = ListSource.of(text, contents);
  if (source === null) return null;
  if (rows.length === 0) return spliced(text, source.emptied());
  const splices: Splice[] = [];
  const stay = longestRise(rows);
  const gone = contents.items.map((_, index) => index).filter((index) => !stay.has(index));
  if (gone.length === contents.items.length) return null;
  let place = 0;
  for (const row of rows) {
    if ('kept' in row && stay.has(row.kept)) {
      place = row.kept + 1;
      continue;
    }
    splices.push(source.with(place, 'kept' in row ? source.rowText(row.kept) : rowIn(source, row.made)));
  }
  for (const row of rows) {
    if (!('kept' in row) || row.after === undefined) continue;
    const item = contents.items[row.kept];
    const changed = isMap(item) && stay.has(row.kept) ? withValues(text, item, row.after) : null;
    if (changed === null) return null;
    splices.push(...changed);
  }
  splices.push(...(gone.length > 0 ? source.without(gone) : []));
  const edited = spliced(text, splices);
  return /\n\s*\n$/.test(text) ? edited : edited.replace(/(\r?\n)\s*\n$/, '$1');
}

/** Places of the kept rows that can stay where they are: the longest run of rising ones. */
function longestRise(rows: readonly EditedRow[]): Set<number> {
  const kept = rows.flatMap((row) => ('kept' in row ? [row.kept] : []));
  if (kept.every((place, index) => index === 0 || place > (kept[index - 1] as number))) return new Set(kept);
  const best: number[][] = [];
  for (const place of kept) {
    const runs = best.filter((run) => (run.at(-1) as number) < place).sort((a, b) => b.length - a.length);
    best.push([...(runs[0] ?? []), place]);
  }
  return new Set(best.sort((a, b) => b.length - a.length)[0]);
}

/** The first rows of a file without any. */
function firstRows(text: string, contents: YAMLSeq | null, rows: readonly EditedRow[]): string | null {
  const eol = lineEndOf(text);
  const lines = rows.map((row) => ('made' in row ? blockOf(row.made) : '')).join('');
  const block = lines.replaceAll('\n', eol);
  if (contents !== null) {
    const [from, to] = contents.range as [number, number, number];
    return spliced(text, [{ from, to, insert: block.slice(0, -eol.length) }]);
  }
  return text + (text === '' || text.endsWith('\n') ? '' : eol) + block;
}

function rowIn(source: ListSource, row: Record<string, unknown>): string {
  return source.seq.flow ? flowOf(row) : source.block(blockOf(row));
}

const LAYOUT = { lineWidth: 0, flowCollectionPadding: false } as const;

/** The row as a list of one, lists inside of it in one line. */
function blockOf(row: Record<string, unknown>): string {
  const document = parseDocument('[]');
  document.contents = document.createNode([]) as never;
  (document.contents as unknown as YAMLSeq).items.push(rowNode(document, row));
  return document.toString(LAYOUT);
}

function rowNode(document: Document, row: Record<string, unknown>): unknown {
  const node = document.createNode(row);
  visit(node, {
    Seq(_key, seq) {
      seq.flow = true;
    },
  });
  return node;
}

function flowOf(row: Record<string, unknown>): string {
  const document = parseDocument('{}');
  document.contents = document.createNode(row) as never;
  if (isMap(document.contents)) (document.contents as { flow?: boolean }).flow = true;
  return document.toString(LAYOUT).trimEnd();
}

/** The document itself edited and written anew: right in every case, but it lays things out in its own way. */
function rewritten(text: string, rows: readonly EditedRow[]): string {
  const document: Document = parseDocument(text, { keepSourceTokens: true });
  withoutAliases(document);
  const seq = (isSeq(document.contents) ? document.contents : document.createNode([])) as YAMLSeq;
  const old = [...seq.items];
  const header = (old[0] as { commentBefore?: string | null } | undefined)?.commentBefore;
  seq.items = rows.map((row) => {
    if ('made' in row) return rowNode(document, row.made);
    const item = old[row.kept];
    if (row.after !== undefined && isMap(item)) {
      if (row.after.length === 0) item.delete('after');
      else item.set('after', Object.assign(document.createNode([...row.after]), { flow: true }));
    }
    return item;
  });
  if (old.length === 0) seq.flow = false;
  // A comment above the first row is mostly one about the whole file.
  const kept = rows.some((row) => 'kept' in row && row.kept === 0);
  if (header && !kept) document.commentBefore = [document.commentBefore, header].filter(Boolean).join('\n');
  document.contents = seq as never;
  const eol = lineEndOf(text);
  return writeYaml(document).replace(/\r?\n/g, eol);
}

/** An alias whose anchor goes with its row would say nothing any more: each becomes a copy. */
function withoutAliases(document: Document): void {
  visit(document, {
    Alias(_key, node) {
      return isAlias(node) ? (document.createNode(node.toJS(document)) as never) : undefined;
    },
  });
  visit(document, {
    Value(_key, node) {
      delete (node as { anchor?: string }).anchor;
    },
  });
}
