/** The comparison with the path that moves main, in the shapes of `--json` (docs/cli.md). Types only. */
import type { CandidateState } from '../client.ts';

interface Named {
  slug: string;
  branch: string;
  sha: string;
}

/** What sessions in shadow said of a candidate, newest. */
export interface ShadowView {
  verdict: 'would_integrate' | 'would_block';
  /** Commit it was merged into, and the tree of that; null when it would be blocked. */
  base: string;
  tree: string | null;
  /** Why it would be blocked. */
  evidence: string[];
  /** The same on top of what was judged before it on that main; null when it landed before it was judged. */
  on_top: { base: string; verdict: 'would_integrate' | 'would_block'; tree: string | null } | null;
  judged_at: string;
  session_id: string | null;
  /** What another path did with it; null while it did nothing. */
  compared: {
    landed_by: string;
    agrees: boolean;
    class: string;
    verdict: string;
    base: string;
    tree: string | null;
    landed_tree: string;
  } | null;
}

/** One candidate that the other path brought to main. */
export interface ComparedRow extends Named {
  /** `same`, `conflict`, `tree_differs`, `decision_differs` or `superseded_landed`. */
  class: string;
  agrees: boolean;
  /** Commit of main that brought it, and its tree. */
  landed_by: string;
  landed_tree: string;
  /** What telec would have done at that place: merged into `base`, with that tree; null when it would have blocked it. */
  verdict: 'would_integrate' | 'would_block';
  base: string;
  tree: string | null;
  evidence: string[];
  /** Older candidates of the slug that it had taken the place of. */
  superseded: number;
  /** When it was compared. */
  at: string;
}

/** One candidate that nobody has brought to main. */
export interface UnmergedRow extends Named {
  state: CandidateState;
  /** The newest verdict; null while there is none. */
  verdict: ShadowView['verdict'] | null;
  base: string | null;
  evidence: string[];
  /** The verdict is about main as it is now. */
  current: boolean;
}

export interface ShadowReport {
  mode: 'live' | 'shadow';
  /** When the comparison began, and main then; null when there never was a shadow. */
  since: { at: string; main: string | null } | null;
  /** Main up to where it was looked at. */
  main: string | null;
  counts: {
    compared: number;
    agreeing: number;
    /** Among the agreeing. */
    conflicts: number;
    supersessions: number;
    unmatched: number;
    /** What must not happen in shadow: pushes, grants of the lease that overlap, candidates judged out of turn. */
    pushes: number;
    lease_overlaps: number;
    fifo_violations: number;
    /** Sessions that ended by themselves. */
    sessions: number;
  };
  /** Oldest first. */
  compared: ComparedRow[];
  /** Commits that the other path brought and that bring no candidate. Never counted as agreement. */
  unmatched: { commit: string; seen_at: string }[];
  /** In the order of the queue. */
  unmerged: UnmergedRow[];
}

export interface RestartView {
  /** When the comparison began anew, and main then. */
  since: { at: string; main: string | null };
}

/** What the commands about shadow ask for. */
export interface ShadowDesk {
  report(): Promise<ShadowReport>;
  /** Begins the comparison anew; what was compared before counts no more. Thrown: ALREADY_LIVE (6), REMOTE_UNREACHABLE (3). */
  restart(request: { reason: string }): Promise<RestartView>;
}
