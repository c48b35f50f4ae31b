/** What the log says of one candidate's turn: whom it went ahead of, and who went ahead of it. Pure; views and words use it. */
import type { DomainEvent, PayloadOf } from '../../machines/events.ts';
import { type CandidateKey, candidateKey } from '../../machines/identity.ts';
import type { CandidateRecord } from '../candidate-record.ts';

interface Told {
  by: PayloadOf<'integration.order.deviated'>['by'];
  actor: string;
  reason: string;
  /** RFC 3339. */
  at: string;
}

export interface TurnNotes {
  /** The newest time it was taken before older ones. */
  ahead: (Told & { overtaken: number }) | null;
  /** The newest one that was taken before it, and how often that happened. */
  behind: (Told & { key: CandidateKey; times: number }) | null;
}

/** Notes the deviation with all that it names. */
export function noteDeviation(
  find: (key: CandidateKey) => CandidateRecord | undefined,
  { payload, timestamp: at }: DomainEvent<'integration.order.deviated'>,
): void {
  const { by, actor, reason, overtaken, overtaken_count: count } = payload;
  const told: Told = { by, actor, reason, at };
  const key = candidateKey(payload);
  const own = find(key);
  if (own) own.turn = { ahead: { ...told, overtaken: count }, behind: own.turn?.behind ?? null };
  for (const triple of overtaken) {
    const other = find(candidateKey(triple));
    if (!other) continue;
    const { ahead = null, behind = null } = other.turn ?? {};
    other.turn = { ahead, behind: { ...told, key, times: (behind?.times ?? 0) + 1 } };
  }
}
