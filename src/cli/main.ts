/**
 * One run of the command line: reads what was typed, runs the command, turns every end into an exit status.
 * Takes its world as arguments and never ends the process, so that tests and other entries can call it.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import type { Faults, Runtime, Tuning } from '../actors/client.ts';
import { EXIT, TelecError } from '../errors.ts';
import { telecVersion } from '../io/version.ts';
import type { Options } from './arguments.ts';
import { authorize } from './authority.ts';
import type { Call, Handler } from './call.ts';
import { Interrupted, report, usage } from './exit.ts';
import { type Output, type OutputStream, openOutput, plain, plainLines, ReaderGone, wantsColour } from './output.ts';
import { buildProgram } from './program.ts';
import type { Loaded } from './table/entry.ts';
import type { Terminal } from './watch/screen.ts';

/** The world of one run. */
export interface MainOptions {
  env: Record<string, string | undefined>;
  cwd: string;
  stdin: Call['stdin'];
  stdout: OutputStream;
  stderr: OutputStream;
  /** Aborted when the run is to end early (Ctrl-C). */
  signal?: AbortSignal;
  /** The script that `telec up` starts again as daemon; absent: the one this process was started with. */
  entry?: string;
  /** Points at which a test stops the program. */
  faults?: Faults;
  /** Durations that a test shortens. */
  tuning?: Tuning;
  /** Stands for the real runtime in tests. */
  runtime?: Runtime;
  /** Wall time in ms. */
  now?: () => number;
}

async function realRuntime(): Promise<Runtime> {
  return (await import('../actors/open.ts')).runtime;
}

/** Runs `argv` (without node and script) and answers the exit status of docs/cli.md. */
export async function main(argv: string[], world: MainOptions): Promise<number> {
  const asked = (flag: string) => argv.includes(flag) && !argv.slice(0, argv.indexOf(flag)).includes('--');
  const output = openOutput(world.stdout, world.stderr, {
    json: asked('--json'),
    quiet: asked('--quiet'),
    colour: wantsColour(world.stdout, world.env, !asked('--no-color')),
    terminal: world.env['TERM'],
  });
  const signal = world.signal ?? new AbortController().signal;
  let status: number = EXIT.done;
  let page = '';
  const program = buildProgram(
    (loaded) =>
      async function (this: Command) {
        const call = await callOf(this, world, output, signal);
        await authorize(pathOf(this).replace(/^telec /, ''), call);
        status = await execute(loaded, call, signal);
      },
  );
  program.version(telecVersion(), '--version', 'the version of telec');
  quietly(program, (text) => {
    page += text;
  });
  try {
    try {
      if (argv.length === 0) program.help();
      if (argv[0] === 'help') helpOn(program, argv.slice(1)).help();
      await program.parseAsync(argv, { from: 'user' });
      return status;
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) {
        await output.raw(page);
        return EXIT.done;
      }
      throw wrongUse(error, program, argv);
    }
  } catch (error) {
    if (error instanceof ReaderGone) return EXIT.done;
    return report(error, output, { version: telecVersion(), argv, env: world.env }).catch((second: unknown) => {
      if (second instanceof ReaderGone) return error instanceof TelecError ? error.exit : EXIT.bug;
      throw second;
    });
  }
}

/** Keeps commander from writing and exiting by itself, in every command of the tree. */
function quietly(command: Command, keep: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: keep, writeErr: () => undefined, getOutHasColors: () => false });
  for (const child of command.commands) quietly(child, keep);
}

/** The arguments of a command as texts, list arguments spread. */
const wordsOf = (command: Command): string[] =>
  command.processedArgs.flat().filter((word): word is string => typeof word === 'string');

async function callOf(command: Command, world: MainOptions, output: Output, signal: AbortSignal): Promise<Call> {
  const options: Options = command.optsWithGlobals();
  const cwd = typeof options['C'] === 'string' ? resolve(world.cwd, options['C']) : world.cwd;
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    if (cwd !== world.cwd) throw usage(`${cwd} is no directory`, 'name an existing directory after -C');
    throw usage(`${cwd}, where you are, is gone`, 'go to another directory (a delivered branch loses its work tree)');
  }
  return {
    args: wordsOf(command),
    options,
    output,
    context: {
      cwd,
      env: world.env,
      say: output.say,
      signal,
      ...(world.faults ? { faults: world.faults } : {}),
      ...(world.tuning ? { tuning: world.tuning } : {}),
    },
    runtime: world.runtime ? async () => world.runtime as Runtime : realRuntime,
    stdin: world.stdin,
    terminal: terminalOf(world),
    now: world.now ?? Date.now,
    entry: world.entry ?? process.argv[1] ?? '',
  };
}

/** Both ends a terminal, and one that can be drawn on. */
function terminalOf({ stdin, stdout, env }: MainOptions): Call['terminal'] {
  if (!stdin.isTTY || !stdout.isTTY || env['TERM'] === 'dumb') return null;
  return { terminal: stdout as unknown as Terminal, stdin: stdin as unknown as NodeJS.ReadStream };
}

/** Runs a command; one that does not end by itself when interrupted is left behind. */
async function execute({ load, graceful }: Loaded, call: Call, signal: AbortSignal): Promise<number> {
  const handler: Handler = await load();
  if (graceful) return (await handler(call)) ?? EXIT.done;
  let onAbort = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new Interrupted());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return (await Promise.race([handler(call), interrupted])) ?? EXIT.done;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The deepest command that `argv` names, for the hint where to read on. */
function named(program: Command, argv: string[]): Command {
  let command = program;
  for (const [place, word] of argv.entries()) {
    if (word.startsWith('-') || argv[place - 1] === '-C') continue;
    const child = command.commands.find((each) => each.name() === word);
    if (!child) break;
    command = child;
  }
  return command;
}

/** The command whose page `telec help ...` shows. */
function helpOn(program: Command, argv: string[]): Command {
  let command = program;
  for (const word of argv.filter((each) => !each.startsWith('-'))) {
    const child = command.commands.find((each) => each.name() === word);
    if (!child) throw usage(`unknown command '${plain(word, 200)}'`, `see ${pathOf(command)} --help`);
    command = child;
  }
  return command;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** What commander complains of, in the form of all other errors. */
function wrongUse(error: CommanderError, program: Command, argv: string[]): TelecError {
  const command = named(program, argv);
  const help = `${pathOf(command)} --help`;
  if (error.code === 'commander.help') {
    const names = command.commands.map((child) => child.name()).join(', ');
    return usage(`${pathOf(command)} needs a command`, `one of ${names}; see ${help}`);
  }
  const [first = '', ...rest] = plainLinesOf(error.message);
  const guess = /\((Did you mean .+\?)\)/.exec(rest.join(' '))?.[1];
  return usage(first, guess ? `${guess.replace(/^Did you mean/, 'did you mean')} See ${help}` : `see ${help}`);
}

const plainLinesOf = (message: string) => plainLines(message.replace(/^error: /, ''));
