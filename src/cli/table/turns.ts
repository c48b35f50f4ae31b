/** The row of the command table about who goes first. */
import { Argument, type Command } from 'commander';
import { PRIORITIES } from '../../machines/priority-names.ts';
import { type Add, reason } from './entry.ts';

export function addTurns(program: Command, add: Add): void {
  add(program, {
    usage: 'priority',
    summary: 'how urgent a work item is, where main has priorities on',
    more: [
      'An urgent candidate counts as ready an hour earlier than it became so, a low one an hour later; nothing else of the',
      'order changes, nothing under way is stopped, and nobody waits for ever. It counts for all candidates of the slug until',
      'one of them is delivered. Off unless telec.yaml on main says speculation: {priorities: true}.',
    ].join(' '),
    args: [
      new Argument('<slug>', 'the work item'),
      new Argument('<priority>', 'how urgent it is').choices([...PRIORITIES]),
    ],
    options: [reason],
    examples: [
      'telec priority login urgent --reason "customers cannot log in"',
      'telec priority login normal --reason "the workaround holds"',
    ],
    load: async () => (await import('../commands/priority.ts')).priority,
  });
}
