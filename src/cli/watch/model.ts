/**
 * What a watcher knows: the overview it was given, with every change since put in. Pure: a scene and a message in, a new
 * scene out, and the lists that are shown. Decides no words and draws nothing. Bounded like the overview itself.
 */
import type { NotificationRow, StatusView } from '../../actors/client.ts';
import type { EnvelopeView } from '../../actors/event-views.ts';
import { merged } from '../../actors/live/merge.ts';
import type { CandidateRow, DeliveryRow, LiveMessage, Moment, Overview } from '../../actors/live/views.ts';
import { compareText } from '../../machines/identity.ts';
import type { Section } from './plan.ts';
import { noticeKind } from './words.ts';

export interface Scene {
  /** Of the log and the program that tells; another one begins anew. */
  run: string;
  overview: Overview;
  moment: Moment;
  /** The clock of the log and the local one at the same instant, ms. */
  clock: { told: number; heard: number };
  status: StatusView;
  candidates: ReadonlyMap<string, CandidateRow>;
  /** The newest first. */
  deliveries: readonly DeliveryRow[];
  notifications: ReadonlyMap<string, NotificationRow>;
  /** The newest first. */
  recent: readonly EnvelopeView[];
  lists: Lists;
}

/** The rows of the view, in the order in which they are shown. */
export interface Lists {
  /** In the hands of a session first, then the queue in its order, then what waits to become ready. */
  queue: readonly CandidateRow[];
  /** The newest block first. */
  blocked: readonly CandidateRow[];
  /** Unseen first; alerts, then deliveries, then the rest; the newest first. */
  notices: readonly NotificationRow[];
}

/** `heard`: the local clock, ms. A change without an overview before it is of nothing: null. */
export function take(scene: Scene | null, message: LiveMessage, heard: number): Scene | null {
  if (message.kind === 'overview') return sceneOf(message.run, message.overview, heard);
  return scene && sceneOf(scene.run, merged(scene.overview, message), heard);
}

function sceneOf(run: string, overview: Overview, heard: number): Scene {
  const { moment, now, status, candidates, deliveries, notifications, recent } = overview;
  return {
    run,
    overview,
    moment,
    clock: { told: Date.parse(now), heard },
    status,
    candidates: new Map(candidates.map((row) => [row.key, row])),
    deliveries,
    notifications: new Map(notifications.map((row) => [row.id, row])),
    recent: [...recent].reverse(),
    lists: listsOf(overview),
  };
}

/** The clock by which ages are told, ms. */
export const clockOf = ({ clock }: Scene, local: number): number => clock.told + Math.max(0, local - clock.heard);

const PLACES: Partial<Record<CandidateRow['state'], number>> = { integrating: 0, ready: 1, pending: 2 };

/** The rows come in the order of the queue, which sorting keeps; those in the chain stand in its order. */
const inLine = (a: CandidateRow, b: CandidateRow): number => (PLACES[a.state] ?? 0) - (PLACES[b.state] ?? 0);

/** What asks for something first, then what became of candidates, then the rest. */
function weight(row: NotificationRow): number {
  if (noticeKind(row) === 'alert') return 0;
  return row.family === 'deployment' ? 1 : 2;
}

function listsOf({ candidates: rows, notifications, status }: Overview): Lists {
  const places = new Map(status.tests.chain.map(({ key }, at) => [key, at]));
  const place = ({ key }: CandidateRow) => places.get(key) ?? places.size;
  const unseen = ({ human_status }: NotificationRow) => (human_status === 'unseen' ? 0 : 1);
  return {
    queue: rows.filter(({ state }) => PLACES[state] !== undefined).sort((a, b) => inLine(a, b) || place(a) - place(b)),
    blocked: rows.filter(({ state }) => state === 'blocked').sort((a, b) => compareText(b.updated_at, a.updated_at)),
    notices: [...notifications].sort(
      (a, b) =>
        unseen(a) - unseen(b) ||
        weight(a) - weight(b) ||
        compareText(b.updated_at, a.updated_at) ||
        compareText(a.id, b.id),
    ),
  };
}

/** Place of a candidate in the queue, from 1; null when it is not in it. */
export function placeIn({ lists }: Scene, key: string): number | null {
  const ready = lists.queue.filter(({ state }) => state === 'ready');
  return ready.findIndex((row) => row.key === key) + 1 || null;
}

/** How many rows a section has. */
export const countOf = (scene: Scene, section: Section): number => rowsOf(scene, section).length;

function rowsOf({ lists, recent, deliveries }: Scene, section: Section): readonly unknown[] {
  return section === 'events' ? recent : section === 'main' ? deliveries : lists[section];
}

/** What a row is known by while the list around it changes. */
export function keyAt({ lists, recent, deliveries }: Scene, section: Section, place: number): string | null {
  if (section === 'events') return recent[place]?.id ?? null;
  if (section === 'notices') return lists.notices[place]?.id ?? null;
  if (section === 'main') return deliveries[place]?.entry ?? null;
  return lists[section][place]?.key ?? null;
}
