/**
 * The whole command table: names, arguments, options, words and examples. Each command's code is loaded when it runs,
 * so that help and questions to the daemon stay quick. Decides nothing; `main.ts` runs what is named here.
 */
import { Argument, Command } from 'commander';
import { addAudit } from './table/audit.ts';
import { addCandidates } from './table/candidates.ts';
import { addChecks } from './table/checks.ts';
import { addControl } from './table/control.ts';
import { addCutover } from './table/cutover.ts';
import { type Entry, EXAMPLES, flag, type Run } from './table/entry.ts';
import { addEvents } from './table/events.ts';
import { addGuards } from './table/guards.ts';
import { addInsight } from './table/insight.ts';
import { addPapers } from './table/papers.ts';
import { addRadar } from './table/radar.ts';
import { addRoadmap } from './table/roadmap.ts';
import { addRollout } from './table/rollout.ts';
import { addSessions } from './table/sessions.ts';
import { addShadow } from './table/shadow.ts';
import { addTodo } from './table/todo.ts';
import { addTurns } from './table/turns.ts';

/** The program, with `run` behind every command. */
export function buildProgram(run: Run): Command {
  const program = new Command('telec')
    .description('A local-first merge queue: many push branches, one integrator moves main.')
    .option('-C <dir>', 'act on the repository around this directory')
    .option('--json', 'the answer as JSON: one document, or one object a line for streams')
    .option('--quiet', 'no talk on stderr, only errors')
    .option('--no-color', 'no colours')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(true)
    .helpCommand('help [command]', 'show the help of a command');

  const add = (parent: Command, entry: Entry): Command => {
    const command = parent.command(entry.usage).summary(entry.summary);
    command.description(entry.more ? `${entry.summary}\n\n${entry.more}` : entry.summary);
    for (const argument of entry.args ?? []) command.addArgument(argument);
    for (const option of entry.options ?? []) command.addOption(option);
    examples(command, entry.examples);
    if (entry.load) command.action(run({ load: entry.load, graceful: entry.graceful ?? false }));
    return command;
  };
  examples(program, ['telec init', 'telec up', 'telec submit --wait', 'telec status', 'telec why login']);

  add(program, {
    usage: 'init',
    summary: 'set up this repository: write telec.yaml if absent, put the guards in, register it, begin',
    more: 'With --shadow for a repository whose main another path still moves: telec judges beside it until telec cutover enable.',
    options: [flag('--shadow', 'another path moves main; judge beside it and move nothing')],
    examples: ['telec init', 'telec init --shadow', 'telec -C ../app init --json'],
    load: async () => (await import('./commands/setup.ts')).init,
  });
  add(program, {
    usage: 'up',
    summary: 'start the daemon of this repository',
    more: 'The daemon folds the log, watches the remote and runs the integrator when a candidate is ready.',
    options: [flag('--foreground', 'stay in this terminal until Ctrl-C')],
    examples: ['telec up', 'telec up --foreground'],
    load: async () => (await import('./commands/daemon.ts')).up,
    graceful: true,
  });
  add(program, {
    usage: 'down',
    summary: 'stop the daemon of this repository',
    more: 'It ends the push in hand, sends back what was not pushed and releases main. The queue is kept.',
    options: [flag('--redis', 'stop its private Redis too')],
    examples: ['telec down', 'telec down --redis'],
    load: async () => (await import('./commands/daemon.ts')).down,
  });
  add(program, {
    usage: 'status',
    summary: 'what main, the daemon, the integrator and the queue are doing',
    examples: ['telec status', 'telec status --json'],
    load: async () => (await import('./commands/daemon.ts')).status,
  });
  add(program, {
    usage: 'demo',
    summary: 'see it work: a scratch remote, four workers, ten candidates, integrated for real',
    more: 'Needs no repository and no set-up, and clears up after itself. Exit 0 only if every outcome is the expected one.',
    options: [flag('--keep', 'leave it all there to look around in')],
    examples: ['telec demo', 'telec demo --keep', 'telec demo --json --quiet'],
    load: async () => (await import('./commands/demo.ts')).demo,
    graceful: true,
  });
  add(program, {
    usage: 'doctor',
    summary: 'check git, Redis, the remote and the configuration, and say how to mend them',
    examples: ['telec doctor', 'telec doctor --json'],
    load: async () => (await import('./commands/setup.ts')).doctor,
  });
  add(program, {
    usage: 'submit',
    summary: 'push a branch, approve its head and queue it, in one go',
    more: 'Without a branch, the one checked out. Again for the same commit it changes nothing.',
    args: [new Argument('[branch]', 'the branch to hand over')],
    options: [
      flag('--slug <slug>', 'name of the work item, else derived from the branch'),
      flag('--wait', 'wait until it is completed, blocked or superseded; in shadow until it is judged'),
      flag('--timeout <ms>', 'with --wait: give up after so many ms (exit 5)'),
    ],
    examples: ['telec submit', 'telec submit feature/login --slug login', 'telec submit --wait --timeout 600000'],
    load: async () => (await import('./commands/candidate.ts')).submit,
    graceful: true,
  });
  addEvents(program, add);
  addCandidates(program, add);
  addRadar(program, add);
  addChecks(program, add);
  addPapers(addTodo(program, add), add);
  addRoadmap(program, add);
  addTurns(program, add);
  addControl(program, add);
  addSessions(program, add);
  addShadow(program, add);
  addCutover(program, add);
  addRollout(program, add);
  addGuards(program, add);
  addAudit(program, add);
  addInsight(program, add);
  return program;
}

function examples(command: Command, lines: string[]): void {
  EXAMPLES.set(command, lines);
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}
