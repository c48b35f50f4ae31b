/**
 * The whole command table: names, arguments, options, words and examples. Each command's code is loaded when it runs,
 * so that help and questions to the daemon stay quick. Decides nothing; `main.ts` runs what is named here.
 */
import { Argument, Command, Option } from 'commander';
import type { Handler } from './call.ts';

/** How a command is loaded, and whether it ends by itself when interrupted (a session releases what it holds). */
export interface Loaded {
  load(): Promise<Handler>;
  graceful: boolean;
}

/** Makes commander's action out of a command. */
export type Run = (loaded: Loaded) => (this: Command, ...args: unknown[]) => Promise<void>;

const STATES = ['pending', 'ready', 'integrating', 'completed', 'blocked', 'superseded'];

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The examples of a command, shown at the end of its help and in docs/cli.md. */
export const EXAMPLES = new WeakMap<Command, string[]>();

interface Entry {
  /** Name with its arguments, as commander reads it. */
  usage: string;
  summary: string;
  /** More than one line about it. */
  more?: string;
  options?: Option[];
  args?: Argument[];
  examples: string[];
  load?: () => Promise<Handler>;
  graceful?: boolean;
}

const flag = (flags: string, meaning: string) => new Option(flags, meaning);
const reason = flag('--reason <text>', 'why, for the record');

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
    summary: 'set up this repository: write telec.yaml if absent, register it, begin',
    examples: ['telec init', 'telec -C ../app init --json'],
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
      flag('--wait', 'wait until it is completed, blocked or superseded'),
      flag('--timeout <ms>', 'with --wait: give up after so many ms (exit 5)'),
    ],
    examples: ['telec submit', 'telec submit feature/login --slug login', 'telec submit --wait --timeout 600000'],
    load: async () => (await import('./commands/candidate.ts')).submit,
    graceful: true,
  });
  addEvents(program, add);
  addCandidates(program, add);
  addControl(program, add);
  addInsight(program, add);
  return program;
}

type Add = (parent: Command, entry: Entry) => Command;

function examples(command: Command, lines: string[]): void {
  EXAMPLES.set(command, lines);
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

function addEvents(program: Command, add: Add): void {
  const events = add(program, {
    usage: 'events',
    summary: 'the log: emit, read, look up',
    examples: ['telec events tail --follow', 'telec events emit review.approved --set slug=login'],
  });
  add(events, {
    usage: 'emit',
    summary: 'append one event, or one a line of stdin',
    more: 'Types may be short (review.approved), canonical (review_approved) or full. Again with the same content: duplicate.',
    args: [new Argument('[type]', 'event type; see telec events catalog')],
    options: [
      flag(
        '--set <key=value>',
        'one payload field, in the type its schema wants; lists as JSON (repeatable)',
      ).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]),
      flag('--payload <json>', 'the whole payload; --set goes on top'),
      flag('--stdin', 'read {"event", "payload"} a line; what is rejected does not stop the rest'),
    ],
    examples: [
      'telec events emit branch.pushed --payload \'{"branch": "login", "sha": "…", "remote": "origin", "pushed_at": "…", "pusher": "ann"}\'',
      'telec events emit review.changes_requested --set slug=login --set review_round=2 --set \'findings=["no test"]\' …',
      'telec events emit --stdin --json < events.ndjson',
    ],
    load: async () => (await import('./commands/events.ts')).emit,
  });
  add(events, {
    usage: 'tail',
    summary: 'the entries of the log, oldest first',
    options: [flag('--from <id>', 'only entries after this id'), flag('--follow', 'go on with new ones until Ctrl-C')],
    examples: ['telec events tail', 'telec events tail --follow --json', 'telec events tail --from 1718000000000-0'],
    load: async () => (await import('./commands/events.ts')).tail,
  });
  add(events, {
    usage: 'catalog',
    summary: 'all event types with level, emitter and fields',
    examples: ['telec events catalog', 'telec events catalog --json'],
    load: async () => (await import('./commands/events.ts')).catalog,
  });
  add(events, {
    usage: 'dead',
    summary: 'entries that could not be applied, and why',
    examples: ['telec events dead', 'telec events dead --json'],
    load: async () => (await import('./commands/events.ts')).dead,
  });
}

function addCandidates(program: Command, add: Add): void {
  add(program, {
    usage: 'candidates',
    summary: 'all candidates with their states',
    options: [
      flag('--state <state>', 'only those in this state').choices(STATES),
      flag('--slug <slug>', 'only those of this slug'),
    ],
    examples: ['telec candidates', 'telec candidates --state blocked', 'telec candidates --slug login --json'],
    load: async () => (await import('./commands/candidate.ts')).list,
  });
  add(program, {
    usage: 'candidate',
    summary: 'one candidate with its history',
    args: [new Argument('<candidate>', '<slug>[/<branch>][@<sha-prefix>]')],
    examples: ['telec candidate login', 'telec candidate login/feature/login@3fa2c1d --json'],
    load: async () => (await import('./commands/candidate.ts')).show,
  });
  add(program, {
    usage: 'queue',
    summary: 'what is next, in order',
    examples: ['telec queue', 'telec queue --json'],
    load: async () => (await import('./commands/candidate.ts')).queue,
  });
  add(program, {
    usage: 'why',
    summary: 'what a slug waits for, and who can provide it',
    args: [new Argument('<slug>', 'the work item')],
    examples: ['telec why login', 'telec why login --json'],
    load: async () => (await import('./commands/candidate.ts')).why,
  });
  add(program, {
    usage: 'integrate',
    summary: 'one integrator session in this terminal: drain the queue, then end',
    more: 'Exit 0 drained, 4 another holds the lease, 6 held or halted, 1 aborted, 3 unreachable.',
    examples: ['telec integrate', 'telec integrate --json'],
    load: async () => (await import('./commands/integrate.ts')).integrate,
    graceful: true,
  });
  add(program, {
    usage: 'resume',
    summary: 'send a blocked candidate back to the queue',
    args: [new Argument('<slug>', 'its slug or that of its follow-up')],
    options: [flag('--force', 'without waiting for its follow-up'), reason],
    examples: ['telec resume login', 'telec resume login --force --reason "resolved by hand"'],
    load: async () => (await import('./commands/candidate.ts')).resume,
  });
}

function addControl(program: Command, add: Add): void {
  add(program, {
    usage: 'hold',
    summary: 'freeze merging',
    options: [
      reason,
      flag('--for <duration>', 'lift it by itself after 90s, 30m, 2h, 1d'),
      flag('--main-busy', 'main is worked on by hand'),
    ],
    examples: ['telec hold --reason "release in progress" --for 30m', 'telec hold --main-busy'],
    load: async () => (await import('./commands/hold.ts')).hold,
  });
  add(program, {
    usage: 'unhold',
    summary: 'let merging go on',
    options: [flag('--reason <text>', 'why; required to lift a halt, and accepts main as it is')],
    examples: ['telec unhold', 'telec unhold --reason "the rewind of main was meant"'],
    load: async () => (await import('./commands/hold.ts')).unhold,
  });
  const lease = add(program, {
    usage: 'lease',
    summary: 'who holds main',
    examples: ['telec lease', 'telec lease --json'],
    load: async () => (await import('./commands/lease.ts')).show,
  });
  add(lease, {
    usage: 'break',
    summary: 'take the lease from whoever holds it',
    options: [reason],
    examples: ['telec lease break --reason "its machine is gone"'],
    load: async () => (await import('./commands/lease.ts')).breakLease,
  });
  add(lease, {
    usage: 'adopt',
    summary: 'take over the fence of another log',
    options: [reason],
    examples: ['telec lease adopt --reason "the old Redis is lost"'],
    load: async () => (await import('./commands/lease.ts')).adopt,
  });
  const notifications = add(program, {
    usage: 'notifications',
    summary: 'what asks for attention',
    options: [flag('--unseen', 'only what nobody has seen')],
    examples: ['telec notifications', 'telec notifications --unseen --json'],
    load: async () => (await import('./commands/notifications.ts')).list,
  });
  for (const [name, summary] of [
    ['seen', 'mark notifications as seen'],
    ['claim', 'say that you take care of them'],
    ['resolve', 'say that they are taken care of'],
  ] as const)
    add(notifications, {
      usage: name,
      summary,
      args: [new Argument('<id...>', 'ids as telec notifications shows them')],
      examples: [
        `telec notifications ${name} deployment/login`,
        `telec notifications ${name} deployment/login review/login`,
      ],
      load: async () => (await import('./commands/notifications.ts'))[name],
    });
}

function addInsight(program: Command, add: Add): void {
  add(program, {
    usage: 'replay',
    summary: 'fold the log up to an entry',
    options: [
      flag('--at <id>', 'up to this entry, else to the end'),
      flag('--verify', 'compare with the running daemon'),
    ],
    examples: ['telec replay', 'telec replay --at 1718000000000-0 --json', 'telec replay --verify'],
    load: async () => (await import('./commands/replay.ts')).replay,
  });
  const machine = add(program, {
    usage: 'machine',
    summary: 'the charts that decide',
    examples: ['telec machine list', 'telec machine show candidate'],
  });
  add(machine, {
    usage: 'list',
    summary: 'the names of all machines',
    examples: ['telec machine list', 'telec machine list --json'],
    load: async () => (await import('./commands/machine.ts')).list,
  });
  add(machine, {
    usage: 'show',
    summary: 'one machine: its states and edges',
    args: [new Argument('<name>', 'a name of telec machine list')],
    options: [flag('--mermaid', 'as a Mermaid diagram')],
    examples: ['telec machine show candidate', 'telec machine show integrator --mermaid'],
    load: async () => (await import('./commands/machine.ts')).show,
  });
  add(program, {
    usage: 'actors',
    summary: 'the running actors',
    options: [flag('--machine <name>', 'only those of this machine')],
    examples: ['telec actors', 'telec actors --machine candidate --json'],
    load: async () => (await import('./commands/actor.ts')).list,
  });
  add(program, {
    usage: 'actor',
    summary: 'one actor: its context in brief and the events it accepts now',
    args: [new Argument('<id>', 'an id of telec actors')],
    options: [flag('--mermaid', 'its chart with the current state marked')],
    examples: ['telec actor integrator', 'telec actor integrator --mermaid'],
    load: async () => (await import('./commands/actor.ts')).show,
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
    load: async () => (await import('./commands/config.ts')).show,
  });
  add(config, {
    usage: 'schema',
    summary: 'JSON Schema of telec.yaml',
    examples: ['telec config schema', 'telec config schema > telec.schema.json'],
    load: async () => (await import('./commands/config.ts')).schema,
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
    load: async () => (await import('./commands/completion.ts')).completion,
  });
}
