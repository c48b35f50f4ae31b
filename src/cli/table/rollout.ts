/** The rows of the command table about rollouts. */
import { Argument, type Command } from 'commander';
import { type Add, flag } from './entry.ts';

export function addRollout(program: Command, add: Add): void {
  const rollout = add(program, {
    usage: 'rollout',
    summary: 'rollouts: slices, gates, evidence, reports',
    more: 'A rollout is a work item that holds others. These commands need no init, no remote and no Redis.',
    examples: ['telec rollout status', 'telec rollout gate login-cutover'],
  });
  add(rollout, {
    usage: 'status',
    summary: 'every rollout: its matrix, what is next, go or no-go, and what contradicts itself',
    more: 'Exit 0 when files and log agree, 1 when something contradicts itself or is missing. Waiting is no fault.',
    examples: ['telec rollout status', 'telec rollout status --json'],
    load: async () => (await import('../commands/rollout.ts')).status,
  });
  add(rollout, {
    usage: 'gate',
    summary: 'the eight gates of one work item, and whether it may be built',
    more: 'Exit 0 when it may be built, 1 when not; every reason is named.',
    args: [new Argument('<slug>', 'the work item')],
    examples: ['telec rollout gate login-cutover', 'telec rollout gate login-cutover --json'],
    load: async () => (await import('../commands/rollout.ts')).gate,
  });
  add(rollout, {
    usage: 'report',
    summary: 'the readiness report of a rollout or of one slice, made from files and log',
    more: 'With --write it goes into todos/<slug>/dor-report.md, between marks of its own; all else there stays.',
    args: [new Argument('<slug>', 'the rollout, or one of its slices')],
    options: [
      flag('--write', 'write it; for a rollout also the missing evidence into the report of its cutover slice'),
      flag('--follow-up', 'with --write: open a work item for the missing evidence, which the cutover waits for'),
    ],
    examples: [
      'telec rollout report login-rollout',
      'telec rollout report login-rollout --write',
      'telec rollout report login-cutover --write --follow-up',
    ],
    load: async () => (await import('../commands/rollout.ts')).report,
  });
}
