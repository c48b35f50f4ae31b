/** The order of turns: what people decide about it, and every way in which it is not first in, first out. */
import { z } from 'zod';
import { PRIORITIES } from '../priority-names.ts';
import { decided, decision } from './decided.ts';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Candidates that the event names at most; it counts all. */
export const OVERTAKEN_MAX = 100;

export const turnEvents = {
  'integration.priority.set': {
    ...decision,
    description: 'Somebody decided how urgent the work item is; it counts until one of its candidates is delivered',
    payload: z.strictObject({
      slug: field.slug(),
      priority: z.enum(PRIORITIES).describe('How urgent it is'),
      ...decided(),
    }),
    moves: 'order',
    entityField: 'slug',
  },
  'integration.order.deviated': {
    level: LEVEL.OPERATIONAL,
    canonicalName: null,
    emitter: 'integrator',
    lifecycle: null,
    description: 'A session lets a candidate go ahead of older ones',
    payload: z.strictObject({
      ...field.fencedTriple(),
      as_of: field.streamId('Entry as of which the order was judged'),
      by: z.enum(['priority', 'lane']).describe('What lets it'),
      overtaken: z
        .array(z.strictObject(field.triple()))
        .min(1, 'is empty')
        .describe(`Those it goes ahead of, the oldest first; cut to ${OVERTAKEN_MAX}`),
      overtaken_count: field.count('How many it goes ahead of', 1),
      actor: field.actor(),
      reason: field.text('Why'),
      priority: z
        .strictObject({ slug: field.slug('Whose priority it is by'), priority: z.enum(PRIORITIES) })
        .describe('By priority: the one that makes the difference')
        .optional(),
      lanes: z
        .strictObject({
          own: field.word('Lane of the candidate'),
          others: z.array(field.word('Name')).describe('Lanes of those it goes ahead of'),
          paths: field.count('Paths that it changes'),
          digest: field.word('SHA-256 of their names, in order'),
          other_paths: field.count('Paths that the others change; none of them is one of its own'),
          other_digest: field.word('SHA-256 of their names, in order'),
          base: field.sha('What it is built on now: its changes are the same there'),
        })
        .describe('By lane: what shows that it and the others have nothing in common')
        .optional(),
    }),
    idempotencyFields: ['slug', 'branch', 'sha', 'fence', 'attempt', 'by', 'as_of'],
    fenced: true,
    moves: 'order',
    entityField: 'slug',
  },
} satisfies Record<string, Definition>;
