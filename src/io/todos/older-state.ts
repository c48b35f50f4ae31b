/**
 * `todos/<slug>/state.yaml` as older flows wrote it, as far as a delivery can be told from it. Lenient where the strict
 * reader is not: what an older flow kept beside it is nobody's business here. Pure.
 */
import { z } from 'zod';
import { readYaml } from './yaml-text.ts';

const optional = () => z.string().min(1).nullish().catch(null);

const olderSchema = z.looseObject({
  build: optional(),
  review: optional(),
  review_round: z.int().min(0).nullish().catch(null),
  finalize: z
    .looseObject({
      status: optional(),
      branch: optional(),
      sha: optional(),
      ready_at: optional(),
      worker_session_id: optional(),
    })
    .nullish()
    .catch(null),
});

export interface OlderState {
  isBuilt: boolean;
  isApproved: boolean;
  /** From 1; null when none is named. */
  reviewRound: number | null;
  /** The hand-over of the older flow, when one was made. */
  finalize: { branch: string | null; sha: string | null; readyAt: string | null; sessionId: string | null } | null;
}

/** Hand-overs in these states were made and not finished. */
const HANDED = new Set(['ready', 'handed_off']);

/** What the text says; null when it cannot be read. */
export function readOlderState(name: string, text: string): OlderState | null {
  const reading = readYaml(name, text);
  const parsed = reading.kind === 'read' ? olderSchema.safeParse(reading.value ?? {}) : null;
  if (!parsed?.success) return null;
  const { build, review, review_round, finalize } = parsed.data;
  return {
    isBuilt: build === 'complete',
    isApproved: review === 'approved',
    reviewRound: review_round || null,
    finalize:
      finalize && HANDED.has(finalize.status ?? '')
        ? {
            branch: finalize.branch ?? null,
            sha: finalize.sha ?? null,
            readyAt: finalize.ready_at ?? null,
            sessionId: finalize.worker_session_id ?? null,
          }
        : null,
  };
}
