/** The row of the command table that holds main against the log. */
import type { Command } from 'commander';
import type { Add } from './entry.ts';

export function addAudit(program: Command, add: Add): void {
  add(program, {
    usage: 'audit',
    summary: 'hold every commit of main since the cutover against its receipt',
    more: 'Merges are made once more, lost changes are looked for. Exit 0 when all is well, 1 when something is not.',
    examples: ['telec audit', 'telec audit --json'],
    load: async () => (await import('../commands/audit.ts')).audit,
  });
}
