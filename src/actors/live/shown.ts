/**
 * What the followers know: the rows they were given last. Works out what is new or other than that after more of the log
 * was applied, at the price of what changed and one look at each candidate that goes on. Reads the fold, keeps rows.
 */
import { isDeepStrictEqual } from 'node:util';
import { CANDIDATE_STATES } from '../../machines/candidate.ts';
import type { CheckRun } from '../../machines/check-book.ts';
import { fullType } from '../../machines/events.ts';
import { candidateKey } from '../../machines/identity.ts';
import type { NotificationRow as Row } from '../../machines/notification.ts';
import { byChange, roomedNotifications, unseenOf } from '../../machines/notification-order.ts';
import type { Foreseen } from '../../machines/radar.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { EnvelopeView } from '../client.ts';
import { toldRows } from '../radar/rows.ts';
import { runsShown } from '../tests/shown.ts';
import { notificationView } from '../views.ts';
import type { Around } from '../waits.ts';
import type { Look } from './look.ts';
import { DELIVERIES_MAX, FINAL_MAX, hiddenOf, newestDeliveries, RECENT_MAX, split } from './overview.ts';
import { candidateRow, deliveryRow, inQueueOrder, isFinal, isNewest, newestFirst } from './rows.ts';
import type { CandidateRow, DeliveryRow, LiveChange, Overview } from './views.ts';

/** One row as it was given, and what it was made of. */
interface Given {
  record: CandidateRecord;
  state: CandidateRecord['state'];
  context: CandidateRecord['context'];
  shadow: CandidateRecord['shadow'];
  runs: readonly CheckRun[];
  row: CandidateRow;
}

/** What was applied since the last time. */
export interface Noted {
  /** The newest entries, oldest first, and how many were left out. */
  entries: EnvelopeView[];
  omitted: number;
  /** Candidates that came to an end. */
  ended: Set<CandidateRecord>;
  /** Entries that may have told a delivery, by the candidate's key. */
  deliveries: Map<string, string>;
}

export const nothingNoted = (): Noted => ({ entries: [], omitted: 0, ended: new Set(), deliveries: new Map() });

/** Keeps in mind what one entry may have changed. */
export function note(noted: Noted, entry: EnvelopeView, changes: readonly { record: CandidateRecord }[]): void {
  noted.entries.push(entry);
  if (noted.entries.length > RECENT_MAX) {
    noted.entries.shift();
    noted.omitted += 1;
  }
  for (const { record } of changes) if (isFinal(record)) noted.ended.add(record);
  if (entry.event === COMPLETED) noted.deliveries.set(candidateKey(entry.payload as never), entry.id);
}

const COMPLETED = fullType('deployment.completed');

export class Shown {
  #look: Look;
  /** By key. */
  readonly #rows = new Map<string, Given>();
  #final: CandidateRecord[];
  #deliveries: DeliveryRow[];
  /** By id, the most recently changed first; those that there is room for. */
  #notifications: Map<string, Row>;
  #radar: readonly Foreseen[];
  #recent: EnvelopeView[];

  constructor(look: Look, recent: readonly EnvelopeView[]) {
    const { live, final } = split(look.repository);
    this.#look = look;
    this.#final = final;
    for (const record of [...live, ...final]) this.#give(record, look.around);
    this.#deliveries = newestDeliveries(look.repository);
    this.#notifications = roomOf(look);
    this.#radar = look.repository.radar.rows;
    this.#recent = recent.slice(-RECENT_MAX);
  }

  /** Everything the followers know. */
  overview(): Overview {
    const { status, moment, now, notifications } = this.#look;
    const given = [...this.#rows.values()].sort((a, b) => inQueueOrder(a.record, b.record));
    return {
      moment,
      now,
      status,
      candidates: given.map(({ row }) => row),
      candidates_hidden: hiddenOf(status, this.#final.length),
      deliveries: this.#deliveries,
      notifications: [...this.#notifications.values()].map(notificationView),
      unseen: unseenOf(notifications.dump()),
      radar: toldRows(this.#radar),
      recent: this.#recent,
    };
  }

  /** What changed, taken over; null when nothing did. */
  update(look: Look, noted: Noted): LiveChange | null {
    const before = this.#look;
    this.#look = look;
    const candidates = this.#candidates(look, before.around, noted);
    const deliveries = this.#newDeliveries(look, noted);
    const notifications = this.#changedNotifications(look);
    const { entries: recent, omitted: recent_omitted } = noted;
    this.#recent = [...this.#recent, ...recent].slice(-RECENT_MAX);
    const foreseen = look.repository.radar.rows;
    const radar = foreseen === this.#radar ? null : toldRows(foreseen);
    this.#radar = foreseen;
    const { moment, now, status } = look;
    const isSame =
      candidates.length + deliveries.length + notifications.length + recent.length === 0 &&
      radar === null &&
      isDeepStrictEqual(moment, before.moment) &&
      isDeepStrictEqual(status, before.status);
    if (isSame) return null;
    const unseen = unseenOf(look.notifications.dump());
    return {
      kind: 'change',
      moment,
      now,
      status,
      candidates,
      deliveries,
      notifications,
      unseen,
      radar,
      recent,
      recent_omitted,
    };
  }

  #candidates({ repository, around }: Look, before: Around, noted: Noted): CandidateRow[] {
    const rows: CandidateRow[] = [];
    const stale = moved(before, around);
    const look = (record: CandidateRecord) => {
      const given = this.#rows.get(record.key);
      if (given && isUnchanged(given, record, around) && !stale.has(record.state)) return;
      const row = this.#give(record, around);
      if (!given || !isDeepStrictEqual(given.row, row)) rows.push(row);
    };
    let isOneBack = false;
    for (const record of repository.live()) {
      const given = this.#rows.get(record.key);
      if (given && given.record !== record && isFinal(given)) isOneBack = true;
      look(record);
    }
    if (isOneBack) {
      // Its place among the finished goes to one that was left out.
      this.#final = split(repository).final;
    } else {
      const ended = [...noted.ended].filter((record) => isNewest(repository, record));
      const others = this.#final.filter((record) => !noted.ended.has(record) && isNewest(repository, record));
      this.#final = [...others, ...ended].sort(newestFirst).slice(0, FINAL_MAX);
    }
    const kept = new Set(this.#final);
    for (const [key, { record }] of this.#rows) if (isFinal(record) && !kept.has(record)) this.#rows.delete(key);
    for (const record of this.#final) look(record);
    return rows;
  }

  #give(record: CandidateRecord, around: Around): CandidateRow {
    const { state, context, shadow } = record;
    const row = candidateRow(record, around);
    this.#rows.set(record.key, { record, state, context, shadow, runs: runsShown(around, record), row });
    return row;
  }

  #newDeliveries({ repository }: Look, { deliveries }: Noted): DeliveryRow[] {
    const rows: DeliveryRow[] = [];
    for (const [key, entry] of deliveries) {
      const record = repository.find(key as CandidateRecord['key']);
      const row = record?.deliveryEntry === entry ? deliveryRow(record) : null;
      if (row) rows.unshift(row);
    }
    this.#deliveries = [...rows, ...this.#deliveries].slice(0, DELIVERIES_MAX);
    return rows;
  }

  /** Those that are new or other where there is room for them, and those that changed and have to make room. */
  #changedNotifications(look: Look) {
    const before = this.#notifications;
    this.#notifications = roomOf(look);
    const changed = [...this.#notifications.values()].filter((row) => before.get(row.id) !== row);
    for (const row of look.notifications.dump()) {
      const known = before.get(row.id);
      if (known && known !== row && !this.#notifications.has(row.id)) changed.push(row);
    }
    return changed.sort(byChange).map(notificationView);
  }
}

const roomOf = ({ notifications }: Look): Map<string, Row> =>
  new Map(roomedNotifications(notifications.dump()).map((row) => [row.id, row]));

const isUnchanged = (given: Given, record: CandidateRecord, around: Around): boolean =>
  given.record === record &&
  given.state === record.state &&
  given.context === record.context &&
  given.shadow === record.shadow &&
  given.runs === runsShown(around, record);

/** The states whose rows may say something else, because of what is around them. */
function moved(before: Around, after: Around): ReadonlySet<CandidateRecord['state']> {
  const states = new Set<CandidateRecord['state']>();
  const { hold, mode, narrowed, doing, sessionMode, followUps, chain } = after;
  const isShadow = mode === 'shadow' || before.mode === 'shadow';
  if (mode !== before.mode || narrowed !== before.narrowed || !isDeepStrictEqual(hold, before.hold))
    states.add('ready');
  if (isShadow && after.main !== before.main) states.add('ready');
  // Every row says its priority.
  if (after.priorities !== before.priorities) for (const state of CANDIDATE_STATES) states.add(state);
  if (mode !== before.mode || sessionMode !== before.sessionMode || !isDeepStrictEqual(doing, before.doing))
    states.add('integrating');
  if (!isDeepStrictEqual(chain, before.chain)) states.add('integrating');
  if (!isDeepStrictEqual(followUps, before.followUps)) states.add('blocked');
  return states;
}
