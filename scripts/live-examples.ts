/** What `telec watch --json` prints, as the page shows it and as the tests' runtime answers it. */
import type { EnvelopeView, NotificationRow, StatusView } from '../src/actors/client.ts';
import type { CandidateRow, LiveMessage, Overview } from '../src/actors/live/views.ts';

export interface LiveParts {
  status: StatusView;
  notifications: NotificationRow[];
  envelope: EnvelopeView;
  row: CandidateRow;
}

/** The first message of a watcher, made of the other examples. */
export function overviewOf({ status, notifications, envelope, row }: LiveParts): LiveMessage {
  const overview: Overview = {
    moment: { id: status.log.applied_id, at: envelope.timestamp, index: status.log.length, length: status.log.length },
    now: '2026-01-01T10:01:05.000Z',
    status,
    candidates: [row],
    candidates_hidden: 0,
    deliveries: [],
    notifications,
    recent: [envelope],
  };
  return { kind: 'overview', run: '01jgfjz0q7v5m8n3k2h1g0f9e8', overview };
}
