/**
 * What a session asks of the place where checks run: what a check sees of a tree, which tools it would use, and one run to
 * its end. Types alone; `ground.ts` fulfils them, a twin does so in simulations.
 */
import type { CheckDefinition, FailureKind } from '../config-checks.ts';

export interface CheckRunRequest {
  definition: CheckDefinition;
  /** Id of the tree the command sees, as `seen` gave it: the work tree holds exactly that. */
  tree: string;
  /** Names the log file: 1 to 200 letters, digits, `.`, `_` and `-`, the first one a letter or a digit. */
  logName: string;
  /** Ends the run and its whole process group; the outcome is then of no interest. */
  signal: AbortSignal;
}

/** How one run ended. `cancelled`: by its signal. Durations in ms, the making of the work tree not counted. */
export interface CheckRunEnd {
  ended: 'passed' | FailureKind | 'cancelled';
  exitStatus: number | null;
  /** Signal that ended it. */
  signal: string | null;
  durationMs: number;
  /** Making the work tree fit, ms. */
  preparedMs: number;
  /** End of its output, readable, without secrets; for one that could not be started, why. */
  outputTail: string;
  /** File that holds all its output; empty when there is none. */
  log: string;
}

export interface CheckGround {
  /**
   * Id of the tree that the check sees of `tree`: itself, or one with nothing but the paths of the check. Thrown: GitFault
   * when `tree` is not here or none.
   */
  seen(definition: CheckDefinition, tree: string): Promise<string>;
  /**
   * Digest of the machine and of what the toolchain command says; asked once for each command. When the command does not
   * answer it is one that never was before, so no verdict counts for it.
   */
  toolchain(definition: CheckDefinition): Promise<string>;
  /** Thrown: nothing for what happens to the run; a fault of the ground is told as `not_started`. */
  run(request: CheckRunRequest): Promise<CheckRunEnd>;
  /** Ends what runs and gives the work trees back; they stay for the next session. */
  close(): Promise<void>;
}
