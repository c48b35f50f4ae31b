/**
 * The one place where the page keeps what it knows and where it looks: live model, the moment in the past that is shown,
 * connection, what is open. Components read slices of it; nothing else is kept anywhere but in form fields.
 */
import { useSyncExternalStore } from 'react';
import type { LiveMessage, Overview } from '../../actors/live/views.ts';
import type { Link } from '../../machines/links.ts';
import { type Model, modelAfter, modelOf } from './model.ts';

export type Connection =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** `retryAt`: when it is tried again, ms of this browser's clock. */
  /** `told`: what the daemon says of it; null while it says nothing. */
  | { kind: 'lost'; since: number; retryAt: number; told: string | null }
  /** Nothing is shown: there is no token, or it is that of an earlier daemon. */
  | { kind: 'signed_out'; why: 'no_token' | 'wrong_token' | 'ticket_refused' };

/** A look at a moment in the past. `model` is null until the first one has come. */
export interface Past {
  /** Entries up to it. */
  index: number;
  model: Model | null;
  loading: boolean;
  fault: string | null;
}

export type DialogName = { kind: 'hold' } | { kind: 'unhold' } | { kind: 'resume'; key: string } | { kind: 'keys' };

export interface PageState {
  connection: Connection;
  live: Model | null;
  past: Past | null;
  /** What the address names. */
  link: Link | null;
  dialog: DialogName | null;
  /** Last word on what a person did; shown for a while. */
  notice: { text: string; tone: 'good' | 'bad'; at: number } | null;
  /** What the newest message changed, for those who hear the page. */
  spoken: string;
  /** The log's filter; kept here, since other panels set it. */
  filter: { type: string; slug: string; text: string };
}

let state: PageState = {
  connection: { kind: 'connecting' },
  live: null,
  past: null,
  link: null,
  dialog: null,
  notice: null,
  spoken: '',
  filter: { type: '', slug: '', text: '' },
};
const listeners = new Set<() => void>();
/** Difference of the daemon's clock to this browser's, ms. */
let offsetMs = 0;

export const currentState = (): PageState => state;

export function update(change: Partial<PageState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A slice of the state; `select` gives the same value for the same state. */
export function useStore<Slice>(select: (state: PageState) => Slice): Slice {
  return useSyncExternalStore(subscribe, () => select(state));
}

/** What is to be shown: the past when somebody looks there, else what is live. */
export const shownModel = ({ past, live }: PageState): Model | null => past?.model ?? live;

/** Takes what the daemon sent. */
export function takeMessage(message: LiveMessage): void {
  const live = modelAfter(state.live, message);
  if (live === null) return;
  offsetMs = Date.parse(live.now) - Date.now();
  const spoken =
    message.kind === 'change'
      ? spokenOf(
          state.live,
          live,
          message.candidates.map(({ key }) => key),
        )
      : null;
  update({ live, connection: { kind: 'live' }, ...(spoken === null ? {} : { spoken }) });
}

export function showPast(index: number, overview: Overview): void {
  update({ past: { index, model: modelOf(overview), loading: false, fault: null } });
}

/** The daemon's clock when this browser's says `at`, ms. */
export const daemonTime = (at: number): number => at + offsetMs;

/** The ends that a change brought, in the machines' words; null when there is none worth a voice. */
function spokenOf(before: Model | null, after: Model, keys: readonly string[]): string | null {
  const ended = keys.flatMap((key) => {
    const row = after.candidates.get(key);
    const told = row && (row.state === 'completed' || row.state === 'blocked');
    return told && before?.candidates.get(key)?.state !== row.state ? [row] : [];
  });
  const [first] = ended;
  if (!first) return null;
  return ended.length === 1 ? `${first.slug}: ${first.meaning}` : `${ended.length} candidates: ${first.meaning}`;
}
