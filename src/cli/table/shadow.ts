/** The rows of the command table about shadow: how telec compares with the path that moves main. */
import type { Command } from 'commander';
import { type Add, reason } from './entry.ts';

export function addShadow(program: Command, add: Add): void {
  const shadow = add(program, {
    usage: 'shadow',
    summary: 'in shadow: what telec would have done, compared with what another path did',
    examples: ['telec shadow report', 'telec shadow report --json'],
  });
  add(shadow, {
    usage: 'report',
    summary: 'every candidate that the other path brought to main, compared with the verdict of telec',
    more: 'Also the commits that bring no candidate, and the candidates that nobody merged; neither counts as agreement.',
    examples: ['telec shadow report', 'telec shadow report --json'],
    load: async () => (await import('../commands/shadow.ts')).report,
  });
  add(shadow, {
    usage: 'restart',
    summary: 'begin the comparison anew; what was compared before counts no more',
    more: 'For a disagreement that is explained and mended: without this it would stand in the way of the cutover for ever.',
    options: [reason],
    examples: ['telec shadow restart --reason "the old script squashed by hand; it no longer does"'],
    load: async () => (await import('../commands/shadow.ts')).restart,
  });
}
