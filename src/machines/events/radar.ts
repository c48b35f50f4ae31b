/** What is foreseen of work that was pushed and not handed over yet. Told on what git says; moves no candidate. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL, type Lifecycle } from './schema.ts';

/** What a branch is compared with. */
export const FORESEEN_KINDS = ['main', 'candidate', 'branch'] as const;
/** How it is known whose work a branch is. */
export const OWNER_SOURCES = ['pushed', 'started', 'author'] as const;
/** Why nothing is foreseen any more. */
export const CLEARED_REASONS = ['clean', 'delivered', 'gone'] as const;

const slug = () => field.slug().nullable().describe('Work item, where one is known');
const owner = () => field.word('Whose work it is').nullable().describe('Whose work it is; null where nobody is known');
const ownerFrom = () =>
  z.enum(OWNER_SOURCES).nullable().describe('pushed: who told the push; started: who handed over; author: of its head');

/** One work that does not merge with the branch. */
const conflict = z.strictObject({
  kind: z.enum(FORESEEN_KINDS).describe('main, a candidate in the queue, or a branch that nobody handed over yet'),
  branch: field.branch('Branch it conflicts with'),
  sha: field.sha('Commit it conflicts with'),
  slug: slug(),
  owner: owner(),
  owner_from: ownerFrom(),
  lands: z
    .enum(['before', 'after'])
    .nullable()
    .describe('Whether that one comes to main before or after the branch, as things stand; null when nobody can tell'),
  paths: z.array(field.text('A path')).min(1, 'is empty').describe('Conflicted paths, the first of them'),
  paths_omitted: field.count('Conflicted paths that are left out'),
});
export type ForeseenConflict = z.output<typeof conflict>;

const told = {
  canonicalName: null,
  level: LEVEL.WORKFLOW,
  emitter: 'telec',
  // Two daemons that see the same say it once; what is told of a branch follows on what was told of it before.
  idempotencyFields: ['branch', 'previous'],
  entityField: 'branch',
} as const;

const row = {
  family: 'radar',
  creates: false,
  updates: false,
  resolves: false,
  groupKey: 'branch',
  meaningfulFields: [],
} as const satisfies Lifecycle;

const previous = () =>
  field.streamId('Entry').nullable().describe('Entry that told of the branch before; null for the first');

export const radarEvents = {
  'integration.conflict.foreseen': {
    ...told,
    description: 'A conflict is foreseen',
    payload: z.strictObject({
      branch: field.branch(),
      sha: field.sha('Its head'),
      slug: slug(),
      owner: owner(),
      owner_from: ownerFrom(),
      base: field.sha('Main as it was then'),
      conflicts: z.array(conflict).min(1, 'is empty').describe('What it conflicts with, main first'),
      omitted: field.count('Further work it conflicts with'),
      news: z
        .array(field.word('A branch'))
        .min(1, 'is empty')
        .nullable()
        .describe('Those that were not foreseen before; null when some merely went away'),
      summary: field.text('The same for people'),
      next_action: field.text('What its owner can do now'),
      previous: previous(),
    }),
    lifecycle: { ...row, creates: true, updates: true, meaningfulFields: ['news'] },
  },
  'integration.conflict.cleared': {
    ...told,
    description: 'No conflict is foreseen any more',
    payload: z.strictObject({
      branch: field.branch(),
      sha: field.sha('Its head, or its last one'),
      slug: slug(),
      reason: z.enum(CLEARED_REASONS).describe('It merges cleanly, it is on main, or it is not on the remote any more'),
      previous: previous(),
    }),
    lifecycle: { ...row, resolves: true, meaningfulFields: ['reason'] },
  },
} satisfies Record<string, Definition>;
