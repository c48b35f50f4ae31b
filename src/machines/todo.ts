/**
 * The life of a work item, from its papers to its delivery, as a statechart. Its state is kept in `state.yaml` of the
 * item's own branch; what became of it after the hand-over is told by the log. The chart decides which step may follow
 * which, never does one, and holds no clock: who marks a phase is told in the event what was found.
 *
 * Invariant: a review round has one number, which only rises, and one end.
 */
import { assign, getNextTransitions, type SnapshotFrom, setup, transition } from 'xstate';
import type { ReviewStanding } from './readiness.ts';
import {
  type Finding,
  TODO_GUARDS,
  type TodoContext,
  type TodoEvent,
  type TodoGuard,
  type TodoProblem,
} from './todo-rules.ts';

export { BUILD_SCORE_MIN, type BuildProblem, buildProblems } from './build-rules.ts';

export interface TodoInput {
  slug: string;
  maxRounds: number;
}

const holds =
  (name: TodoGuard) =>
  ({ context, event }: { context: TodoContext; event: TodoEvent }): boolean =>
    TODO_GUARDS[name](context, event).length === 0;

const findingsOf = (texts: readonly string[], round: number): Finding[] =>
  texts.map((text, index) => ({ id: `r${round}-${index + 1}`, text }));

export const todoMachine = setup({
  types: {
    context: {} as TodoContext,
    events: {} as TodoEvent,
    input: {} as TodoInput,
  },
  guards: {
    mayBeBuilt: holds('mayBeBuilt'),
    isClean: holds('isClean'),
    roundIsLeft: holds('roundIsLeft'),
    hasFindings: holds('hasFindings'),
    hasFindingsAndRound: holds('hasFindingsAndRound'),
    isCleanAndRoundIsLeft: holds('isCleanAndRoundIsLeft'),
    isSameReview: holds('isSameReview'),
    isMended: holds('isMended'),
    mayBeHandedOver: holds('mayBeHandedOver'),
  },
  actions: {
    openRound: assign(({ context }) => ({ round: context.round + 1, mended: false })),
    keepFindings: assign(({ context, event }) => {
      if (event.type !== 'review.changes_requested') return {};
      const found = findingsOf(event.findings, context.round);
      return { unresolved: [...context.unresolved, ...found], mended: false };
    }),
    settleFindings: assign(({ context, event }) => ({
      unresolved: [],
      resolved: [...context.resolved, ...context.unresolved],
      baseline: event.type === 'review.approved' ? event.commit : context.baseline,
      mended: false,
    })),
    rememberMended: assign({ mended: true }),
  },
}).createMachine({
  id: 'todo',
  description: 'One work item on its way from papers to main.',
  initial: 'preparing',
  context: ({ input }) => ({
    slug: input.slug,
    round: 0,
    maxRounds: input.maxRounds,
    baseline: null,
    unresolved: [],
    resolved: [],
    mended: false,
  }),
  on: {
    'deployment.completed': '.delivered',
  },
  states: {
    preparing: {
      description: 'Its papers are still to be drafted, or judged, or it waits to be built.',
      tags: ['waiting'],
      meta: {
        endsBy: 'build.started, once its papers are there, its readiness is passed and what it waits for is delivered',
      },
      on: {
        'build.started': { guard: 'mayBeBuilt', target: 'building' },
      },
    },
    building: {
      description: 'A worker builds it.',
      tags: ['working'],
      meta: { endsBy: 'build.complete by the worker' },
      on: {
        'build.started': {},
        'build.complete': { guard: 'isClean', target: 'built' },
      },
    },
    built: {
      description: 'Built, or mended after a review; waits for the next review.',
      tags: ['waiting'],
      meta: { endsBy: 'review.started or the end of a review by a reviewer' },
      on: {
        'build.complete': {},
        'fix.complete': { guard: 'isMended' },
        'review.started': { guard: 'roundIsLeft', target: 'reviewing', actions: 'openRound' },
        'review.changes_requested': {
          guard: 'hasFindingsAndRound',
          target: 'returned',
          actions: ['openRound', 'keepFindings'],
        },
        'review.approved': {
          guard: 'isCleanAndRoundIsLeft',
          target: 'approved',
          actions: ['openRound', 'settleFindings'],
        },
      },
    },
    reviewing: {
      description: 'A reviewer looks at it, in a round of its own.',
      tags: ['working'],
      meta: { endsBy: 'review.approved or review.changes_requested by the reviewer' },
      on: {
        'review.started': {},
        'review.changes_requested': { guard: 'hasFindings', target: 'returned', actions: 'keepFindings' },
        'review.approved': { guard: 'isClean', target: 'approved', actions: 'settleFindings' },
      },
    },
    returned: {
      description: 'The review asked for changes; waits for somebody to mend the findings.',
      tags: ['waiting'],
      meta: { endsBy: 'fix.started by a worker' },
      on: {
        'review.changes_requested': { guard: 'isSameReview' },
        'fix.started': { target: 'fixing' },
      },
    },
    fixing: {
      description: 'A worker mends the findings of the review, or what kept it from main.',
      tags: ['working'],
      meta: { endsBy: 'fix.complete by the worker' },
      on: {
        'fix.started': {},
        'fix.complete': { guard: 'isClean', target: 'built', actions: 'rememberMended' },
      },
    },
    approved: {
      description: 'Its review approved it; ready to be finalized.',
      tags: ['waiting'],
      meta: { endsBy: 'deployment.started by telec todo finalize, or another review' },
      on: {
        'review.approved': {},
        'review.started': { guard: 'roundIsLeft', target: 'reviewing', actions: 'openRound' },
        'review.changes_requested': {
          guard: 'hasFindingsAndRound',
          target: 'returned',
          actions: ['openRound', 'keepFindings'],
        },
        'deployment.started': { guard: 'mayBeHandedOver', target: 'handedOff' },
      },
    },
    handedOff: {
      description: 'Handed over; the integrator brings it to main.',
      tags: ['waiting'],
      meta: { endsBy: 'deployment.completed or deployment.failed by an integrator session' },
      on: {
        'review.approved': {},
        'review.started': { guard: 'roundIsLeft', target: 'reviewing', actions: 'openRound' },
        'review.changes_requested': {
          guard: 'hasFindingsAndRound',
          target: 'returned',
          actions: ['openRound', 'keepFindings'],
        },
        'deployment.started': { guard: 'mayBeHandedOver' },
        'deployment.failed': { target: 'blocked' },
        'integration.candidate.resumed': {},
      },
    },
    blocked: {
      description: 'The integrator could not bring it to main; waits to be mended and handed over again.',
      tags: ['blocked'],
      meta: {
        endsBy: 'fix.started by a worker, deployment.started with a new commit, or integration.candidate.resumed',
      },
      on: {
        'review.approved': {},
        'review.started': { guard: 'roundIsLeft', target: 'reviewing', actions: 'openRound' },
        'fix.started': { target: 'fixing' },
        'deployment.started': { guard: 'mayBeHandedOver', target: 'handedOff' },
        'integration.candidate.resumed': { target: 'handedOff' },
      },
    },
    delivered: {
      type: 'final',
      description: 'Its work is on main.',
      tags: ['done'],
    },
  },
});

export type TodoSnapshot = SnapshotFrom<typeof todoMachine>;
export type TodoStateName = TodoSnapshot['value'];

/** What `state.yaml` keeps of the machine; names and values as in the file. */
export interface TodoRecord {
  build: 'pending' | 'started' | 'complete';
  review: 'pending' | 'started' | 'changes_requested' | 'approved';
  fix: 'pending' | 'started' | 'complete';
  review_round: number;
  max_review_rounds: number;
  review_baseline_commit: string | null;
  unresolved_findings: readonly Finding[];
  resolved_findings: readonly Finding[];
}

/** What the log adds: the newest review round it knows, and what became of the candidate. */
export interface TodoLog {
  review: ReviewStanding | null;
  /** Findings of that round, when it asked for changes. */
  findings: readonly string[];
  candidate: 'underWay' | 'blocked' | 'delivered' | null;
}

/** Nothing was said in the log. */
export const SILENT_LOG: TodoLog = { review: null, findings: [], candidate: null };

function stateOf({ build, review, fix }: Pick<TodoRecord, 'build' | 'review' | 'fix'>): TodoStateName {
  if (fix === 'started') return 'fixing';
  if (review === 'approved') return 'approved';
  if (review === 'changes_requested') return 'returned';
  if (review === 'started') return 'reviewing';
  return build === 'complete' ? 'built' : build === 'started' ? 'building' : 'preparing';
}

/** Whether the log tells of a review round that the file has not heard of, or tells its end otherwise. */
function logIsAhead(record: TodoRecord, review: ReviewStanding): boolean {
  if (review.round !== record.review_round) return review.round > record.review_round;
  if (record.fix === 'started' || record.review === 'pending') return false;
  // Within a round a request for changes wins over an approval, as it does for the candidate.
  return record.review === 'started' || (record.review === 'approved' && review.verdict === 'changes_requested');
}

/**
 * The machine as the file keeps it and the log knows it. What the log says of a later review counts before the file:
 * the file may be an older copy, or its writer may have died. An approval there that names another commit than `head`
 * approves nothing here; the next round then begins above it.
 */
export function restoreTodo(
  slug: string,
  record: TodoRecord,
  log: TodoLog = SILENT_LOG,
  head: string | null = null,
): TodoSnapshot {
  let value = stateOf(record);
  const context: TodoContext = {
    slug,
    round: record.review_round,
    maxRounds: record.max_review_rounds,
    baseline: record.review_baseline_commit,
    unresolved: record.unresolved_findings,
    resolved: record.resolved_findings,
    mended: value === 'built' && record.fix === 'complete',
  };
  const { review } = log;
  if (review && logIsAhead(record, review)) {
    context.round = review.round;
    context.mended = false;
    if (review.verdict === 'changes_requested') {
      const known = new Set(context.unresolved.map(({ id }) => id));
      const told = findingsOf(log.findings, review.round).filter(({ id }) => !known.has(id));
      context.unresolved = [...context.unresolved, ...told];
      value = 'returned';
    } else if (review.sha === null || review.sha === head) {
      context.resolved = [...context.resolved, ...context.unresolved];
      context.unresolved = [];
      value = 'approved';
    } else if (value !== 'fixing' && value !== 'returned') value = 'built';
  }
  if (log.candidate === 'delivered') value = 'delivered';
  else if (value === 'approved' && log.candidate !== null)
    value = log.candidate === 'blocked' ? 'blocked' : 'handedOff';
  return todoMachine.resolveState({ value, context, status: value === 'delivered' ? 'done' : 'active' });
}

const PHASES: Record<TodoStateName, Pick<TodoRecord, 'build' | 'review' | 'fix'>> = {
  preparing: { build: 'pending', review: 'pending', fix: 'pending' },
  building: { build: 'started', review: 'pending', fix: 'pending' },
  built: { build: 'complete', review: 'pending', fix: 'pending' },
  reviewing: { build: 'complete', review: 'started', fix: 'pending' },
  returned: { build: 'complete', review: 'changes_requested', fix: 'pending' },
  fixing: { build: 'complete', review: 'changes_requested', fix: 'started' },
  approved: { build: 'complete', review: 'approved', fix: 'pending' },
  handedOff: { build: 'complete', review: 'approved', fix: 'pending' },
  blocked: { build: 'complete', review: 'approved', fix: 'pending' },
  delivered: { build: 'complete', review: 'approved', fix: 'pending' },
};

/** What the file has to keep, so that `restoreTodo` finds the machine as it is. */
export function recordTodo({ value, context }: TodoSnapshot): TodoRecord {
  return {
    ...PHASES[value],
    ...(context.mended ? { fix: 'complete' as const } : {}),
    review_round: context.round,
    max_review_rounds: context.maxRounds,
    review_baseline_commit: context.baseline,
    unresolved_findings: context.unresolved,
    resolved_findings: context.resolved,
  };
}

/** What a state answers to a step that does not belong there; what stands in the way is in its description. */
function outOfPlace({ value }: TodoSnapshot, event: TodoEvent): TodoProblem {
  const description = todoMachine.states[value]?.description ?? '';
  if (event.type === 'deployment.started' && value !== 'delivered')
    return { code: 'out_of_place', text: `no review has approved it as it is: it is ${value}. ${description}` };
  return { code: 'out_of_place', text: `it is ${value}, where ${event.type} does not belong: ${description}` };
}

/** Every reason why the machine does not take the event now; none means that it does. */
export function todoRefusals(snapshot: TodoSnapshot, event: TodoEvent): TodoProblem[] {
  const edges =
    snapshot.status === 'active'
      ? getNextTransitions(snapshot).filter(({ eventType }) => eventType === event.type)
      : [];
  if (edges.length > 0) {
    return edges.flatMap(({ guard }) =>
      typeof guard === 'string' ? TODO_GUARDS[guard as TodoGuard](snapshot.context, event) : [],
    );
  }
  // What is wrong with the facts is told at once as well, so that nobody mends one thing to hear of the next.
  const facts = event.type === 'deployment.started' ? TODO_GUARDS.mayBeHandedOver(snapshot.context, event) : [];
  return [outOfPlace(snapshot, event), ...facts];
}

/** The machine after the event; unchanged when it does not take it. */
export function stepTodo(snapshot: TodoSnapshot, event: TodoEvent): TodoSnapshot {
  return transition(todoMachine, snapshot, event)[0];
}
