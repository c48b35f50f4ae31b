/**
 * The facts of all rollouts of a work tree, from its files and the log, for the judge in `machines/rollout.ts`. Reads
 * only; what a file has wrong becomes a word about it, so that one broken file hides nothing else.
 */
import { TelecError } from '../../errors.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { verdictIn } from '../../io/todos/dor-report.ts';
import { DELIVERED_FILE, stateFile, todoFile } from '../../io/todos/paths.ts';
import { DOR_GATES } from '../../io/todos/state-file.ts';
import type { WorkFiles } from '../../io/todos/work-files.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';
import { heldBack, judgeRollout, type RolloutFacts, type SliceFacts } from '../../machines/rollout.ts';
import type { RolloutProblem } from '../../machines/rollout-checks.ts';
import { cyclesIn } from '../todos/dependencies.ts';
import { heldBackBy, type Papers, readPapers, type TodoFacts } from '../todos/papers.ts';
import type { RolloutLog } from './log.ts';

/** All that a work tree says of rollouts. */
export interface RolloutTree {
  papers: Papers;
  rollouts: RolloutFacts[];
  /** One work item as the judge sees it; null for a slug that is none and not delivered. */
  item(slug: string): SliceFacts | null;
  /** What is wrong with the work tree as a whole. */
  problems: RolloutProblem[];
}

/** Reads the work tree. Thrown: UNSAFE_PATH (2) for a link or device in the way of the todos themselves. */
export function readRollouts(files: WorkFiles, log: RolloutLog, onMain: ReadonlySet<string> = new Set()): RolloutTree {
  return rolloutsOf(
    readPapers(files, (slug) => onMain.has(slug) || log.delivered(slug) !== null),
    log,
  );
}

/** The papers with what the rollouts among them have against building a slice. */
export function withHeldBack(papers: Papers, log: RolloutLog): Papers {
  if (!papers.todos.some(({ isContainer }) => isContainer)) return papers;
  const judged = rolloutsOf(papers, log).rollouts.map(judgeRollout);
  return { ...papers, todos: papers.todos.map((todo) => heldBackBy(todo, heldBack(judged, todo.slug))) };
}

function rolloutsOf(papers: Papers, log: RolloutLog): RolloutTree {
  const { files } = papers;
  const rows = new Map(readDelivered(readText(files, DELIVERED_FILE).text).rows.map((row) => [row.slug, row]));
  const todos = new Map(papers.todos.map((todo) => [todo.slug, todo]));
  const delivered = (slug: string): string | null => {
    const row = rows.get(slug);
    if (!row) return log.delivered(slug) ?? (todos.get(slug)?.delivered ? 'main, as this clone knows it' : null);
    return [DELIVERED_FILE, row.date, row.commit].filter((part) => part !== null).join(', ');
  };
  const item = (slug: string): SliceFacts | null => {
    const todo = todos.get(slug);
    if (todo) return sliceFacts(files, todo, delivered(slug));
    const where = delivered(slug);
    return where === null ? null : goneSlice(slug, where);
  };
  const known = new Set([...todos.keys(), ...rows.keys()]);
  const containers = papers.todos.filter(({ isContainer }) => isContainer);
  const approved = (slug: string): string | null =>
    log.approved(slug) ?? (todos.get(slug)?.state.review === 'approved' ? `${stateFile(slug)}: review approved` : null);
  const rollouts = containers.flatMap((todo) => {
    const container = item(todo.slug);
    return container ? [rolloutFacts({ papers, todo, container, item, known, approved, log })] : [];
  });
  return { papers, rollouts, item, problems: treeProblems(papers, rollouts, known) };
}

interface Parts {
  papers: Papers;
  todo: TodoFacts;
  container: SliceFacts;
  item: (slug: string) => SliceFacts | null;
  known: Set<string>;
  approved: (slug: string) => string | null;
  log: RolloutLog;
}

function rolloutFacts({ papers, todo, container, item, known, approved, log }: Parts): RolloutFacts {
  const { files, roadmap } = papers;
  const { rollout, breakdown } = todo.state;
  const input = readText(files, todoFile(todo.slug, 'input.md'));
  const listed = input.text === null ? null : listedSlugs(input.text, known);
  // One that only the list names is a slice too: delivered it is history, open it is a contradiction to be told.
  const slugs = new Set([...todo.children, ...(listed ?? [])]);
  slugs.delete(todo.slug);
  const slices = [...slugs].flatMap((slug) => item(slug) ?? []);
  const document = rollout?.rollback ?? null;
  const rollback = document === null ? null : readText(files, document);
  const shadow = rollout?.shadow ?? null;
  const { exercised, ...evidence } = log.evidence;
  return {
    container: { ...container, broken: [...container.broken, ...input.broken, ...(rollback?.broken ?? [])] },
    slices,
    breakdown,
    listed,
    declared: rollout && { shadow: rollout.shadow, cutover: rollout.cutover },
    known: new Set([...known, ...slices.map(({ slug }) => slug)]),
    roadmap,
    gates: DOR_GATES,
    go: {
      ...evidence,
      shadow:
        shadow === null
          ? null
          : { slug: shadow, delivered: item(shadow)?.delivered ?? null, approved: approved(shadow) },
      rollback: { document, exists: (rollback?.text ?? '').trim() !== '', exercised },
    },
  };
}

/** A slice of which only its delivery is left. */
function goneSlice(slug: string, delivered: string): SliceFacts {
  return {
    slug,
    hasFolder: false,
    row: null,
    missingPapers: [],
    delivered,
    build: 'complete',
    drafter: null,
    verdict: null,
    reported: null,
    undelivered: [],
    notBuildable: [],
    broken: [],
  };
}

function sliceFacts(files: WorkFiles, todo: TodoFacts, delivered: string | null): SliceFacts {
  const { slug, row, hasFolder, missingPapers, state, problems, undelivered, notBuildable } = todo;
  const { dor } = state;
  const report = missingPapers.includes('dor-report.md')
    ? { text: null, broken: [] }
    : readText(files, todoFile(slug, 'dor-report.md'));
  return {
    slug,
    hasFolder,
    row: row && { group: row.group, after: row.after },
    missingPapers,
    delivered,
    build: state.build,
    drafter: state.draft?.session_id ?? null,
    verdict: dor && {
      status: dor.status,
      score: dor.score,
      session: dor.session_id,
      via: dor.via,
      gates: dor.gates,
      blockers: dor.blockers,
    },
    reported: report.text === null ? null : (verdictIn(report.text) ?? { status: null, score: null }),
    undelivered,
    notBuildable,
    broken: [...problems.map(({ path, message }) => `${path}: ${message}`), ...report.broken],
  };
}

/** A text with what kept it from being read, in words. */
function readText(files: WorkFiles, path: string): { text: string | null; broken: string[] } {
  try {
    return { text: files.read(path), broken: [] };
  } catch (error) {
    if (error instanceof TelecError && error.code === 'UNSAFE_PATH') return { text: null, broken: [error.message] };
    throw error;
  }
}

/** A numbered item that begins with a slug and says no more than a remark about it. */
const LISTED = /^\s*(\d{1,9})[.)]\s+([`*[]*)([a-z0-9]+(?:-[a-z0-9]+)*)[`*\]]*(?=\s*(?:$|[([:,.;–—]|-\s))/;
const NUMBERED = /^\s*(\d{1,9})[.)]\s/;

/**
 * The slugs of the first numbered list that names a known one, in order. Numbering that starts again, or a heading,
 * begins another list; a word that is neither marked nor known is none.
 */
export function listedSlugs(text: string, known: ReadonlySet<string>): string[] {
  const lists: string[][] = [[]];
  let last = 0;
  let fenced = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (fenced) continue;
    const number = Number(NUMBERED.exec(line)?.[1] ?? Number.NaN);
    if (/^ {0,3}#/.test(line) || number <= last) {
      lists.push([]);
      last = 0;
    }
    if (Number.isNaN(number)) continue;
    last = number;
    const [, , marks = '', slug] = LISTED.exec(line) ?? [];
    if (slug !== undefined && SLUG_PATTERN.test(slug) && (marks !== '' || known.has(slug))) lists.at(-1)?.push(slug);
  }
  return [...new Set(lists.find((list) => list.some((slug) => known.has(slug))) ?? [])];
}

function treeProblems(papers: Papers, rollouts: readonly RolloutFacts[], known: ReadonlySet<string>): RolloutProblem[] {
  const found: RolloutProblem[] = papers.problems.map(({ path, message }) => ({
    code: 'broken_file',
    slug: path,
    text: message,
  }));
  const [cycle] = cyclesIn(papers.roadmap);
  if (cycle)
    found.push({ code: 'cycle', slug: cycle[0] ?? '', text: `these wait for each other: ${cycle.join(' -> ')}` });
  const groups = new Set(papers.roadmap.flatMap(({ group }) => group ?? []));
  for (const group of groups)
    if (!known.has(group))
      found.push({
        code: 'unknown_container',
        slug: group,
        text: 'the roadmap groups work items under it, but it is none',
      });
  const holders = new Map<string, string[]>();
  for (const { container, slices } of rollouts)
    for (const { slug } of slices) holders.set(slug, [...(holders.get(slug) ?? []), container.slug]);
  for (const [slug, held] of holders)
    if (held.length > 1) found.push({ code: 'in_two_rollouts', slug, text: `it is held by ${held.join(' and ')}` });
  return found;
}
