/** One look of those who watch, made of the examples of the commands: what the page docs/protocol.md shows of it, and what `telec watch --json` prints first. */
import type { LiveMessage, Moment, Overview } from '../src/actors/live/views.ts';
import { examples } from './examples.ts';
import { radarView } from './radar-examples.ts';

const { status, ready, why, completed, notifications, envelope } = examples;
const { slug, branch, sha, generation, state, ready_at, attempt, reasons, updated_at } = ready;

export const moment: Moment = { id: status.log.last_id, at: '2026-01-01T10:00:00.000Z', index: 412, length: 412 };

export const overview: Overview = {
  moment,
  now: '2026-01-01T10:01:05.000Z',
  status,
  candidates: [
    {
      key: `${slug}/${branch}@${sha}`,
      slug,
      branch,
      sha,
      generation,
      state,
      meaning: 'All conditions hold; waits in the queue for its turn.',
      ready_at,
      turn_at: ready_at,
      priority: 'normal',
      attempt,
      waiting_for: why.waiting_for,
      reasons,
      blocked_kind: null,
      next_action: null,
      follow_up_slug: null,
      superseded_by: null,
      merge_commit: null,
      verdict: null,
      checks: [],
      updated_at,
    },
  ],
  candidates_hidden: 0,
  deliveries: [
    {
      entry: envelope.id,
      key: `${completed.slug}/${completed.branch}@${completed.sha}`,
      slug: completed.slug,
      branch: completed.branch,
      sha: completed.sha,
      merge_commit: completed.merge_commit ?? '',
      outcome: 'merged',
      integrated_at: completed.updated_at,
      receipt: completed.receipt,
    },
  ],
  notifications,
  unseen: 1,
  radar: radarView.rows,
  recent: [envelope],
};

export const watched: LiveMessage = { kind: 'overview', run: '01jgfjz0q7v5m8n3k2h1g0f9e8', overview };
