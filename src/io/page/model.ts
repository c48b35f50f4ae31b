/**
 * What the page knows of a repository: an overview with the changes since put in. Pure; messages come in, a new model
 * comes out, and what did not change keeps its identity so that nothing is drawn twice. Decides no words and no state.
 */
import type { NotificationRow } from '../../actors/client.ts';
import type { CandidateRow, DeliveryRow, LiveChange, LiveMessage, Overview } from '../../actors/live/views.ts';
import { parseInstant } from '../../machines/identity.ts';
import { roomedNotifications } from '../../machines/notification-order.ts';
import { compareQueue, type Placed } from '../../machines/queue.ts';

/** As an overview, with candidates by their key. */
export interface Model extends Omit<Overview, 'candidates'> {
  candidates: ReadonlyMap<string, CandidateRow>;
}

/** Bounds of what a page that stays open for weeks keeps; the daemon has the rest. */
export const KEPT = { final: 400, deliveries: 400, recent: 2000 };

/** The model after a message; `before` is null for the first, which is an overview. A change without a model is left out. */
export function modelAfter(before: Model | null, message: LiveMessage): Model | null {
  if (message.kind === 'overview') return modelOf(message.overview);
  return before && changed(before, message);
}

export function modelOf(overview: Overview): Model {
  return { ...overview, candidates: new Map(overview.candidates.map((row) => [row.key, row])) };
}

function changed(before: Model, change: LiveChange): Model {
  const { moment, now, status } = change;
  const { candidates, hidden } = withCandidates(before, change.candidates);
  // A gap is not bridged: what lies before it is fetched when somebody asks for it.
  const older = change.recent_omitted > 0 ? [] : before.recent;
  const known = new Set(older.map(({ id }) => id));
  const fresh = change.recent.filter(({ id }) => !known.has(id));
  return {
    moment,
    now,
    status,
    candidates,
    candidates_hidden: hidden,
    deliveries: newestFirst(before.deliveries, change.deliveries, ({ entry }) => entry, KEPT.deliveries),
    notifications: notificationsAfter(before.notifications, change.notifications),
    unseen: change.unseen,
    radar: change.radar ?? before.radar,
    recent: fresh.length === 0 && older === before.recent ? before.recent : [...older, ...fresh].slice(-KEPT.recent),
  };
}

/** The rows put in; when too many are final, the oldest of those leave. */
function withCandidates(
  before: Model,
  rows: readonly CandidateRow[],
): { candidates: Model['candidates']; hidden: number } {
  if (rows.length === 0) return { candidates: before.candidates, hidden: before.candidates_hidden };
  const candidates = new Map(before.candidates);
  for (const row of rows) candidates.set(row.key, row);
  const final = [...candidates.values()].filter(isFinal);
  if (final.length <= KEPT.final) return { candidates, hidden: before.candidates_hidden };
  final.sort((a, b) => compareInstants(a.updated_at, b.updated_at));
  const leaving = final.slice(0, final.length - KEPT.final / 2);
  for (const { key } of leaving) candidates.delete(key);
  return { candidates, hidden: before.candidates_hidden + leaving.length };
}

/** The same as the daemon has room for: it tells no more of a row that made room. */
function notificationsAfter(before: NotificationRow[], rows: NotificationRow[]): NotificationRow[] {
  if (rows.length === 0) return before;
  const all = new Map(before.map((row) => [row.id, row]));
  for (const row of rows) all.set(row.id, row);
  return roomedNotifications(all.values());
}

/** New rows in front, each in place of an older row of its id. */
function newestFirst<Row>(
  before: readonly Row[],
  rows: readonly Row[],
  idOf: (row: Row) => string,
  most: number,
): Row[] {
  if (rows.length === 0) return before as Row[];
  const fresh = new Set(rows.map(idOf));
  return [...rows, ...before.filter((row) => !fresh.has(idOf(row)))].slice(0, most);
}

export const isFinal = ({ state }: CandidateRow): boolean => state === 'completed' || state === 'superseded';

function compareInstants(a: string, b: string): number {
  return (parseInstant(a) ?? 0) - (parseInstant(b) ?? 0);
}

/** Candidates by what becomes of them next. */
export interface Lanes {
  integrating: CandidateRow[];
  /** In the order of the queue. */
  ready: CandidateRow[];
  pending: CandidateRow[];
  /** The newest block first. */
  blocked: CandidateRow[];
  /** The newest end first. */
  done: CandidateRow[];
}

const lanes = new WeakMap<Model['candidates'], Lanes>();

/** The lanes of a model's candidates, worked out once. */
export function lanesOf(candidates: Model['candidates']): Lanes {
  const known = lanes.get(candidates);
  if (known) return known;
  const made: Lanes = { integrating: [], ready: [], pending: [], blocked: [], done: [] };
  for (const row of candidates.values()) (isFinal(row) ? made.done : made[row.state as keyof Lanes]).push(row);
  for (const lane of [made.integrating, made.pending]) lane.sort(inQueueOrder);
  made.ready.sort((a, b) => compareInstants(a.turn_at, b.turn_at) || inQueueOrder(a, b));
  for (const lane of [made.blocked, made.done]) lane.sort((a, b) => compareInstants(b.updated_at, a.updated_at));
  lanes.set(candidates, made);
  return made;
}

const places = new WeakMap<CandidateRow, Placed>();

/** What the order goes by, worked out once a row. */
function placeOf(row: CandidateRow): Placed {
  const known = places.get(row);
  if (known) return known;
  const { slug, branch, sha } = row;
  const place = { slug, branch, sha, readyAtMs: parseInstant(row.ready_at) ?? 0 };
  places.set(row, place);
  return place;
}

const inQueueOrder = (a: CandidateRow, b: CandidateRow): number => compareQueue(placeOf(a), placeOf(b));

/** Whether a delivery ran any check; null when its receipt says nothing about that. */
export function wasTested({ receipt }: Pick<DeliveryRow, 'receipt'>): boolean | null {
  const checks = receipt?.['checks'];
  return Array.isArray(checks) ? checks.length > 0 : null;
}
