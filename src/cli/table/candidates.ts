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
    more: [
      'Where main has work items, a block opens one more of them there, the follow-up; without work items there is none and',
      'the candidate is resumed as it is. A follow-up is resolved, after the newest block and for it, by one of: a',
      'review.approved event of its slug; its own delivery; review: approved in its state.yaml on main. Asked in this order:',
      'is the follow-up known, is it resolved (or --force --reason), is the candidate blocked, do its conditions hold. A new',
      'commit of the slug needs none of it: hand it over with telec submit, and its delivery removes the follow-up.',
    ].join(' '),
    args: [new Argument('<slug>', 'its slug or that of its follow-up')],
    options: [flag('--force', 'although its follow-up is not resolved'), reason],
    examples: [
      'telec resume login',
      'telec resume login-integration-blocked-3fa2c1d',
      'telec resume login --force --reason "resolved by hand"',
    ],
    load: async () => (await import('../commands/candidate.ts')).resume,
  });
}
