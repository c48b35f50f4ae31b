/** How the rows of a screen are shared out among the sections of the view. Pure. */

export const SECTIONS = ['queue', 'blocked', 'notices', 'main', 'events'] as const;
export type Section = (typeof SECTIONS)[number];

/** Who is given the next line when several want one: those with the larger weight more often. */
const WEIGHTS: Record<Section, number> = { queue: 4, blocked: 3, notices: 3, main: 1, events: 2 };
/** From this width on two columns stand side by side. */
const WIDE = 120;
/** From this height on one column has room for what is on main already. */
const TALL = 34;
/** Lines that every section has at least, its title counted. */
const LEAST = 3;

export interface Area {
  section: Section;
  /** Lines below the title. */
  lines: number;
}

/** The columns of the view from left to right, each from top to bottom. */
export type Plan = Area[][];

/**
 * `height`: lines for all sections, titles included; `counts`: rows each has to show. Where not all fit with a few lines
 * each, the focused one has the screen to itself.
 */
export function planOf(width: number, height: number, counts: Record<Section, number>, focus: Section): Plan {
  const columns: Section[][] =
    width >= WIDE
      ? [
          ['queue', 'blocked', 'main'],
          ['notices', 'events'],
        ]
      : [SECTIONS.filter((section) => section !== 'main' || height >= TALL || focus === 'main')];
  const most = Math.max(...columns.map((column) => column.length));
  if (height < most * LEAST) return [[{ section: focus, lines: Math.max(1, height - 1) }]];
  return columns.map((column) => share(column, height, counts));
}

function share(column: readonly Section[], height: number, counts: Record<Section, number>): Area[] {
  const lines = new Map<Section, number>(column.map((section) => [section, 1]));
  const given = (section: Section) => lines.get(section) ?? 0;
  for (let left = height - 2 * column.length; left > 0; left--) {
    const wanting = column.filter((section) => given(section) < counts[section]);
    // What nobody wants stays free at the foot.
    const [next] = wanting.sort((a, b) => given(a) / WEIGHTS[a] - given(b) / WEIGHTS[b]);
    if (next) lines.set(next, given(next) + 1);
  }
  return column.map((section) => ({ section, lines: given(section) }));
}

/** The part of `count` rows that is shown in `lines` lines so that row `at` is among them, in the middle if it can be. */
export function windowOf(count: number, lines: number, at: number): { start: number; end: number } {
  const start = Math.max(0, Math.min(at - Math.floor(lines / 2), count - lines));
  return { start, end: Math.min(count, start + lines) };
}
