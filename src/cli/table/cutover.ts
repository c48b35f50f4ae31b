/** The rows of the command table about the cutover: from shadow to live, and back. */
import type { Command } from 'commander';
import { type Add, flag, reason } from './entry.ts';

const list = (value: string, before: string[] = []): string[] => [...before, value];

export function addCutover(program: Command, add: Add): void {
  const cutover = add(program, {
    usage: 'cutover',
    summary: 'from shadow to live, and back: where it stands, go or no-go',
    more: 'In shadow telec judges and moves nothing. The cutover makes it the only path to main; the way back takes one command.',
    examples: ['telec cutover status', 'telec cutover rollback --reason "main is broken"'],
  });
  add(cutover, {
    usage: 'status',
    summary: 'the mode and why, the five points of evidence, what is missing, what an older flow began',
    examples: ['telec cutover status', 'telec cutover status --json'],
    load: async () => (await import('../commands/cutover.ts')).status,
  });
  add(cutover, {
    usage: 'enable',
    summary: 'go live: from here on telec alone moves main',
    more: [
      'Refused (exit 6) with everything that is missing, until all five points of evidence are met and every delivery',
      'begun under an older flow is landed, adopted (telec adopt) or given up by name (--drop). The refusal is recorded.',
      'Live already: nothing changes.',
    ].join(' '),
    options: [
      reason,
      flag('--drop <slug>', 'give up this delivery of an older flow; may be repeated').argParser(list),
      flag('--no-other-path', 'you state that nobody else moves main, so there is nothing to compare with'),
      flag('--no-rollback', 'evidence withdrawn later stops every session, instead of going back to shadow'),
    ],
    examples: [
      'telec cutover enable --reason "parity over 40 candidates"',
      'telec cutover enable --reason "moved over" --drop old-search --drop old-index',
      'telec cutover enable --reason "a new repository" --no-other-path',
    ],
    load: async () => (await import('../commands/cutover.ts')).enable,
  });
  add(cutover, {
    usage: 'rollback',
    summary: 'back to shadow; what is in hand goes back to the queue',
    more: 'Guards stay on. In shadow it is a drill: nothing changes, and it counts as evidence that the way back was tried.',
    options: [reason],
    examples: ['telec cutover rollback --reason "main is broken"', 'telec cutover rollback --reason "drill"'],
    load: async () => (await import('../commands/cutover.ts')).rollback,
  });
}
