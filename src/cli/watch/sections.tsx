/** The four lists of the view: queue, blocked, notifications, entries. Each shows the part of its rows that fits. */
import { Box } from 'ink';
import type { NotificationRow } from '../../actors/client.ts';
import type { EnvelopeView } from '../../actors/event-views.ts';
import type { CandidateRow, DeliveryRow } from '../../actors/live/views.ts';
import { TONES } from '../messages.ts';
import type { Tone } from '../output.ts';
import { verdictCell } from '../shadow-messages.ts';
import { type CellOf, Row, type Signs, useLook } from './look.tsx';
import { countOf, keyAt, type Scene } from './model.ts';
import { type Area, type Section, windowOf } from './plan.ts';
import {
  blockedText,
  clockTime,
  deliveryText,
  eventLine,
  type NoticeKind,
  nameOf,
  noticeKind,
  shown,
  stopwatch,
  waitingText,
} from './words.ts';

/** From this width on a row has room for the branch; below the other one for a name and a time alone. */
const ROOMY = 100;
const NARROW = 60;

export interface ListProps {
  area: Area;
  width: number;
  scene: Scene;
  /** By the clock of the log, ms. */
  now: number;
  focused: boolean;
  /** Place of the selected row. */
  at: number;
}

const TITLES: Record<Section, string> = {
  queue: 'Queue',
  blocked: 'Blocked',
  notices: 'Notifications',
  main: 'Main',
  events: 'Log',
};
const EMPTY: Record<Section, string> = {
  queue: 'nothing waits',
  blocked: 'nothing is blocked',
  notices: 'nothing to tell',
  main: 'nothing landed yet',
  events: 'the log is empty',
};

function noteOf(section: Section, { status, overview, moment }: Scene): string {
  const { counts } = status;
  if (section === 'queue') return `${counts.integrating} integrating, ${counts.ready} ready, ${counts.pending} pending`;
  if (section === 'blocked') return String(counts.blocked);
  if (section === 'main') return `${counts.completed} landed`;
  if (section === 'events') return `${moment.index} entries`;
  return `${overview.unseen} unseen`;
}

export function SectionList(props: ListProps) {
  const { area, width, scene, focused, at } = props;
  const { signs } = useLook();
  const { section, lines } = area;
  const count = countOf(scene, section);
  const { start, end } = windowOf(count, lines, at);
  const names = namesWidth(scene, section, { start, end, width });
  const part = count > lines ? `${start + 1}-${end} of ${count}` : '';
  const head = ` ${TITLES[section]} `;
  const note = ` ${noteOf(section, scene)} `;
  const rest = Math.max(0, width - head.length - note.length - (part === '' ? 0 : part.length + 1));
  return (
    <Box flexDirection="column" width={width} height={lines + 1} overflow="hidden">
      <Row
        cells={[
          { text: head, width: head.length, strong: focused, tone: focused ? null : 'dim', inverse: focused },
          { text: note, width: Math.min(note.length, Math.max(0, width - head.length)), tone: 'dim' },
          { text: signs.bar.repeat(rest), tone: 'dim' },
          { text: ` ${part}`, width: part === '' ? 0 : part.length + 1, tone: 'dim' },
        ]}
      />
      {count === 0 ? (
        <Row cells={[{ text: `  ${EMPTY[section]}`, tone: 'dim' }]} />
      ) : (
        Array.from({ length: end - start }, (_, index) => {
          const place = start + index;
          const picked = focused && place === at;
          return <ListRow key={keyAt(scene, section, place)} {...props} {...{ place, picked, names }} />;
        })
      )}
    </Box>
  );
}

/** Columns for the names of the rows that are shown: as the longest wants it, within reason. */
function namesWidth(scene: Scene, section: Section, part: { start: number; end: number; width: number }): number {
  const { lists, deliveries } = scene;
  if (section === 'events') return 0;
  const rows = section === 'main' ? deliveries : lists[section];
  const longest = rows.slice(part.start, part.end).map((row) => {
    return 'sha' in row ? row.slug.length + 8 : (row.slug ?? row.id).length;
  });
  const most = Math.max(12, Math.min(36, Math.floor(part.width / 2.8)));
  return Math.min(most, Math.max(8, ...longest)) + 1;
}

interface RowProps extends ListProps {
  place: number;
  picked: boolean;
  /** Columns for the name. */
  names: number;
}

function ListRow({ area, width, scene, now, place, picked, names }: RowProps) {
  const { signs } = useLook();
  const { lists, recent, deliveries } = scene;
  const room: Room = { width, now, signs, names };
  const cells = (): CellOf[] => {
    switch (area.section) {
      case 'queue':
        return queueCells(lists.queue, place, room);
      case 'blocked':
        return blockedCells(lists.blocked[place], room);
      case 'notices':
        return noticeCells(lists.notices[place], room);
      case 'main':
        return deliveryCells(deliveries[place], room);
      case 'events':
        return entryCells(recent[place], room);
    }
  };
  const [first, ...rest] = cells();
  const mark: CellOf = { text: picked ? signs.pick : ' ', width: 2, strong: true };
  return <Row cells={first ? [mark, { ...first, strong: picked || first.strong === true }, ...rest] : [mark]} />;
}

interface Room {
  width: number;
  now: number;
  signs: Signs;
  names: number;
}

/** How long ago, at the right edge. */
const ago = (instant: string, now: number): CellOf => {
  const text = stopwatch(now - Date.parse(instant));
  return { text, width: Math.max(9, text.length + 1), right: true, tone: 'dim' };
};

/** Name, where there is room branch, words, age. On a narrow screen the name has all the room, or the words have. */
function candidateCells(row: Named, words: CellOf, age: CellOf, { width, names }: Room, tone: Tone | null): CellOf[] {
  const text = nameOf(row);
  if (width < NARROW) return words.strong ? [{ text, width: 14, tone }, words] : [{ text, tone }, age];
  const branch = { text: ` ${shown(row.branch)}`, width: Math.floor(width / 5), tone: 'dim' } as const;
  const parts: CellOf[] = [{ text, width: names, tone }, ...(width < ROOMY ? [] : [branch])];
  return [...parts, { ...words, text: ` ${words.text}`, strong: false }, age];
}

type Named = Pick<CandidateRow, 'slug' | 'branch' | 'sha'>;

/** What is done with it, in a word and a tone: its place while it is in the queue. */
function queueCells(rows: readonly CandidateRow[], place: number, room: Room): CellOf[] {
  const row = rows[place];
  if (!row) return [];
  const { signs, now } = room;
  const before = rows.findIndex(({ state }) => state === 'ready');
  const marks = { ready: String(place - before + 1), integrating: signs.work } as Partial<Record<string, string>>;
  const queued = row.state === 'ready' && row.waiting_for[0]?.code === 'queued';
  const verdict = row.state === 'ready' && row.verdict !== null && verdictCell(row);
  const words: CellOf = verdict || {
    text: queued ? 'ready' : waitingText(row),
    tone: row.state === 'integrating' ? 'warn' : 'dim',
  };
  const tone = TONES[row.state];
  const mark: CellOf = { text: marks[row.state] ?? signs.wait, width: 4, tone };
  return [mark, ...candidateCells(row, words, ago(row.ready_at, now), room, tone)];
}

function blockedCells(row: CandidateRow | undefined, room: Room): CellOf[] {
  if (!row) return [];
  return candidateCells(row, { text: blockedText(row), strong: true }, ago(row.updated_at, room.now), room, 'bad');
}

function deliveryCells(row: DeliveryRow | undefined, room: Room): CellOf[] {
  if (!row) return [];
  const words: CellOf = { text: deliveryText(row), tone: 'dim' };
  return candidateCells(row, words, ago(row.integrated_at, room.now), room, 'good');
}

const NOTICE_TONES: Record<NoticeKind, Tone | null> = { success: 'good', alert: 'bad', info: null };

function noticeCells(row: NotificationRow | undefined, { width, now, signs, names }: Room): CellOf[] {
  if (!row) return [];
  const kind = noticeKind(row);
  const unseen = row.human_status === 'unseen';
  const sign = { success: signs.good, alert: signs.bad, info: signs.info }[kind];
  const tone = unseen ? NOTICE_TONES[kind] : 'dim';
  return [
    { text: sign, width: 2, tone: NOTICE_TONES[kind] ?? 'dim' },
    { text: shown(row.slug ?? row.id), width: width < NARROW ? 12 : names, tone, strong: unseen },
    { text: ` ${shown(row.text)}`, tone },
    ...(width < NARROW ? [] : [ago(row.updated_at, now)]),
  ];
}

const EVENT_TONES: [RegExp, Tone][] = [
  [/^deployment\.completed$/, 'good'],
  [/^deployment\.failed$|alarm|conflicted|rejected|aborted|checks\.failed/, 'bad'],
  [/hold|lease\.lost|foreign/, 'warn'],
];

function entryCells(entry: EnvelopeView | undefined, { width }: Room): CellOf[] {
  if (!entry) return [];
  const { type, text } = eventLine(entry);
  const tone = EVENT_TONES.find(([pattern]) => pattern.test(type))?.[1] ?? null;
  return [
    { text: clockTime(String(entry.timestamp)), width: 9, tone: 'dim' },
    { text: type, tone, ...(width < NARROW ? {} : { width: 34 }) },
    ...(width < NARROW ? [] : [{ text: ` ${text}`, tone: 'dim' } as const]),
  ];
}
