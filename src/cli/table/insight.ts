/** The rows of the command table that show how telec came to what it says, and how it is set. */
import { Argument, type Command } from 'commander';

import { type Add, flag, SHELLS } from './entry.ts';
import { addSimulate } from './simulate.ts';

export function addInsight(program: Command, add: Add): void {
  add(program, {
    usage: 'watch',
    summary: 'see it live: the queue, the integrator, what is blocked, what is new',
    more: 'A view for the terminal; ? shows its keys. Without a terminal, a line a change; with --json, one message a line.',
    options: [flag('--plain', 'lines, in a terminal too')],
    examples: ['telec watch', 'telec watch --plain', 'telec watch --json'],
    load: async () => (await import('../commands/watch.ts')).watch,
    graceful: true,
  });
  add(program, {
    usage: 'replay',
    summary: 'fold the log up to an entry',
    options: [
      flag('--at <id>', 'up to this entry, else to the end'),
      flag('--verify', 'compare with the running daemon'),
    ],
    examples: ['telec replay', 'telec replay --at 1718000000000-0 --json', 'telec replay --verify'],
    load: async () => (await import('../commands/replay.ts')).replay,
  });
  addSimulate(program, add);
  const machine = add(program, {
    usage: 'machine',
    summary: 'the charts that decide',
    examples: ['telec machine list', 'telec machine show candidate'],
  });
  add(machine, {
    usage: 'list',
    summary: 'the names of all machines',
    examples: ['telec machine list', 'telec machine list --json'],
    load: async () => (await import('../commands/machine.ts')).list,
  });
  add(machine, {
    usage: 'show',
    summary: 'one machine: its states and edges',
    args: [new Argument('<name>', 'a name of telec machine list')],
    options: [flag('--mermaid', 'as a Mermaid diagram')],
    examples: ['telec machine show candidate', 'telec machine show integrator --mermaid'],
    load: async () => (await import('../commands/machine.ts')).show,
  });
  add(program, {
    usage: 'actors',
    summary: 'the running actors',
    options: [flag('--machine <name>', 'only those of this machine')],
    examples: ['telec actors', 'telec actors --machine candidate --json'],
    load: async () => (await import('../commands/actor.ts')).list,
  });
  add(program, {
    usage: 'actor',
    summary: 'one actor: its context in brief and the events it accepts now',
    args: [new Argument('<id>', 'an id of telec actors')],
    options: [flag('--mermaid', 'its chart with the current state marked')],
    examples: ['telec actor integrator', 'telec actor integrator --mermaid'],
    load: async () => (await import('../commands/actor.ts')).show,
  });
  add(program, {
    usage: 'web',
    summary: 'open the web view in a browser',
    more: 'Signs the browser in by an address that is good once, within a minute. Without a screen it only prints the address.',
    args: [
      new Argument('[what]', 'what to show first').choices(['candidate', 'event', 'moment', 'notification']),
      new Argument('[which]', 'the candidate (`<slug>[/<branch>][@<sha-prefix>]`), or the id'),
    ],
    options: [flag('--print', 'print the address and open nothing')],
    examples: ['telec web', 'telec web candidate login', 'telec web moment 1718000000000-0', 'telec web --print'],
    load: async () => (await import('../commands/web.ts')).web,
  });
  const config = add(program, {
    usage: 'config',
    summary: 'the configuration in force',
    examples: ['telec config show', 'telec config schema > telec.schema.json'],
  });
  add(config, {
    usage: 'show',
    summary: 'each value with its source',
    examples: ['telec config show', 'telec config show --json'],
    load: async () => (await import('../commands/config.ts')).show,
  });
  add(config, {
    usage: 'schema',
    summary: 'JSON Schema of telec.yaml',
    examples: ['telec config schema', 'telec config schema > telec.schema.json'],
    load: async () => (await import('../commands/config.ts')).schema,
  });
  add(program, {
    usage: 'completion',
    summary: 'a completion script for your shell',
    args: [new Argument('<shell>', 'your shell').choices(SHELLS)],
    examples: [
      'telec completion bash >> ~/.bashrc',
      'telec completion zsh > ~/.zfunc/_telec',
      'telec completion fish | source',
    ],
    load: async () => (await import('../commands/completion.ts')).completion,
  });
}
