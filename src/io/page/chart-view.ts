/** Which part of a chart is seen, and which state the keys lead to. Pure. */
import type { Area, Chart, ChartNode } from './chart-shape.ts';

/** So much closer than the whole a look may go. */
const CLOSEST = 6;
const STEP = 1.25;

export const wholeOf = (chart: Chart): Area => ({ x: 0, y: 0, w: chart.width, h: chart.height });

/** How many times closer than the whole. */
export const closeness = (chart: Chart, view: Area): number => chart.width / view.w;

/** `steps` closer (further, when negative), with the point (`px`, `py`) of the chart staying where it is. */
export function zoomed(
  chart: Chart,
  view: Area,
  steps: number,
  px = view.x + view.w / 2,
  py = view.y + view.h / 2,
): Area {
  const scale = Math.min(CLOSEST, Math.max(1, closeness(chart, view) * STEP ** steps));
  const [w, h] = [chart.width / scale, chart.height / scale];
  return kept(chart, { x: px - ((px - view.x) / view.w) * w, y: py - ((py - view.y) / view.h) * h, w, h });
}

/** Moved by shares of what is seen. */
export function panned(chart: Chart, view: Area, right: number, down: number): Area {
  return kept(chart, { ...view, x: view.x + view.w * right, y: view.y + view.h * down });
}

function kept(chart: Chart, view: Area): Area {
  const within = (at: number, size: number, all: number) => Math.min(Math.max(0, at), Math.max(0, all - size));
  return { ...view, x: within(view.x, view.w, chart.width), y: within(view.y, view.h, chart.height) };
}

export type Way = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

/** The state nearest to state `id` in the direction of an arrow key; itself when there is none. */
export function nextState(chart: Chart, id: string, way: Way): string {
  const from = chart.nodes.find((node) => node.id === id);
  if (!from) return id;
  const [x, y] = middle(from);
  let [best, nearest] = [id, Number.POSITIVE_INFINITY];
  for (const node of chart.nodes) {
    if (node.kind === 'start' || node.id === id) continue;
    const [dx, dy] = [middle(node)[0] - x, middle(node)[1] - y];
    const along = { ArrowLeft: -dx, ArrowRight: dx, ArrowUp: -dy, ArrowDown: dy }[way];
    const aside = Math.abs(way === 'ArrowLeft' || way === 'ArrowRight' ? dy : dx);
    // What lies more to the side than ahead is reached by another key.
    if (along < 4 || aside > along * 2.5) continue;
    const far = along + aside * 2;
    if (far < nearest) [best, nearest] = [node.id, far];
  }
  return best;
}

const middle = ({ x, y, w, h }: ChartNode): [number, number] => [x + w / 2, y + h / 2];
