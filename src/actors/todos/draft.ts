/**
 * Drafting: the papers a work item lacks are written from templates, those it waits for first. Never overwrites, and
 * keeps who drafted, since another session has to judge what one drafted.
 */
import { EXIT, type Problem, TelecError } from '../../errors.ts';
import { type Paper, stateFile, todoFile } from '../../io/todos/paths.ts';
import { cycleIn } from '../../io/todos/roadmap.ts';
import { withState } from '../../io/todos/state-file.ts';
import { templateOf } from '../../io/todos/templates.ts';
import { bookProblems, type Papers, readPapers, type TodoFacts } from './papers.ts';
import { slugGiven, unknownTodo, type WorkTree } from './work-tree.ts';

/** What became of one work item. */
export interface DraftRow {
  slug: string;
  /** Papers written now. */
  written: string[];
  /** Papers that were there and stay as they are. */
  kept: string[];
}

export interface DraftView {
  /** In the order in which they were drafted: what others wait for first. */
  drafted: DraftRow[];
  /** What could not be drafted, and why. */
  skipped: { slug: string; reason: string }[];
  session_id: string;
}

/**
 * Drafts one work item, with those it waits for that have no papers yet, or all of the roadmap. All is looked at before
 * anything is written. Thrown: BAD_SLUG (2), NOT_FOUND (1), CYCLE (1), UNREADABLE (1), NOT_INITIALIZED (6).
 */
export async function draft(tree: WorkTree, slug: string | null, at: string): Promise<DraftView> {
  if (slug !== null) slugGiven(slug);
  const admission = await tree.admit();
  const papers = readPapers(tree.files, (other) => admission.isDelivered(other));
  const wanted = slug === null ? openItems(papers) : [itemOf(papers, slug)];
  const cycle = cycleIn(papers.roadmap);
  if (cycle) throw cycleFound(cycle);
  const skipped: DraftView['skipped'] = [];
  const order = drafted(papers, wanted, slug, skipped);
  refuseUnreadable([...bookProblems(papers), ...order.flatMap(({ problems }) => problems)]);
  const changes = order.map((facts) => ({ facts, texts: missingTexts(tree, facts) }));
  for (const { facts, texts } of changes) write(tree, facts, texts, at);
  const rows = changes.map(({ facts, texts }) => ({
    slug: facts.slug,
    written: texts.map(([paper]) => paper),
    kept: [...facts.papers],
  }));
  return { drafted: rows, skipped, session_id: tree.sessionId };
}

const openItems = (papers: Papers) => papers.todos.filter(({ row, delivered }) => row !== null && !delivered);

function itemOf(papers: Papers, slug: string): TodoFacts {
  const facts = papers.todos.find((each) => each.slug === slug);
  if (!facts) throw unknownTodo(slug, papers.delivered.has(slug));
  if (!facts.delivered) return facts;
  throw new TelecError('DELIVERED', EXIT.domain, `${slug} is delivered; there is nothing left to draft`, {
    hint: 'telec roadmap list shows what is open',
  });
}

/** The items with what they wait for in front; of what one item waits for, only those that lack papers. */
function drafted(
  papers: Papers,
  wanted: readonly TodoFacts[],
  asked: string | null,
  skipped: DraftView['skipped'],
): TodoFacts[] {
  const order: TodoFacts[] = [];
  const seen = new Set<string>();
  const visit = (facts: TodoFacts): void => {
    if (seen.has(facts.slug)) return;
    seen.add(facts.slug);
    for (const other of facts.undelivered) {
      const before = papers.todos.find(({ slug }) => slug === other);
      if (before) visit(before);
      else if (!skipped.some(({ slug }) => slug === other))
        skipped.push({ slug: other, reason: `${facts.slug} waits for it, and there is no such work item` });
    }
    if (asked === null || facts.slug === asked || facts.missingPapers.length > 0) order.push(facts);
  };
  for (const facts of wanted) visit(facts);
  return order;
}

function missingTexts({ files }: WorkTree, item: TodoFacts): [Paper, string][] {
  const { slug, row, missingPapers, children } = item;
  const hasInput = files.has(todoFile(slug, 'input.md'));
  const facts = { slug, description: row?.description ?? null, hasInput, children };
  return missingPapers.map((paper) => [paper, templateOf(paper, facts)]);
}

function write({ files, sessionId }: WorkTree, facts: TodoFacts, texts: [Paper, string][], at: string): void {
  if (texts.length === 0) return;
  for (const [paper, text] of texts) files.write(todoFile(facts.slug, paper), text);
  const path = stateFile(facts.slug);
  const before = facts.state.draft;
  const others = [...(before?.earlier ?? []), ...(before ? [before.session_id] : [])];
  const earlier = [...new Set(others)].filter((other) => other !== sessionId);
  const record = { session_id: sessionId, drafted_at: at, ...(earlier.length === 0 ? {} : { earlier }) };
  files.write(path, withState(path, files.read(path), { draft: record }));
}

/** Dependencies in a ring. */
export function cycleFound(cycle: readonly string[]): TelecError {
  return new TelecError('CYCLE', EXIT.domain, `the work items wait for each other: ${cycle.join(' -> ')}`, {
    hint: `let one of them go: telec roadmap deps ${cycle[0]} --after <slugs>`,
  });
}

/** Thrown: UNREADABLE (1) with every problem, when there is one. */
export function refuseUnreadable(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new TelecError('UNREADABLE', EXIT.domain, 'the files of the work items cannot be read, and none was changed', {
    hint: 'mend the files named above; telec todo validate lists all there is to mend',
    problems: [...problems],
  });
}
