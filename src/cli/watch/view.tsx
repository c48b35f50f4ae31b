/**
 * The terminal view: lays the head, the lists and the foot out on the screen, moves through them by keys, and hands acts
 * on. Keeps only where the reader is; what there is to read comes from the store, what is done goes to the acts.
 */
import { Box, useInput, useStdout } from 'ink';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { plainLines } from '../output.ts';
import type { Acts, Notice } from './acts.ts';
import { Header, headOf } from './header.tsx';
import { type Look, LookContext } from './look.tsx';
import { clockOf, type Scene } from './model.ts';
import { Ask, Confirm, Foot, helpLines, LinesPane, type Question } from './panes.tsx';
import { planOf, SECTIONS, type Section } from './plan.ts';
import { countOf, keyAt, SectionList } from './sections.tsx';
import type { WatchStore } from './store.ts';
import { nameOf, shown } from './words.ts';

/** How long what came of an act is shown, and how often ages are told anew, ms. */
const NOTICE_MS = 8000;
const TICK_MS = 1000;

export interface ViewProps {
  store: WatchStore;
  acts: Acts;
  look: Look;
  /** The local clock, ms. */
  now(): number;
  /** The reader leaves, by `q` or by Ctrl-C. */
  leave(how: 'quit' | 'interrupted'): void;
}

/** What lies over the lists. */
type Over = { title: string; lines: readonly string[]; key: string | null } | null;
type Asking = { kind: 'text'; question: Question } | { kind: 'yes'; text: string; act(): Promise<Notice> } | null;

/** Columns and lines of the terminal, as they are now. */
function useSize(): { columns: number; rows: number } {
  const { stdout } = useStdout();
  const read = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const [size, setSize] = useState(read);
  useEffect(() => {
    const resized = () => setSize({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
    stdout.on('resize', resized);
    return () => {
      stdout.off('resize', resized);
    };
  }, [stdout]);
  return size;
}

/** Drawn anew every second, because ages and clocks go on. */
function useTick(): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
}

/** Where the reader is in each list: a row, or the first one as long as nobody moved. */
type Picks = Partial<Record<Section, string>>;

function placeOf(scene: Scene, section: Section, picks: Picks): number {
  const key = picks[section];
  if (key === undefined) return 0;
  for (let place = 0; place < countOf(scene, section); place++) if (keyAt(scene, section, place) === key) return place;
  return 0;
}

export function WatchView({ store, acts, look, now, leave }: ViewProps) {
  const known = useSyncExternalStore(store.subscribe, store.known);
  const { columns, rows } = useSize();
  useTick();
  const [focus, setFocus] = useState<Section>('queue');
  const [picks, setPicks] = useState<Picks>({});
  const [over, setOver] = useState<Over>(null);
  const [offset, setOffset] = useState(0);
  const [asking, setAsking] = useState<Asking>(null);
  const [notice, setNotice] = useState<Notice | null>(null);
  const { scene, lost } = known;
  const local = now();

  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setNotice(null), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);

  // A candidate that is shown in full is read again when something became of it.
  const shownKey = over?.key ?? null;
  const changedAt = shownKey === null ? null : (scene?.candidates.get(shownKey)?.updated_at ?? null);
  useEffect(() => {
    if (shownKey === null || changedAt === null) return;
    let gone = false;
    void acts.candidate(shownKey).then((lines) => {
      if (!gone) setOver((before) => (before?.key === shownKey ? { ...before, lines } : before));
    });
    return () => {
      gone = true;
    };
  }, [acts, shownKey, changedAt]);

  const perform = (act: Promise<Notice>) => {
    setAsking(null);
    setNotice({ text: '…', tone: 'dim' });
    void act.then(setNotice);
  };
  const ask = (text: string, emptyIsFine: boolean, act: (reason: string) => Promise<Notice>) =>
    setAsking({ kind: 'text', question: { text, emptyIsFine, answer: (reason) => perform(act(reason)) } });

  const show = (title: string, lines: readonly string[], key: string | null) => {
    setOver({ title, lines, key });
    setOffset(0);
  };

  const open = (at: Scene) => {
    const place = placeOf(at, focus, picks);
    if (focus === 'events') {
      const entry = at.recent[place];
      if (entry) show(`entry ${shown(entry.id)}`, plainLines(JSON.stringify(entry, null, 2), 200), null);
    } else if (focus === 'main') {
      const landed = at.deliveries[place];
      if (landed) show(nameOf(landed), plainLines(JSON.stringify(landed, null, 2), 200), landed.key);
    } else if (focus === 'notices') {
      const row = at.lists.notices[place];
      const about = row && [...at.candidates.values()].filter(({ slug }) => slug === row.slug);
      const newest = about?.sort((a, b) => (a.ready_at < b.ready_at ? 1 : -1))[0];
      if (row) show(shown(row.id), plainLines(row.text), newest?.key ?? null);
    } else {
      const row = at.lists[focus][place];
      if (row) show(nameOf(row), ['…'], row.key);
    }
  };

  const hold = (at: Scene) => {
    const { hold: held } = at.status;
    if (!held) return ask('Freeze merging. Why?', false, (reason) => acts.hold(reason));
    if (held.alarm) return ask('Lift the halt and accept main as it is. Why?', false, (reason) => acts.unhold(reason));
    return ask('Let merging go on. Why (may stay empty)?', true, (reason) => acts.unhold(reason || null));
  };

  const resume = (at: Scene) => {
    const key = shownKey ?? (focus === 'blocked' ? keyAt(at, 'blocked', placeOf(at, 'blocked', picks)) : null);
    const row = key === null ? undefined : at.candidates.get(key);
    if (row?.state !== 'blocked') return setNotice({ text: 'choose a blocked candidate first', tone: 'warn' });
    const text = `Put ${nameOf(row)} back into the queue?`;
    setAsking({ kind: 'yes', text, act: () => acts.resume(row.key) });
  };

  const seen = (at: Scene, all: boolean) => {
    const unseen = at.lists.notices.filter((row) => row.human_status === 'unseen').map(({ id }) => id);
    const picked = focus === 'notices' ? keyAt(at, 'notices', placeOf(at, 'notices', picks)) : null;
    const ids = all ? unseen : unseen.filter((id) => id === picked);
    if (ids.length === 0)
      return setNotice({ text: all ? 'all are seen' : 'choose a notification that is not seen', tone: 'warn' });
    perform(acts.seen(ids.slice(0, 200)));
  };

  const move = (at: Scene, by: number) => {
    if (over) return setOffset((before) => Math.max(0, Math.min(before + by, over.lines.length - 1)));
    const place = Math.max(0, Math.min(placeOf(at, focus, picks) + by, countOf(at, focus) - 1));
    const key = place === 0 ? undefined : keyAt(at, focus, place);
    setPicks(({ [focus]: _, ...others }) => (key ? { ...others, [focus]: key } : others));
  };

  const turn = (by: number) => {
    const place = SECTIONS.indexOf(focus) + by + SECTIONS.length;
    setFocus(SECTIONS[place % SECTIONS.length] ?? focus);
    setOver(null);
  };

  const interrupt = () => leave('interrupted');
  const answer = (yes: boolean) => (yes && asking?.kind === 'yes' ? perform(asking.act()) : setAsking(null));

  /** One key that is a letter. */
  const press = (letter: string) => {
    if (letter === 'q') return over ? setOver(null) : leave('quit');
    if (letter === '?') return show('Keys', helpLines(), null);
    if (!scene) return;
    if (letter === 'j') move(scene, 1);
    if (letter === 'k') move(scene, -1);
    if (letter === 'g') move(scene, Number.NEGATIVE_INFINITY);
    if (letter === 'G') move(scene, Number.MAX_SAFE_INTEGER);
    if (letter === 'h') hold(scene);
    if (letter === 'r') resume(scene);
    if (letter === 's') seen(scene, false);
    if (letter === 'S') seen(scene, true);
    if (letter === 'e') {
      setOver(null);
      setFocus('events');
    }
  };

  useInput(
    (input, key) => {
      if (key.ctrl) return input === 'c' ? leave('interrupted') : undefined;
      setNotice(null);
      if (key.escape) return setOver(null);
      if (key.tab) return turn(key.shift ? -1 : 1);
      if (key.leftArrow || key.rightArrow) return turn(key.leftArrow ? -1 : 1);
      if (scene && key.return) return over ? setOver(null) : open(scene);
      const page = Math.max(1, rows - 10);
      const step = key.upArrow ? -1 : key.downArrow ? 1 : key.pageUp ? -page : key.pageDown ? page : 0;
      if (scene && step !== 0) return move(scene, step);
      for (const letter of input) press(letter);
    },
    { isActive: asking === null },
  );

  const head = headOf(known, local, { columns, rows }, look.signs);
  const height = Math.max(1, rows - head.length - 1);
  return (
    <LookContext.Provider value={look}>
      <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
        <Header lines={head} />
        {over ? (
          <LinesPane title={over.title} lines={over.lines} width={columns} height={height} offset={offset} />
        ) : scene ? (
          <Lists scene={scene} now={clockOf(scene, local)} {...{ columns, height, focus, picks }} />
        ) : (
          <Box height={height} />
        )}
        {asking?.kind === 'text' ? (
          <Ask question={asking.question} onCancel={() => setAsking(null)} onLeave={interrupt} />
        ) : asking?.kind === 'yes' ? (
          <Confirm text={asking.text} onAnswer={answer} onLeave={interrupt} />
        ) : (
          <Foot notice={notice} hint={over ? OVER_HINT : hintOf(lost !== null, columns)} />
        )}
      </Box>
    </LookContext.Provider>
  );
}

const OVER_HINT = 'esc back  up/down scroll  r resume  q back';

function hintOf(lost: boolean, columns: number): string {
  const all = 'tab list  up/down row  enter open  h hold  r resume  s seen  e log  ? keys  q quit';
  if (lost) return 'q quit';
  if (columns < 64) return 'tab  enter  h  r  s  e  ? keys  q quit';
  return columns >= 84 ? all : 'tab  enter open  h hold  r resume  s seen  e log  ? keys  q quit';
}

interface ListsProps {
  scene: Scene;
  now: number;
  columns: number;
  height: number;
  focus: Section;
  picks: Picks;
}

function Lists({ scene, now, columns, height, focus, picks }: ListsProps) {
  const counts = Object.fromEntries(SECTIONS.map((section) => [section, countOf(scene, section)]));
  const plan = planOf(columns, height, counts as Record<Section, number>, focus);
  const width = Math.floor((columns - (plan.length - 1) * 2) / plan.length);
  return (
    <Box height={height} columnGap={2} overflow="hidden">
      {plan.map((areas) => (
        <Box key={areas[0]?.section} flexDirection="column" width={width} flexShrink={0}>
          {areas.map((area) => (
            <SectionList
              key={area.section}
              area={area}
              width={width}
              scene={scene}
              now={now}
              focused={area.section === focus}
              at={placeOf(scene, area.section, picks)}
            />
          ))}
        </Box>
      ))}
    </Box>
  );
}
