/** The row of the command table that looks ahead. */
import { Argument, type Command } from 'commander';
import type { Add } from './entry.ts';

export function addRadar(program: Command, add: Add): void {
  add(program, {
    usage: 'radar',
    summary: 'conflicts that pushed branches will have: with main, with the queue, with each other',
    more: 'Looks at the remote and merges in memory; nothing is written there. The daemon does the same after each fetch and tells both owners.',
    args: [new Argument('[branch]', 'only what this branch conflicts with')],
    examples: ['telec radar', 'telec radar work/login', 'telec radar --json'],
    load: async () => (await import('../commands/radar.ts')).radar,
  });
}
