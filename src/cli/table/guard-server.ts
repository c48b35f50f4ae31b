/** What the guard commands have about the remote: options of `install` and `uninstall`, and the row of `allow`. */
import { Argument, type Command } from 'commander';
import { type Add, flag, reason } from './entry.ts';

/** Options of `telec guard install` that put hooks into the remote instead. */
export const installOptions = () => [
  flag('--server [path]', 'put hooks into this bare repository instead; without a path, into the remote of this clone'),
  flag('--key <file>', 'with --server: each fence must be signed by this ssh key, and sessions of this machine sign'),
  flag('--print', 'with --server: show the hooks for a server without telec, and change nothing'),
];

/** Options of `telec guard uninstall` that take them out of it. */
export const uninstallOptions = () => [
  flag('--server [path]', 'take the hooks out of this bare repository instead; every hook is again what it was'),
];

export function addPermission(guard: Command, add: Add): void {
  add(guard, {
    usage: 'allow',
    summary: 'let a person bring main to one commit by hand, once',
    more:
      'The permission is for that commit alone and ends by itself; merging is on hold meanwhile, and the next audit names it. ' +
      'Push with git as usual, then telec unhold.',
    args: [new Argument('<commit>', 'the commit, made on top of main')],
    options: [reason, flag('--for <duration>', 'how long it is good for: 10m unless told, a day at most')],
    examples: [
      'telec guard allow 1a2b3c4d --reason "revert the outage"',
      'telec guard allow 1a2b3c4d --reason "revert the outage" --for 30m',
    ],
    load: async () => (await import('../commands/guard-server.ts')).allow,
  });
}
