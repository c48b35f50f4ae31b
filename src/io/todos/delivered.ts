/** `todos/delivered.yaml`: what is on main already, the newest first. Pure: texts in, texts out. */
import type { Problem } from '../../errors.ts';
import { DELIVERED_FILE } from './paths.ts';
import { type EditedRow, editList } from './yaml-list.ts';
import { readShared, readYaml } from './yaml-text.ts';

/** One delivered work item. */
export interface DeliveredRow {
  slug: string;
  /** `YYYY-MM-DD`, UTC. */
  date: string | null;
  /** Commit that brought it, 12 hex digits or more. */
  commit: string | null;
  /** Of a container: the work items it was made of. */
  children: string[];
}

/** A file that says nothing gives no rows; one with a problem gives none either. */
export interface DeliveredReading {
  rows: DeliveredRow[];
  problems: Problem[];
}

/** Readings of texts met last. The list only ever grows, and reading all of it for each new row would grow with it. */
const recent = new Map<string, DeliveredReading>();
const RECENT_MAX = 4;

function remember(text: string, reading: DeliveredReading): DeliveredReading {
  recent.delete(text);
  recent.set(text, reading);
  for (const oldest of recent.keys()) {
    if (recent.size <= RECENT_MAX) break;
    recent.delete(oldest);
  }
  return reading;
}

/** The rows of the text, null for a missing file. */
export function readDelivered(text: string | null): DeliveredReading {
  if (text === null) return { rows: [], problems: [] };
  const { rows, problems } = remember(text, recent.get(text) ?? readAnew(text));
  return { rows: [...rows], problems };
}

function readAnew(text: string): DeliveredReading {
  const reading = readShared(DELIVERED_FILE, text);
  if (reading.kind === 'broken') return { rows: [], problems: reading.problems };
  if (reading.value === null) return { rows: [], problems: [] };
  if (!Array.isArray(reading.value)) return { rows: [], problems: [{ path: DELIVERED_FILE, message: 'is no list' }] };
  return { rows: reading.value.flatMap(rowOf), problems: [] };
}

function rowOf(item: unknown): DeliveredRow[] {
  if (typeof item !== 'object' || item === null) return [];
  const { slug, date, commit, children } = item as Record<string, unknown>;
  if (typeof slug !== 'string' || slug === '') return [];
  return [
    {
      slug,
      date: date instanceof Date ? date.toISOString().slice(0, 10) : typeof date === 'string' ? date : null,
      commit: typeof commit === 'string' || typeof commit === 'number' ? String(commit) : null,
      children: Array.isArray(children) ? children.filter((child) => typeof child === 'string') : [],
    },
  ];
}

/**
 * The text with the row in front, all others as they are written; unchanged when the slug stands there already, or when
 * the text cannot be read. Null for a missing file.
 */
export function withDelivered(text: string | null, row: DeliveredRow): string {
  const before = text ?? '# What is delivered, the newest first.\n[]\n';
  const { rows, problems } = readDelivered(before);
  if (problems.length > 0 || rows.some(({ slug }) => slug === row.slug)) return before;
  const { slug, date, commit, children } = row;
  const made = {
    slug,
    ...(date === null ? {} : { date }),
    ...(commit === null ? {} : { commit }),
    ...(children.length === 0 ? {} : { children }),
  };
  const after = prepended(before, made) ?? editedWhole(before, made);
  remember(after, { rows: [row, ...rows], problems: [] });
  return after;
}

function editedWhole(text: string, made: Record<string, unknown>): string {
  const reading = readShared(DELIVERED_FILE, text);
  const old: unknown[] = reading.kind === 'read' && Array.isArray(reading.value) ? reading.value : [];
  return editList(DELIVERED_FILE, text, [{ made }, ...old.map((_, kept): EditedRow => ({ kept }))]);
}

/** Comments and blank lines above the first dash of a list that is not indented. */
const HEAD = /^(?:---[ \t]*\r?\n)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?=- )/;

/**
 * The text, which can be read, with the row before its first. Looks at no more than the rows around the new one: what
 * stands behind them is not touched, so it says what it said. Null where the list is laid out in another way.
 */
function prepended(text: string, made: Record<string, unknown>): string | null {
  const at = HEAD.exec(text)?.[0].length;
  if (at === undefined) return null;
  const second = text.indexOf('\n- ', at) + 1;
  if (second === 0) return null;
  const old = readYaml(DELIVERED_FILE, text.slice(0, second));
  if (old.kind === 'broken' || !Array.isArray(old.value) || old.value.length !== 1) return null;
  const head = editList(DELIVERED_FILE, text.slice(0, second), [{ made }, { kept: 0 }]);
  const first = text.slice(at, second);
  if (!head.endsWith(first)) return null;
  const isOpen = /\n[ \t]*\r?\n$/.test(first);
  const eol = head.includes('\r\n') ? '\r\n' : '\n';
  return head.slice(0, -first.length) + (isOpen ? eol : '') + text.slice(at);
}
