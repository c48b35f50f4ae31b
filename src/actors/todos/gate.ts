/**
 * The readiness gate: a judge's verdict goes into the work item's state and report. Who drafted the papers does not
 * judge them, and a verdict that contradicts itself is not recorded. Nothing captured is lost: what stays open keeps
 * its blocker until its gate is judged again.
 */
import { EXIT, type Problem, TelecError } from '../../errors.ts';
import { withVerdict } from '../../io/todos/dor-report.ts';
import { stateFile, todoFile } from '../../io/todos/paths.ts';
import { DOR_GATES, type DorGate, readState, type TodoState, withState } from '../../io/todos/state-file.ts';
import { verdictProblems } from '../../machines/gate.ts';
import { permissionFor, permit, roleOf } from '../../machines/permissions.ts';
import { refuseUnreadable } from './draft.ts';
import { readPapers, type TodoFacts } from './papers.ts';
import { slugGiven, unknownTodo, type WorkTree } from './work-tree.ts';

type Dor = NonNullable<TodoState['dor']>;

export interface GateRequest {
  /** 0 to 10. */
  score: number;
  /** `pass`, `needs_work` or `needs_decision`. */
  status: string;
  /** Gates judged now; the name in any spelling of its words. */
  gates: { name: string; verdict: string; reason: string }[];
  blockers: { gate: string; text: string; remedy: string }[];
}

/** The record as it stands in state.yaml. */
export interface GateView extends Dor {
  slug: string;
  /** Gates that nobody has judged yet. */
  not_judged: string[];
}

/**
 * Records a verdict. Thrown: BAD_SLUG (2), PERMISSION_DENIED (6), INVALID_ROLE (2), OWN_DRAFT (6), NOT_FOUND (1), UNREADABLE (1), VERDICT_REFUSED
 * (2, or 1 when only papers are missing) with every problem, NOT_INITIALIZED (6).
 */
export async function gate(tree: WorkTree, slug: string, request: GateRequest, at: string): Promise<GateView> {
  slugGiven(slug);
  const admission = await tree.admit();
  // Asked here as well as on the command line: a program may come by another way.
  const row = permissionFor('todo gate');
  if (row) permit(row, roleOf(tree.role, 'the role'));
  const papers = readPapers(tree.files, (other) => admission.isDelivered(other));
  const facts = papers.todos.find((each) => each.slug === slug);
  if (!facts) throw unknownTodo(slug, papers.delivered.has(slug));
  refuseUnreadable(facts.problems);
  refuseDrafter(tree, facts);
  const dor = judged(facts, request, {
    assessed_at: at,
    session_id: tree.sessionId,
    via: admission.wasDispatched(tree.sessionId) ? 'dispatched' : 'direct',
  });
  const report = todoFile(slug, 'dor-report.md');
  const reportText = withVerdict(tree.files.read(report), slug, dor);
  const state = stateFile(slug);
  const stateText = withState(state, tree.files.read(state), { dor });
  // What was written has to be what the next reader finds.
  refuseUnreadable(readState(state, stateText).problems);
  tree.files.write(state, stateText);
  tree.files.write(report, reportText);
  return { slug, ...dor, not_judged: DOR_GATES.filter((name) => !dor.gates.some((each) => each.name === name)) };
}

function refuseDrafter({ sessionId }: WorkTree, { slug, state }: TodoFacts): void {
  const drafters = state.draft ? [state.draft.session_id, ...(state.draft.earlier ?? [])] : [];
  if (!drafters.includes(sessionId)) return;
  throw new TelecError('OWN_DRAFT', EXIT.refused, `${sessionId} drafted ${slug} and may not judge it too`, {
    hint: `let another session judge it: telec todo gate ${slug} from one with a TELEC_SESSION_ID of its own`,
  });
}

/** The new record. Thrown: VERDICT_REFUSED with every problem. */
function judged(facts: TodoFacts, request: GateRequest, by: Pick<Dor, 'assessed_at' | 'session_id' | 'via'>): Dor {
  const problems: Problem[] = [];
  const gates = gatesOf(request, problems);
  const blockers = blockersOf(request, problems);
  const record = merged(facts.state.dor, request, gates, blockers);
  for (const { about, text } of verdictProblems(record, DOR_GATES)) problems.push({ path: about, message: text });
  const wrong = problems.length > 0;
  for (const paper of facts.missingPapers)
    problems.push({ path: todoFile(facts.slug, paper), message: 'is missing; a judge needs all papers' });
  if (problems.length > 0) {
    throw new TelecError(
      'VERDICT_REFUSED',
      wrong ? EXIT.usage : EXIT.domain,
      `the verdict on ${facts.slug} was not recorded`,
      { hint: wrong ? 'telec todo gate --help shows how' : `telec todo draft ${facts.slug} writes them`, problems },
    );
  }
  // What others keep beside the verdict stays.
  return { ...facts.state.dor, ...(record as Dor), ...by };
}

/** What was judged before and not again stays; a pass that names no gate is one on all of them. */
function merged(
  before: Dor | null,
  { score, status }: GateRequest,
  gates: Dor['gates'],
  blockers: Dor['blockers'],
): Pick<Dor, 'score' | 'gates' | 'blockers'> & { status: string } {
  if (status === 'pass' && gates.length === 0) {
    const reason = `judged together with score ${score}`;
    return { status, score, gates: DOR_GATES.map((name) => ({ name, verdict: 'pass' as const, reason })), blockers };
  }
  const blocked = blockers.flatMap(({ gate: name, text }) =>
    name === null || gates.some((each) => each.name === name) ? [] : [{ name, verdict: 'fail' as const, reason: text }],
  );
  const now = new Map([...blocked.reverse(), ...gates].map((each) => [each.name, each]));
  const all = DOR_GATES.flatMap((name) => now.get(name) ?? before?.gates.find((each) => each.name === name) ?? []);
  const open = (before?.blockers ?? []).filter(({ gate: name }) => name === null || !now.has(name));
  return { status, score, gates: all, blockers: [...open, ...blockers] };
}

function gatesOf({ gates }: GateRequest, problems: Problem[]): Dor['gates'] {
  const known: Dor['gates'] = [];
  for (const { name, verdict, reason } of gates) {
    const gate = gateNamed(name);
    const path = `--gate ${name}`;
    if (!gate) problems.push(noSuchGate(path));
    if (verdict !== 'pass' && verdict !== 'fail')
      problems.push({ path, message: 'its verdict is neither pass nor fail' });
    if (reason.trim() === '') problems.push({ path, message: 'gives no reason' });
    if (gate && known.some((each) => each.name === gate)) problems.push({ path, message: 'is judged twice' });
    if (gate && (verdict === 'pass' || verdict === 'fail'))
      known.push({ name: gate, verdict, reason: oneLine(reason) });
  }
  return known;
}

function blockersOf({ blockers, gates }: GateRequest, problems: Problem[]): Dor['blockers'] {
  const known = blockers.flatMap(({ gate: name, text, remedy }) => {
    const gate = gateNamed(name);
    const path = `--blocker ${name}`;
    if (!gate) problems.push(noSuchGate(path));
    if (text.trim() === '') problems.push({ path, message: 'does not say what is open' });
    if (remedy.trim() === '') problems.push({ path, message: 'names no remedy' });
    return gate ? [{ gate, text: oneLine(text), remedy: oneLine(remedy) }] : [];
  });
  for (const { name, verdict } of gates) {
    const gate = gateNamed(name);
    if (verdict === 'fail' && gate && !known.some((each) => each.gate === gate))
      problems.push({
        path: `--gate ${name}`,
        message: 'fails without a blocker that says what is open and its remedy',
      });
  }
  return known;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const noSuchGate = (path: string): Problem => ({ path, message: `is no gate; there are ${DOR_GATES.join(', ')}` });

function gateNamed(text: string): DorGate | null {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replace(/[^a-z]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return DOR_GATES.find((gate) => gate === name) ?? null;
}
