/** What of a chart is lit: the state it is in, the move that led there, and the moves that may come next. Pure. */
import type { Chart, ChartEdge } from './chart-shape.ts';

export interface ChartStanding {
  /** Path of the active state joined by dots; paths of several regions side by side with spaces. Empty: none is known. */
  value: string;
  /** The value before, where it is known. */
  previous?: string | null;
  /** Types of the events that are accepted now; left out where it is not known. */
  accepts?: readonly string[] | undefined;
  /** Type of the event that led here. */
  lastEvent?: string | null | undefined;
}

export interface Lit {
  /** Ids of the active states, those around them too. */
  states: ReadonlySet<string>;
  /** Ids of the innermost active states. */
  leaves: ReadonlySet<string>;
  /** The edge last taken. */
  taken: ReadonlySet<ChartEdge>;
  /** Edges that may be taken next. */
  open: ReadonlySet<ChartEdge>;
}

export function litOf(chart: Chart, standing: ChartStanding): Lit {
  const known = new Set(chart.nodes.map(({ id }) => id));
  const leaves = new Set(standing.value.split(' ').filter((path) => known.has(path)));
  const states = new Set([...leaves].flatMap(around));
  return { states, leaves, taken: takenOf(chart, standing, states), open: openOf(chart, standing, states) };
}

/** `a.b.c` as itself and what it lies in. */
function around(path: string): string[] {
  const names = path.split('.');
  return names.map((_, index) => names.slice(0, index + 1).join('.'));
}

/** Logs name events in full, a machine may leave out where they come from. */
const isSameEvent = (full: string, event: string) => full === event || full.endsWith(`.${event}`);

function takenOf(chart: Chart, standing: ChartStanding, states: ReadonlySet<string>): Set<ChartEdge> {
  const { previous, lastEvent } = standing;
  const before = new Set(
    (previous ?? '')
      .split(' ')
      .filter((path) => path !== '')
      .flatMap(around),
  );
  const led = chart.edges.filter(({ moves }) =>
    moves.some(({ from, to, event }) => {
      if (!states.has(to)) return false;
      // What was active and still is was neither left nor entered.
      if (before.size > 0)
        return (from === '' || before.has(from)) && !(states.has(from) && from !== to && before.has(to));
      return event !== null && typeof lastEvent === 'string' && isSameEvent(lastEvent, event);
    }),
  );
  if (before.size === 0 || typeof lastEvent !== 'string') return new Set(led);
  const named = led.filter(({ moves }) => moves.some(({ event }) => event !== null && isSameEvent(lastEvent, event)));
  return new Set(named.length > 0 ? named : led);
}

function openOf(chart: Chart, { accepts }: ChartStanding, states: ReadonlySet<string>): Set<ChartEdge> {
  const final = (id: string) => chart.nodes.some((node) => node.id === id && node.kind === 'final');
  const ended = [...states].some((id) => !id.includes('.') && final(id));
  if (ended || states.size === 0) return new Set();
  return new Set(
    chart.edges.filter(({ moves }) =>
      moves.some(({ from, event }) => {
        if (from !== '' && !states.has(from)) return false;
        return event === null || accepts === undefined || accepts.some((type) => isSameEvent(type, event));
      }),
    ),
  );
}
