/** Rollouts for tests of the judge: four slices in order behind a delivered one, all judged, nothing built. */
import { DOR_GATES } from '../../src/io/todos/state-file.ts';
import type { RolloutFacts, SliceFacts, Verdict } from '../../src/machines/rollout.ts';
import type { GoFacts } from '../../src/machines/rollout-evidence.ts';
import { buildProblems } from '../../src/machines/todo.ts';

export const ORDER = ['gates', 'events', 'shadow', 'cutover', 'blocked'] as const;

export const passed: Verdict = {
  status: 'pass',
  score: 8,
  session: 'judge',
  via: 'dispatched',
  gates: DOR_GATES.map((name) => ({ name, verdict: 'pass', reason: `${name} is fine` })),
  blockers: [],
};

/** Evidence for all five points. */
export const proven: GoFacts = {
  shadow: { slug: 'shadow', delivered: 'merged as 1234', approved: 'round 1' },
  shadowSession: null,
  parity: {
    compared: 20,
    agreeing: 20,
    conflicts: 1,
    supersessions: 1,
    pushes: 0,
    leaseOverlaps: 0,
    fifoViolations: 0,
  },
  refusals: ['entry 5-0'],
  parityMin: 20,
  guardedDeliveries: ['entry 6-0'],
  leaked: 0,
  deliveries: 1,
  rollback: { document: 'docs/back.md', exists: true, exercised: 'entry 7-0' },
};

/** What a test says of a slice; the reasons against building follow from it. */
export type Changes = Partial<Omit<SliceFacts, 'notBuildable' | 'undelivered'>> & { isContainer?: boolean };

export interface Plan {
  /** Slugs with what differs from a slice that is judged and not built. */
  slices?: Record<string, Changes>;
  delivered?: readonly string[];
  facts?: Partial<Omit<RolloutFacts, 'slices'>>;
}

/** A rollout called `rollout`: order, list, breakdown and roadmap agree unless the plan says otherwise. */
export function rolloutFacts({ slices = {}, delivered = ['gates'], facts = {} }: Plan = {}): RolloutFacts {
  const made = ORDER.map((slug, at): SliceFacts => {
    const { isContainer = false, ...changes } = slices[slug] ?? {};
    const isDelivered = delivered.includes(slug);
    const before = ORDER[at - 1];
    const slice: SliceFacts = {
      slug,
      hasFolder: !isDelivered,
      row: isDelivered ? null : { group: 'rollout', after: before ? [before] : [] },
      missingPapers: [],
      delivered: isDelivered ? `todos/delivered.yaml, ${slug}` : null,
      build: 'pending',
      drafter: 'drafter',
      verdict: passed,
      reported: { status: 'pass', score: 8 },
      undelivered: [],
      notBuildable: [],
      broken: [],
      ...changes,
    };
    const undelivered = (slice.row?.after ?? []).filter((other) => !delivered.includes(other));
    const { missingPapers, verdict: dor } = slice;
    return {
      ...slice,
      undelivered,
      notBuildable: buildProblems({
        slug,
        missingPapers,
        needsGate: true,
        dor,
        undelivered,
        isContainer,
        heldBack: [],
      }),
    };
  });
  const open = made.filter((slice) => slice.delivered === null);
  return {
    container: { ...(made[0] as SliceFacts), slug: 'rollout', row: null, delivered: null, hasFolder: true },
    slices: made,
    breakdown: { assessed: true, todos: open.map(({ slug }) => slug) },
    listed: [...ORDER],
    declared: { shadow: 'shadow', cutover: 'cutover' },
    known: new Set(['rollout', ...ORDER]),
    roadmap: open.flatMap(({ slug, row }) => (row ? [{ slug, after: row.after }] : [])),
    gates: DOR_GATES,
    go: { ...proven, shadow: { slug: 'shadow', delivered: null, approved: null }, parity: null, refusals: [] },
    ...facts,
  };
}
