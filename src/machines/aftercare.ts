/**
 * What the log says about the care after deliveries: whose branch on the remote is not cleaned up yet, and whether the
 * command that follows a drain is owed or runs. A pure fold; it moves no candidate.
 *
 * Invariant: bounded. What falls out of a full list was never going to be cleaned by telec; it stays on the remote.
 */
import type { PayloadOf } from './events.ts';

/** A delivery whose branch the remote may still have. */
export interface Uncleaned {
  slug: string;
  branch: string;
  sha: string;
  /** Tries that failed. */
  tries: number;
  /** What the remote said to the last one. */
  detail: string | null;
}

/** A run of the command after a drain that nobody has seen end. */
export interface CommandRun {
  sessionId: string;
  host: string;
  /** State folder it runs from: two users of one machine have two. */
  folder: string;
}

export interface Aftercare {
  /** Oldest first. */
  uncleaned: Uncleaned[];
  /** Something was delivered since the last drain ended. */
  delivered: boolean;
  /** Session of the last drain that delivered something and that no command has followed yet, and where it ran. */
  owed: { sessionId: string; host: string | null } | null;
  runs: CommandRun[];
}

export const FRESH_AFTERCARE: Aftercare = { uncleaned: [], delivered: false, owed: null, runs: [] };

/** Deliveries remembered at most. */
const UNCLEANED_MAX = 500;
const RUNS_MAX = 50;
/** Tries after which a branch that the remote does not give up is left to a person. */
export const CLEAN_TRIES_MAX = 5;

/** After a delivery that the log bears out. */
export function foldDelivered(care: Aftercare, { slug, branch, sha }: PayloadOf<'deployment.completed'>): Aftercare {
  const uncleaned = [...care.uncleaned, { slug, branch, sha, tries: 0, detail: null }].slice(-UNCLEANED_MAX);
  return { ...care, uncleaned, delivered: true };
}

/** After a clean-up; what was done in a clone says nothing about the remote. */
export function foldCleaned(care: Aftercare, payload: PayloadOf<'integration.candidate.cleaned'>): Aftercare {
  if (payload.clone !== null) return care;
  const failed = payload.steps.find(({ outcome }) => outcome === 'failed');
  const uncleaned = care.uncleaned.flatMap((item) => {
    if (item.slug !== payload.slug || item.branch !== payload.branch || item.sha !== payload.sha) return [item];
    return failed ? [{ ...item, tries: item.tries + 1, detail: failed.detail }] : [];
  });
  return { ...care, uncleaned };
}

/** After the end of a session, whoever wrote it down. `host` null: the log does not say where it ran. */
export function foldSessionEnd(care: Aftercare, sessionId: string, host: string | null): Aftercare {
  return care.delivered ? { ...care, delivered: false, owed: { sessionId, host } } : care;
}

/** A command began: it follows all drains that have ended by now. */
export function foldCommandStart(care: Aftercare, run: CommandRun): Aftercare {
  return { ...care, owed: null, runs: [...care.runs, run].slice(-RUNS_MAX) };
}

export function foldCommandEnd(care: Aftercare, sessionId: string): Aftercare {
  return { ...care, runs: care.runs.filter((run) => run.sessionId !== sessionId) };
}

/** What the next session is to clean up on the remote; a branch that `inUse` names waits for who uses it. */
export function dueOnRemote(care: Aftercare, inUse: ReadonlySet<string>): Uncleaned[] {
  return care.uncleaned.filter(({ branch, tries }) => tries < CLEAN_TRIES_MAX && !inUse.has(branch));
}
