/**
 * The terminal view: lays the head, the lists and the foot out on the screen. Draws what the store knows and where the
 * reader is, and hands every key to the reader; decides nothing.
 */
import { Box, useInput, useStdout } from 'ink';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Header, headOf } from './header.tsx';
import { type Look, LookContext } from './look.tsx';
import { clockOf, countOf, type Scene } from './model.ts';
import { Foot, LinesPane } from './panes.tsx';
import { planOf, SECTIONS, type Section } from './plan.ts';
import { type Picks, placeOf, type Reader } from './reader.ts';
import { SectionList } from './sections.tsx';
import type { WatchStore } from './store.ts';

/** How often ages are told anew, ms. */
const TICK_MS = 1000;
/** Lines of the screen that are no row of a list, about. */
const FRAME_LINES = 10;
/** Columns between two columns of lists. */
const GAP = 2;

export interface ViewProps {
  store: WatchStore;
  reader: Reader;
  look: Look;
  /** The local clock, ms. */
  now(): number;
}

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

export function WatchView({ store, reader, look, now }: ViewProps) {
  const known = useSyncExternalStore(store.subscribe, store.known);
  const { focus, picks, over, asking, notice } = useSyncExternalStore(reader.subscribe, reader.state);
  const { columns, rows } = useSize();
  useTick();
  useInput((input, key) => reader.key(input, key, Math.max(1, rows - FRAME_LINES)));
  const local = now();
  const { scene, lost } = known;
  const head = headOf(known, local, { columns, rows }, look.signs);
  const height = Math.max(1, rows - head.length - 1);
  const hint = over ? 'esc back  up/down scroll  r resume  q back' : hintOf(lost !== null, columns);
  return (
    <LookContext.Provider value={look}>
      <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
        <Header lines={head} />
        {over ? (
          <LinesPane over={over} width={columns} height={height} />
        ) : scene ? (
          <Lists scene={scene} now={clockOf(scene, local)} {...{ columns, height, focus, picks }} />
        ) : (
          <Box height={height} />
        )}
        <Foot asking={asking} notice={notice} hint={hint} />
      </Box>
    </LookContext.Provider>
  );
}

function hintOf(lost: boolean, columns: number): string {
  if (lost) return 'q quit';
  if (columns < 64) return 'tab  enter  h  r  s  e  ? keys  q quit';
  const all = 'enter open  h hold  r resume  s seen  e log  ? keys  q quit';
  return columns < 84 ? `tab  ${all}` : `tab list  up/down row  ${all}`;
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
  const width = Math.floor((columns - (plan.length - 1) * GAP) / plan.length);
  return (
    <Box height={height} columnGap={GAP} overflow="hidden">
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
