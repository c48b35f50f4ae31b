/** The rows of the command table about candidates and the queue. */
import { Argument, type Command } from 'commander';
import { type Add, flag, reason } from './entry.ts';

const STATES = ['pending', 'ready', 'integrating', 'completed', 'blocked', 'superseded'];

export function addCandidates(program: Command, add: Add): void {
  add(program, {
    usage: 'candidates',
    summary: 'all candidates with their states',
    options: [
      flag('--state <state>', 'only those in this state').choices(STATES),
      flag('--slug <slug>', 'only those of this slug'),
    ],
    examples: ['telec candidates', 'telec candidates --state blocked', 'telec candidates --slug login --json'],
    load: async () => (await import('../commands/candidate.ts')).list,
  });
  add(program, {
    usage: 'candidate',
    summary: 'one candidate with its history',
    args: [new Argument('<candidate>', '<slug>[/<branch>][@<sha-prefix>]')],
    examples: ['telec candidate login', 'telec candidate login/feature/login@3fa2c1d --json'],
    load: async () => (await import('../commands/candidate.ts')).show,
  });
  add(program, {
    usage: 'queue',
    summary: 'what is next, in order',
    examples: ['telec queue', 'telec queue --json'],
    load: async () => (await import('../commands/candidate.ts')).queue,
  });
  add(program, {
    usage: 'why',
    summary: 'what a slug waits for, and who can provide it',
    args: [new Argument('<slug>', 'the work item')],
    examples: ['telec why login', 'telec why login --json'],
    load: async () => (await import('../commands/candidate.ts')).why,
  });
  add(program, {
    usage: 'integrate',
    summary: 'one integrator session in this terminal: drain the queue, then end',
    more: 'Exit 0 drained, 4 another holds the lease, 6 held or halted, 1 aborted, 3 unreachable.',
    examples: ['telec integrate', 'telec integrate --json'],
    load: async () => (await import('../commands/integrate.ts')).integrate,
    graceful: true,
  });
  add(program, {
    usage: 'resume',
    summary: 'send a blocked candidate back to the queue',
    args: [new Argument('<slug>', 'its slug or that of its follow-up')],
    options: [flag('--force', 'without waiting for its follow-up'), reason],
    examples: ['telec resume login', 'telec resume login --force --reason "resolved by hand"'],
    load: async () => (await import('../commands/candidate.ts')).resume,
  });
}
