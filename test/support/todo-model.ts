/** What may happen to a work item: every step with facts that let it pass and with facts that do not. */
import type { BuildFacts } from '../../src/machines/build-rules.ts';
import type { TodoInput, TodoSnapshot } from '../../src/machines/todo.ts';
import type { HandOverFacts, TodoEvent } from '../../src/machines/todo-rules.ts';

export const TODO_INPUT: TodoInput = { slug: 'login', maxRounds: 2 };

export const BUILDABLE: BuildFacts = {
  slug: 'login',
  missingPapers: [],
  needsGate: true,
  dor: { status: 'pass', score: 8 },
  undelivered: [],
  isContainer: false,
  heldBack: [],
};

const HEAD = '1'.repeat(40);

export const HANDABLE: HandOverFacts = {
  slug: 'login',
  hasFolder: true,
  isContainer: false,
  dirty: [],
  branch: 'work/login',
  main: 'main',
  remote: 'origin',
  head: HEAD,
  remoteHead: HEAD,
};

export const TODO_EVENTS: readonly (TodoEvent & { name: string })[] = [
  { type: 'build.started', facts: BUILDABLE, name: 'build.started' },
  { type: 'build.started', facts: { ...BUILDABLE, dor: null }, name: 'build.started, not judged' },
  { type: 'build.complete', dirty: [], name: 'build.complete' },
  { type: 'build.complete', dirty: ['a'], name: 'build.complete, not clean' },
  { type: 'review.started', name: 'review.started' },
  { type: 'review.changes_requested', findings: ['a', 'b'], name: 'review.changes_requested' },
  { type: 'review.changes_requested', findings: [], name: 'review.changes_requested, without findings' },
  { type: 'review.approved', dirty: [], commit: HEAD, name: 'review.approved' },
  { type: 'review.approved', dirty: null, commit: HEAD, name: 'review.approved, git unknown' },
  { type: 'fix.started', name: 'fix.started' },
  { type: 'fix.complete', dirty: [], name: 'fix.complete' },
  { type: 'fix.complete', dirty: ['a'], name: 'fix.complete, not clean' },
  { type: 'deployment.started', facts: HANDABLE, name: 'deployment.started' },
  { type: 'deployment.started', facts: { ...HANDABLE, remoteHead: 'absent' }, name: 'deployment.started, not pushed' },
  { type: 'deployment.failed', name: 'deployment.failed' },
  { type: 'deployment.completed', name: 'deployment.completed' },
  { type: 'integration.candidate.resumed', name: 'integration.candidate.resumed' },
];

export const todoEventsAt = (): (TodoEvent & { name: string })[] => [...TODO_EVENTS];

/** Baseline and texts of findings change nothing in what may happen; how many are open does, and what was mended. */
export function todoEssence({ value, context }: TodoSnapshot): string {
  const { round, unresolved, resolved, baseline, mended } = context;
  return JSON.stringify([value, round, unresolved.map(({ id }) => id), resolved.length > 0, baseline !== null, mended]);
}
