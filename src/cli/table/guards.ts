/** The rows of the command table about guards. */
import { Argument, type Command } from 'commander';
import { type Add, flag, SHELLS } from './entry.ts';
import { addPermission, installOptions, uninstallOptions } from './guard-server.ts';

export function addGuards(program: Command, add: Add): void {
  const guard = add(program, {
    usage: 'guard',
    summary: 'guards: what stands between others and main',
    more: 'A pre-push hook and wrappers of git and gh ask telec who holds the lease. Work on branches is never hindered.',
    examples: ['telec guard check', 'telec guard env'],
  });
  add(guard, {
    usage: 'install',
    summary: 'put the guards in on this machine, or bring them up to date',
    more:
      'The hook goes into every clone registered here, in front of a hook that is there already. telec init does this by itself. ' +
      'With --server: two hooks in the bare remote, which hold whatever is asked of a clone.',
    options: installOptions(),
    examples: [
      'telec guard install',
      'telec guard install --json',
      'telec guard install --server',
      'telec guard install --server --key ~/.ssh/integrator',
      'telec guard install --server --print',
    ],
    load: async () => (await import('../commands/guard.ts')).install,
  });
  add(guard, {
    usage: 'check',
    summary: 'which guards are in and meet what they are to meet, and how to mend those that do not',
    more: 'Exit 1 when one is missing. The hook and the wrappers call it with words of their own, to ask whether a push may go on.',
    args: [new Argument('[words...]', 'of the hook or the wrapped command, behind --')],
    options: [
      flag('--hook <name>', 'asked by that hook: pre-push, with its input on stdin'),
      flag('--tool <name>', 'asked by the wrapper of that program: git or gh'),
      flag('--from <file>', 'with --hook and --tool: what the guard goes by'),
    ],
    examples: ['telec guard check', 'telec guard check --json'],
    load: async () => (await import('../commands/guard.ts')).check,
  });
  add(guard, {
    usage: 'env',
    summary: "print what a worker's shell needs: the wrappers first in PATH, the role, the switches",
    options: [flag('--shell <name>', 'for another shell than sh').choices(SHELLS)],
    examples: ['telec guard env', 'telec guard env --shell fish', 'telec guard env --json'],
    load: async () => (await import('../commands/guard.ts')).environment,
  });
  add(guard, {
    usage: 'uninstall',
    summary: 'take the guards out on this machine; every hook is again what it was, byte for byte',
    options: uninstallOptions(),
    examples: ['telec guard uninstall', 'telec guard uninstall --server'],
    load: async () => (await import('../commands/guard.ts')).uninstall,
  });
  addPermission(guard, add);
}
