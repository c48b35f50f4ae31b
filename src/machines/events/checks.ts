/** What the configured checks said of a tree. Fenced; each run has its entry, and a verdict is known by what it was about. */
import { z } from 'zod';
import * as field from './fields.ts';
import { type Definition, LEVEL } from './schema.ts';

/** Why a run did not pass. */
export const CHECK_FAILURES = ['failed', 'timed_out', 'killed', 'not_started'] as const;

const ofCheck = {
  level: LEVEL.OPERATIONAL,
  emitter: 'integrator',
  canonicalName: null,
  lifecycle: null,
  fenced: true,
  entityField: 'slug',
  idempotencyFields: ['slug', 'branch', 'sha', 'fence', 'attempt', 'check', 'tree', 'run'],
} as const;

const oneRun = () => ({
  ...field.fencedTriple(),
  check: field.word('Name of the check'),
  tree: field.sha('Tree that would land'),
  run: field.count('Number of this run of the check on this tree in this attempt, 1 for the first', 1),
  seen: field.sha('Tree the command saw: the whole one, or the paths of the check alone'),
  definition: field.word('Digest of what is run, and how'),
  toolchain: field.word('Digest of the machine and the tools'),
});

const duration = () => field.count('How long the command ran, ms');

export const checkEvents = {
  'integration.checks.started': {
    ...ofCheck,
    description: 'A check began on the tree that would land',
    payload: z.strictObject(oneRun()),
  },
  'integration.checks.passed': {
    ...ofCheck,
    description: 'A check passed on the tree that would land',
    payload: z.strictObject({
      ...oneRun(),
      duration_ms: duration(),
      cached: field.flag('It had passed on what it sees before, and was not run again'),
      flaked: field.flag('It had failed on the very same tree before'),
    }),
  },
  'integration.checks.failed': {
    ...ofCheck,
    description: 'A check did not pass on the tree that would land',
    payload: z.strictObject({
      ...oneRun(),
      duration_ms: duration(),
      kind: z.enum(CHECK_FAILURES).describe('What happened'),
      exit_status: field.count('Exit status of the command').nullable(),
      signal: field.word('Signal that ended it').nullable(),
      output_tail: field.note('End of what it wrote'),
      log: field.note('File with all it wrote, on the host of the session; empty when there is none'),
      final: field.flag('No further try follows'),
    }),
  },
} satisfies Record<string, Definition>;
