/**
 * Notifications: one row a family and key, folded from the log. Owns what an event does to a row and whether that is
 * worth a delivery; delivers nothing. Generic over the life cycles of the catalogue, so users' types work as telec's own.
 * Invariants: one row per (family, slug); what a person did and what an agent did never change each other; an event
 * about an older candidate or an older review round changes no row of a newer one.
 */
import type { AgentStatus, Envelope, EventSchema, Lifecycle } from './events.ts';
import { LEVEL } from './events.ts';
import { parseInstant } from './identity.ts';

type RankPart = string | number;

/** A row as shown and stored; instants are RFC 3339. */
export interface NotificationRow {
  /** `<family>/<key>`. */
  id: string;
  family: string;
  /** What the row is about within its family: the slug, or an alarm's code. */
  key: string;
  /** Null for rows of the system. */
  slug: string | null;
  /** Full type of the event that wrote it last. */
  event: string;
  level: number;
  human_status: 'unseen' | 'seen';
  agent_status: AgentStatus;
  /** For people; escaped and capped by whoever shows it. */
  text: string;
  created_at: string;
  updated_at: string;
  seen_at: string | null;
  /** First claim; kept. */
  claimed_at: string | null;
  /** Who claimed it last. */
  claimed_by: string | null;
  resolved_at: string | null;
  /** Which thing of the slug it is about now, as `{branch, sha}`; null when its events name none. */
  subject: Readonly<Record<string, unknown>> | null;
  /** Order among such things; null when unknown. */
  rank: readonly RankPart[] | null;
  /** Entry of the log that last said something people are told of; null while none did. */
  news: string | null;
}

/** One changed row. `deliver`: new or meaningfully changed, at a level people are told of. */
export interface NotificationChange {
  row: NotificationRow;
  created: boolean;
  meaningful: boolean;
  deliver: boolean;
}

/** Ids longer than this could not be named in an event. */
const KEY_LENGTH_MAX = 400;
const TEXT_LENGTH_MAX = 1000;
/** What ends a halt, whatever caused it. */
const HALT_NEXT = 'look at main and mend what is wrong, then telec unhold --reason "..."';
/** What people do to a row, by the full type of the event's last word. */
const ACTS: ReadonlyMap<string, 'seen' | 'claimed' | 'resolved'> = new Map([
  ['domain.software-development.notification.seen', 'seen'],
  ['domain.software-development.notification.claimed', 'claimed'],
  ['domain.software-development.notification.resolved', 'resolved'],
]);

/**
 * What one valid event of the log, its entry `entryId`, does: the changed rows, in order. `rows` is the state before it,
 * by row id, and is not changed; the caller puts the rows of the answer in.
 */
export function projectNotification(
  rows: ReadonlyMap<string, NotificationRow>,
  envelope: Envelope,
  schema: EventSchema,
  entryId: string,
): NotificationChange[] {
  return changesOf(rows, envelope, schema).map((change) =>
    change.deliver ? { ...change, row: { ...change.row, news: entryId } } : change,
  );
}

function changesOf(
  rows: ReadonlyMap<string, NotificationRow>,
  envelope: Envelope,
  schema: EventSchema,
): NotificationChange[] {
  const act = ACTS.get(schema.type);
  if (act) return projectAct(rows, envelope, act);
  const { lifecycle } = schema;
  if (!lifecycle) return [];
  if (lifecycle.resolvesRowsOf) return resolveRowsOf(rows, envelope, lifecycle.family, lifecycle.resolvesRowsOf);
  if (lifecycle.unless !== undefined && envelope.payload[lifecycle.unless] === true) return [];
  const key = keyOf(lifecycle, envelope.payload);
  if (key === null) return [];
  const before = rows.get(`${lifecycle.family}/${key}`);
  if (lifecycle.settledWithout !== undefined && (envelope.payload[lifecycle.settledWithout] ?? null) === null)
    return before && before.agent_status !== 'resolved' ? [quiet({ ...before, ...resolvedNow(envelope) })] : [];
  const subject = subjectOf(lifecycle, envelope.payload);
  const rank = rankOf(lifecycle, envelope.payload);
  if (before && isOutdated(before, subject, rank)) return [];
  if (!before)
    return lifecycle.creates || lifecycle.updates ? [createdRow(envelope, lifecycle, key, subject, rank)] : [];
  const changes = [changedRow(before, envelope, lifecycle, subject, rank)];
  for (const family of lifecycle.alsoResolves ?? []) {
    const other = rows.get(`${family}/${key}`);
    // An approval bound to another commit belongs to a candidate that is still to come.
    if (
      other &&
      other.agent_status !== 'resolved' &&
      !disagree(other.subject, fieldsOf(envelope.payload, other.subject))
    )
      changes.push(quiet({ ...other, ...resolvedNow(envelope) }));
  }
  return changes;
}

/** The row for entries of the log that could not be read; `at` is RFC 3339. One row, unseen again with each. */
export function projectDeadLetter(
  rows: ReadonlyMap<string, NotificationRow>,
  letter: { entryId: string; reason: string; at: string },
): NotificationChange {
  const id = 'system/DEAD_LETTER';
  const before = rows.get(id);
  const row: NotificationRow = {
    ...(before ?? freshRow(id, 'system', 'DEAD_LETTER', null, letter.at)),
    event: 'dead_letter',
    level: LEVEL.BUSINESS,
    human_status: 'unseen',
    agent_status: 'none',
    resolved_at: null,
    seen_at: null,
    text: capped(`Entry ${letter.entryId} of the log cannot be read and was set aside: ${letter.reason}`),
    updated_at: letter.at,
    news: letter.entryId,
  };
  return { row, created: !before, meaningful: true, deliver: true };
}

function projectAct(
  rows: ReadonlyMap<string, NotificationRow>,
  { payload, timestamp }: Envelope,
  act: 'seen' | 'claimed' | 'resolved',
): NotificationChange[] {
  const row = typeof payload['row'] === 'string' ? rows.get(payload['row']) : undefined;
  if (!row) return [];
  if (act === 'seen') {
    if (row.human_status === 'seen') return [];
    return [quiet({ ...row, human_status: 'seen', seen_at: timestamp, updated_at: timestamp })];
  }
  if (row.agent_status === 'resolved') return [];
  if (act === 'resolved')
    return [quiet({ ...row, agent_status: 'resolved', resolved_at: timestamp, updated_at: timestamp })];
  const actor = typeof payload['actor'] === 'string' ? payload['actor'] : null;
  return [
    quiet({
      ...row,
      agent_status: 'claimed',
      claimed_at: row.claimed_at ?? timestamp,
      claimed_by: actor,
      updated_at: timestamp,
    }),
  ];
}

function resolveRowsOf(
  rows: ReadonlyMap<string, NotificationRow>,
  envelope: Envelope,
  family: string,
  types: readonly string[],
): NotificationChange[] {
  const changes: NotificationChange[] = [];
  for (const row of rows.values()) {
    if (row.family !== family || row.agent_status === 'resolved') continue;
    if (types.some((type) => row.event === type || row.event.endsWith(`.${type}`)))
      changes.push(quiet({ ...row, ...resolvedNow(envelope) }));
  }
  return changes;
}

function createdRow(
  envelope: Envelope,
  lifecycle: Lifecycle,
  key: string,
  subject: NotificationRow['subject'],
  rank: NotificationRow['rank'],
): NotificationChange {
  const slug = envelope.payload['slug'];
  const id = `${lifecycle.family}/${key}`;
  const row: NotificationRow = {
    ...freshRow(id, lifecycle.family, key, typeof slug === 'string' ? slug : null, envelope.timestamp),
    ...saying(envelope),
    agent_status: lifecycle.agentStatus ?? 'none',
    subject,
    rank,
  };
  return { row, created: true, meaningful: true, deliver: envelope.level >= LEVEL.WORKFLOW };
}

function changedRow(
  before: NotificationRow,
  envelope: Envelope,
  lifecycle: Lifecycle,
  subject: NotificationRow['subject'],
  rank: NotificationRow['rank'],
): NotificationChange {
  const meaningful = lifecycle.meaningfulFields.some((field) => (envelope.payload[field] ?? null) !== null);
  const agent: Partial<NotificationRow> = lifecycle.resolves
    ? { agent_status: 'resolved', resolved_at: envelope.timestamp }
    : lifecycle.agentStatus
      ? { agent_status: lifecycle.agentStatus, resolved_at: null }
      : before.agent_status === 'resolved'
        ? { agent_status: 'none', resolved_at: null }
        : {};
  // Only news that asks for something makes a row unseen again; that it is settled does not.
  const human: Partial<NotificationRow> =
    meaningful && !lifecycle.resolves ? { human_status: 'unseen', seen_at: null } : {};
  const row = {
    ...before,
    ...saying(envelope),
    ...agent,
    ...human,
    // A ranked event says anew what the row is about, be it nothing in particular.
    subject: lifecycle.rank ? subject : (subject ?? before.subject),
    rank: rank ?? before.rank,
  };
  return { row, created: false, meaningful, deliver: meaningful && envelope.level >= LEVEL.WORKFLOW };
}

/** True when the event is about something the row has left behind. */
function isOutdated(row: NotificationRow, subject: NotificationRow['subject'], rank: NotificationRow['rank']): boolean {
  if (rank && row.rank) return compareRanks(rank, row.rank) < 0;
  // A thing whose rank is known took the row over; another one, without a rank, is older or was never announced.
  return row.rank !== null && disagree(row.subject, subject);
}

function compareRanks(a: readonly RankPart[], b: readonly RankPart[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const left = a[index] ?? 0;
    const right = b[index] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function keyOf(lifecycle: Lifecycle, payload: Envelope['payload']): string | null {
  if (lifecycle.key !== undefined) return lifecycle.key;
  const value = lifecycle.groupKey === null ? null : payload[lifecycle.groupKey];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' && value.length <= KEY_LENGTH_MAX ? value : null;
}

function subjectOf(lifecycle: Lifecycle, payload: Envelope['payload']): NotificationRow['subject'] {
  const fields = (lifecycle.subject ?? []).filter((field) => (payload[field] ?? null) !== null);
  return fields.length === 0 ? null : Object.fromEntries(fields.map((field) => [field, payload[field]]));
}

function rankOf(lifecycle: Lifecycle, payload: Envelope['payload']): NotificationRow['rank'] {
  if (!lifecycle.rank) return null;
  const parts = lifecycle.rank.map((field): RankPart => {
    const value = payload[field];
    if (typeof value === 'number') return value;
    return typeof value === 'string' ? (parseInstant(value) ?? value) : '';
  });
  return [...parts, lifecycle.rankBias ?? 0];
}

/** The fields of `payload` that `subject` has too. */
function fieldsOf(payload: Envelope['payload'], subject: NotificationRow['subject']): NotificationRow['subject'] {
  return Object.fromEntries(Object.keys(subject ?? {}).map((field) => [field, payload[field]]));
}

/** True when both name something and differ in a field that both have. */
function disagree(a: NotificationRow['subject'], b: NotificationRow['subject']): boolean {
  if (!a || !b) return false;
  return Object.keys(a).some((field) => Object.hasOwn(b, field) && a[field] !== b[field]);
}

function freshRow(id: string, family: string, key: string, slug: string | null, at: string): NotificationRow {
  return {
    id,
    family,
    key,
    slug,
    event: '',
    level: LEVEL.OPERATIONAL,
    human_status: 'unseen',
    agent_status: 'none',
    text: '',
    created_at: at,
    updated_at: at,
    seen_at: null,
    claimed_at: null,
    claimed_by: null,
    resolved_at: null,
    subject: null,
    rank: null,
    news: null,
  };
}

/** Which check failed and how: what is asked for first. Null for what was not stopped by one. */
function checkOf({ kind, conflict_evidence: evidence }: Envelope['payload']): unknown {
  return kind === 'checks' && Array.isArray(evidence) ? evidence[0] : null;
}

function saying(envelope: Envelope): Pick<NotificationRow, 'event' | 'level' | 'text' | 'updated_at'> {
  const { next_action: next, alarm, reason, failure, follow_up_slug: followUp } = envelope.payload;
  const summary = envelope.payload['summary'] ?? checkOf(envelope.payload);
  const halted = typeof alarm === 'string' ? `Halted (${alarm}): ${String(reason)}. Next: ${HALT_NEXT}` : null;
  const failed = typeof failure === 'string' ? `${envelope.description}: ${failure}` : null;
  const said = typeof summary === 'string' ? `${envelope.description}: ${summary}` : envelope.description;
  const todo = typeof followUp === 'string' ? `. Follow-up: ${followUp}` : '';
  const text = halted ?? failed ?? said + todo + (typeof next === 'string' ? `. Next: ${next}` : '');
  return { event: envelope.event, level: envelope.level, text: capped(text), updated_at: envelope.timestamp };
}

function resolvedNow({ timestamp }: Envelope): Pick<NotificationRow, 'agent_status' | 'resolved_at' | 'updated_at'> {
  return { agent_status: 'resolved', resolved_at: timestamp, updated_at: timestamp };
}

function quiet(row: NotificationRow): NotificationChange {
  return { row, created: false, meaningful: false, deliver: false };
}

function capped(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`;
}
