/** What the demo tells while it runs, and what it answers in the end. Types only; the words for people are the command line's. */
import type { CandidateState } from '../../machines/candidate.ts';

/** One candidate of the demo, as the story names it: `<slug>@<first digits of the commit>`. */
export type Label = string;

/** One thing that happened. Texts may hold what a remote or git said. */
export type Beat =
  | { kind: 'scratch'; folder: string; clones: number; worktrees: number; main: string }
  | { kind: 'act'; title: string; about: string }
  /** Somebody did something: a worker's name, or `integrator`. */
  | { kind: 'did'; who: string; what: string; tone: 'plain' | 'good' | 'bad' }
  | { kind: 'state'; label: Label; from: CandidateState | null; to: CandidateState; note: string }
  | { kind: 'queue'; labels: Label[]; onHold: boolean }
  | { kind: 'main'; from: string; to: string; deliveries: Label[] }
  /** More lines on what came before. */
  | { kind: 'evidence'; lines: string[] }
  /** The demo itself could not do what it meant to. */
  | { kind: 'trouble'; text: string };

/** `at`: ms since the demo began. */
export type Tell = (beat: Beat, at: number) => void;

/** One row of the table at the end. */
export interface DemoRow {
  slug: string;
  branch: string;
  sha: string;
  expected: CandidateState;
  /** Equal to `expected` when the log and the history of main both say so; else what they say. */
  actual: string;
  /** How it came there, in a few words. */
  how: string;
}

export interface DemoView {
  /** True when every outcome is the expected one and nothing else went wrong. */
  ok: boolean;
  candidates: DemoRow[];
  /** Tip of the remote's main at the end; null when there is none. */
  main: string | null;
  /** What went wrong beside the rows. */
  problems: string[];
  /** The resulting main, as `git log --graph` draws it. */
  graph: string[];
  duration_ms: number;
  /** What was kept to look around in; null when all of it is gone. */
  kept: { folder: string; clone: string; state: string } | null;
}

export interface DemoRequest {
  keep: boolean;
  /** Program and first arguments of telec itself, for the commands its workers type. */
  program: string[];
}
