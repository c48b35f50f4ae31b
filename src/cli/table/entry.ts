/** What one row of the command table is made of. */
import { type Argument, type Command, Option } from 'commander';
import type { Handler } from '../call.ts';

/** How a command is loaded, and whether it ends by itself when interrupted (a session releases what it holds). */
export interface Loaded {
  load(): Promise<Handler>;
  graceful: boolean;
}

/** Makes commander's action out of a command. */
export type Run = (loaded: Loaded) => (this: Command, ...args: unknown[]) => Promise<void>;

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The examples of a command, shown at the end of its help and in docs/cli.md. */
export const EXAMPLES = new WeakMap<Command, string[]>();

export interface Entry {
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

export const flag = (flags: string, meaning: string) => new Option(flags, meaning);
export const reason = flag('--reason <text>', 'why, for the record');

/** Adds a row below `parent`; answers the command, for rows below it. */
export type Add = (parent: Command, entry: Entry) => Command;
