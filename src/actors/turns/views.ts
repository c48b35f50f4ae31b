/** Turns and priorities in the shapes of `--json` (docs/cli.md). Types only. */
import type { Priority } from '../../machines/priority.ts';

/** By what a candidate went before older ones: whose decision, why, and when. */
interface Decided {
  by: 'priority' | 'lane';
  actor: string;
  reason: string;
  at: string;
}

/** How a candidate's turn differed from first in, first out. */
export interface TurnView {
  /** It was taken before so many older ones; null when it never was. */
  ahead: (Decided & { overtaken: number }) | null;
  /** The newest one that was taken before it, by its key, and how often that happened; null when nobody was. */
  behind: (Decided & { key: string; times: number }) | null;
}

export interface PriorityRequest {
  slug: string;
  priority: Priority;
  reason: string;
}

export interface PriorityView {
  slug: string;
  priority: Priority;
  /** False: it was that already. */
  changed: boolean;
  /** Who decided it, why and when; null while it is normal. */
  decided: { actor: string; reason: string; since: string } | null;
  /** Place of its candidate in the queue, from 1; null when none waits there. */
  place: number | null;
  /** How many older ones it goes ahead of. */
  overtakes: number;
}
