/** The rows of the command table about checks. */
import { Argument, type Command } from 'commander';
import type { Add } from './entry.ts';

export function addChecks(program: Command, add: Add): void {
  const checks = add(program, {
    usage: 'checks',
    summary: 'the configured checks: how often they pass, flake, and how long they take',
    more: [
      'Checks are configured by main itself, under checks in its telec.yaml; they are shown as far as this clone knows main.',
      'RUNS counts what was run, PASSED their share that passed, FLAKY the passes after a failure on the very same tree, KNOWN',
      'the verdicts that were taken from an earlier run. Below stand failed runs of candidates that are not on main.',
    ].join(' '),
    examples: ['telec checks', 'telec checks --json'],
    load: async () => (await import('../commands/checks.ts')).list,
  });
  add(checks, {
    usage: 'log',
    summary: 'all that a failed run wrote',
    more: 'Logs are kept on the host of the session that ran the check, the newest 200 of them.',
    args: [
      new Argument('<candidate>', '<slug>[/<branch>][@<sha-prefix>]'),
      new Argument('[check]', 'the check; without it the one that failed'),
    ],
    examples: ['telec checks log login', 'telec checks log login@3fa2c1d unit', 'telec checks log login unit --json'],
    load: async () => (await import('../commands/checks.ts')).log,
  });
}
