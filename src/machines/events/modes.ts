/**
 * The modes: what shadow sessions judged and how that compares with the path that moves main, and the decisions of a
 * cutover and its way back.
 */
import { z } from 'zod';
import { decided, decision, system } from './decided.ts';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Verdicts of a shadow session over one candidate on one main. */
export const SHADOW_VERDICTS = ['would_integrate', 'would_block'] as const;

/**
 * How the verdict and what the other path did relate. `same`: both clean, same tree. `conflict`: telec would have
 * blocked it, and the other path brought it with a resolution of its own. `tree_differs`: both clean, other tree.
 * `decision_differs`: one clean, the other not. `superseded_landed`: the other path brought what a newer candidate had
 * replaced before.
 */
export const PARITY_CLASSES = ['same', 'conflict', 'tree_differs', 'decision_differs', 'superseded_landed'] as const;

/** Why a cutover is taken back. */
export const ROLLBACK_TRIGGERS = ['tree_differs', 'foreign_commit', 'fence_shared', 'faulty_aborts', 'person'] as const;

const mainSha = (about: string) => field.sha(about).nullable().describe(`${about}; null when it had no commit`);

const TRIPLE = ['slug', 'branch', 'sha'] as const;
const ofSession = { level: LEVEL.OPERATIONAL, canonicalName: null, emitter: 'integrator', lifecycle: null } as const;

/** Triple, session and fence; a candidate judged in shadow was perhaps never dequeued, so its attempts begin at 0. */
const judgedTriple = () => ({
  ...field.triple(),
  ...field.fencedSession(),
  attempt: field.count('Dequeues of the candidate so far'),
});

const verdictOn = () => ({
  base: field.sha('Commit it was merged into'),
  verdict: z.enum(SHADOW_VERDICTS).describe('What a live session would have done'),
  tree: field.sha('Tree of the merge').nullable().describe('Tree of the merge; null when it would be blocked'),
});

export const modeEvents = {
  'integration.shadow.started': {
    ...decision,
    description: 'Another path moves main; sessions judge beside it, and the comparison begins anew',
    payload: z.strictObject({ main_sha: mainSha('Main at that moment'), ...decided() }),
    moves: 'mode',
  },
  'integration.shadow.judged': {
    ...ofSession,
    description: 'A session in shadow told what it would have done with a candidate',
    payload: z.strictObject({
      ...judgedTriple(),
      as_of: field.streamId('Entry as of which the order was judged').or(z.literal('0')),
      ...verdictOn(),
      evidence: z.array(field.text('One line')).describe('Why it would be blocked; empty when it would not'),
      on_top: z.strictObject(verdictOn()).describe('The same on top of those before it in the queue'),
    }),
    idempotencyFields: [...TRIPLE, 'fence', 'attempt', 'base'],
    fenced: true,
    entityField: 'slug',
  },
  'integration.shadow.observed': {
    ...ofSession,
    description: 'Main was looked at up to a commit that the other path brought',
    payload: z.strictObject({
      ...field.fencedSession(),
      from: field.sha('Main as it was looked at last').nullable(),
      to: field.sha('Main now'),
      commits: field.count('Commits of the first-parent line between them'),
      unmatched: z.array(field.sha('Commit')).describe('Those that bring no candidate, oldest first; cut to 100'),
    }),
    idempotencyFields: ['session_id', 'fence', 'to'],
    fenced: true,
    moves: 'main',
    entityField: 'session_id',
  },
  'integration.shadow.compared': {
    ...ofSession,
    description: 'What the other path did with a candidate was compared with what telec would have done',
    payload: z.strictObject({
      ...judgedTriple(),
      landed_by: field.sha('Commit of main that brought it'),
      ...verdictOn(),
      landed_tree: field.sha('Tree of that commit'),
      evidence: z.array(field.text('One line')).describe('Why telec would have blocked it; empty when it would not'),
      agrees: field.flag('Same decision and same tree'),
      class: z.enum(PARITY_CLASSES).describe('How the two relate'),
      superseded: field.count('Older candidates of the slug that it had taken the place of'),
    }),
    idempotencyFields: [...TRIPLE, 'fence', 'attempt', 'landed_by'],
    fenced: true,
    entityField: 'slug',
  },
  'integration.cutover.enabled': {
    ...decision,
    description: 'From here on this path alone moves main',
    payload: z.strictObject({
      main_sha: mainSha('Main at the cutover'),
      evidence: field.text('Why it may be enabled'),
      rollback_on_incomplete_parity: field
        .flag('Back to shadow when parity is withdrawn; false: refuse every session until a person decides')
        .optional(),
      dropped: z.array(field.slug()).describe('Deliveries of an older flow that were given up by name').optional(),
      ...decided(),
    }),
    lifecycle: { ...system, resolves: true, resolvesRowsOf: ['integration.cutover.rolled_back'] },
    moves: 'mode',
  },
  'integration.cutover.refused': {
    ...decision,
    description: 'A cutover was asked for and refused: evidence is missing',
    payload: z.strictObject({
      main_sha: mainSha('Main at that moment'),
      evidence: field.note('What was met'),
      missing: z.array(field.text('One thing')).min(1, 'is empty').describe('What was missing'),
      ...decided(),
    }),
  },
  'integration.cutover.rolled_back': {
    ...decision,
    level: LEVEL.BUSINESS,
    emitter: 'telec',
    description: 'Back to shadow: nothing moves main any more until the next cutover',
    payload: z.strictObject({
      main_sha: mainSha('Main at that moment'),
      trigger: z.enum(ROLLBACK_TRIGGERS).describe('What led to it'),
      evidence: field.note('What was seen'),
      drill: field.flag('Tried while nothing was live: shows that the way back works'),
      ...decided(),
    }),
    lifecycle: {
      ...system,
      updates: true,
      key: 'CUTOVER_ROLLED_BACK',
      meaningfulFields: ['trigger', 'main_sha'],
      unless: 'drill',
    },
    moves: 'mode',
  },
} satisfies Record<string, Definition>;
