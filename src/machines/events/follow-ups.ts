/** The way of a follow-up to main: the work item that telec opens there for a blocked candidate. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

const what = () =>
  z
    .enum(['opened', 'reopened', 'closed'])
    .describe('Whether its files were written, written again after another block, or removed');
const block = () => field.instant('The block it was changed for');

/** One follow-up in a push of main. */
export const followUpChange = () =>
  z.strictObject({ slug: field.slug('The follow-up'), change: what(), blocked_at: block() });

const system = { family: 'system', creates: false, groupKey: null } as const;

export const followUpEvents = {
  'integration.followup.landed': {
    level: LEVEL.OPERATIONAL,
    emitter: 'integrator',
    canonicalName: null,
    description: 'A follow-up is on main as the log says it should be',
    payload: z.strictObject({
      ...field.fencedSession(),
      slug: field.slug('The follow-up'),
      commit: field.sha('Commit of main that brought the change'),
      base: field.sha('Main before it'),
      tree: field.sha('Tree of the commit'),
      change: what(),
      blocked_at: block(),
    }),
    idempotencyFields: ['slug', 'commit', 'blocked_at'],
    lifecycle: {
      ...system,
      updates: false,
      resolves: true,
      meaningfulFields: [],
      resolvesRowsOf: ['integration.followup.left'],
    },
    fenced: true,
    entityField: 'slug',
  },
  'integration.followup.left': {
    level: LEVEL.BUSINESS,
    emitter: 'integrator',
    canonicalName: null,
    description: 'A follow-up could not be brought to main; it stands in the log alone',
    payload: z.strictObject({
      ...field.fencedSession(),
      follow_up_slug: field.slug('The follow-up'),
      blocked_at: block(),
      reason: z
        .enum(['refused', 'unreadable', 'taken', 'no_todos'])
        .describe(
          'The remote said no, a file cannot be edited, its place is taken, or main has no work items any more',
        ),
      detail: field.note('What was seen'),
      next_action: field.text('The one thing to do next'),
      command_id: field.commandId(),
    }),
    idempotencyFields: ['command_id'],
    lifecycle: { ...system, updates: true, resolves: false, key: 'FOLLOW_UP_LEFT', meaningfulFields: ['detail'] },
    fenced: true,
    entityField: 'follow_up_slug',
  },
} satisfies Record<string, Definition>;
