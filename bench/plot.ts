/**
 * Draws what testing ahead brings as a picture for the guide: deliveries a minute by window, and how long each place of
 * the queue waited. What is filled was measured in one run, what is dashed is what the simulator says of the same queue. Stands by itself, on light and on dark pages.
 */
import { writeFileSync } from 'node:fs';
import type { Guess } from './foresight.ts';
import { perMinute, type Tested, type TestedRun } from './tested.ts';

export interface PlotData {
  runs: readonly TestedRun[];
  oracle: TestedRun;
  checkMs: number;
  /** What the simulator says of the same queue. */
  guesses: readonly Guess[];
}

const WIDTH = 880;
const HEIGHT = 380;
/** Both panels, in the picture. */
const TOP = 74;
const BOTTOM = 322;
const LEFT_PANEL = { left: 58, right: 330 };
const RIGHT_PANEL = { left: 424, right: 786 };
const TICKS = 5;
const LINE_HEIGHT = 15;

const STYLE = `
svg { --bg: #ffffff; --fg: #1f2328; --muted: #59636e; --line: #d1d9e0; --serial: #8c959f; --ahead: #0969da; --batch: #1a7f37; }
@media (prefers-color-scheme: dark) {
  svg { --bg: #0d1117; --fg: #e6edf3; --muted: #9198a1; --line: #3d444d; --serial: #6e7681; --ahead: #4493f8; --batch: #3fb950; }
}
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-size: 12px; fill: var(--muted); }
.title { font-size: 14px; font-weight: 600; fill: var(--fg); }
.value { fill: var(--fg); font-weight: 600; }
.grid { stroke: var(--line); stroke-width: 1; }
.ideal { fill: none; stroke: var(--fg); stroke-width: 1.5; stroke-dasharray: 5 4; }
.wait { fill: none; stroke-width: 2; }
`;

/** Writes the picture to `path`. */
export function writePlot(path: string, data: PlotData): void {
  const { runs, oracle, checkMs } = data;
  const load = `${oracle.tested.ends.length + failed(runs)} candidates ready at once, 1 in 20 fails, a check of ${checkMs / 1000} s`;
  const said = runs.map((run) => `${run.name}: ${perMinute(run.tested).toFixed(1)} a minute`).join('; ');
  writeFileSync(
    path,
    `${[
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Deliveries that landed, by window. ${load}. ${said}.">`,
      `<style>${STYLE}</style>`,
      `<rect width="${WIDTH}" height="${HEIGHT}" rx="8" style="fill: var(--bg)"/>`,
      text(LEFT_PANEL.left, 26, load),
      ...throughput(data),
      ...waits(data),
      '</svg>',
    ].join('\n')}\n`,
  );
}

/** How many of the longest run were blocked. */
const failed = (runs: readonly TestedRun[]): number =>
  Math.max(...runs.map(({ tested: { ends } }) => ends.filter(({ landed }) => !landed).length));

function throughput({ runs, oracle, guesses }: PlotData): string[] {
  const { left, right } = LEFT_PANEL;
  const ideal = perMinute(oracle.tested);
  const scale = scaled(Math.max(ideal, ...runs.map(({ tested }) => perMinute(tested)), ...guesses.map(rateOf)));
  const step = (right - left) / guesses.length;
  const serial = runs.find(({ window }) => window === 1);
  const bars = guesses.flatMap((guess, at) => {
    const { window, batch } = guess;
    const x = left + step * (at + 0.5);
    const bar = (rate: number, style: string) =>
      `<rect x="${round(x - step * 0.32)}" y="${round(scale.y(rate))}" width="${round(step * 0.64)}" height="${round(BOTTOM - scale.y(rate))}" rx="2" style="${style}"/>`;
    const run = runs.find((other) => other.window === window && other.batch === batch);
    const rate = run ? perMinute(run.tested) : rateOf(guess);
    // Measured beside measured, simulated beside simulated.
    const gate = run && serial ? perMinute(serial.tested) : (guesses[0]?.perMinute ?? Number.NaN);
    const times = window === 1 ? '' : `${(rate / gate).toFixed(1)}x`;
    return [
      ...(run ? [bar(rate, `fill: var(--${colourOf(run)})`)] : []),
      bar(rateOf(guess), 'fill: none; stroke: var(--muted); stroke-dasharray: 3 2'),
      text(x, scale.y(Math.max(rate, rateOf(guess))) - 6, times, { anchor: 'middle', kind: run ? 'value' : '' }),
      text(x, BOTTOM + 16, String(window), { anchor: 'middle' }),
      ...(batch === 1 ? [] : [text(x, BOTTOM + 30, `batch ${batch}`, { anchor: 'middle' })]),
    ];
  });
  return [
    text(left, TOP - 20, 'Deliveries on main, a minute', { kind: 'title' }),
    ...scale.grid(LEFT_PANEL),
    ...bars,
    `<path class="ideal" d="M${left} ${round(scale.y(ideal))}H${right}"/>`,
    text(left + 4, scale.y(ideal) - 6, `oracle, window ${oracle.window}`),
    text((left + right) / 2, BOTTOM + 46, 'window; filled: measured, dashed: telec simulate', { anchor: 'middle' }),
  ];
}

const rateOf = ({ perMinute: rate }: Guess): number => rate;
const colourOf = ({ window, batch }: TestedRun): string => (window === 1 ? 'serial' : batch === 1 ? 'ahead' : 'batch');

function waits({ runs, oracle }: PlotData): string[] {
  const { left, right } = RIGHT_PANEL;
  const most = Math.max(...runs.map(({ tested }) => tested.ends.length));
  const scale = scaled(Math.max(...runs.map(({ tested }) => tested.makespanMs)) / 1000);
  const x = (place: number) => left + ((right - left) * place) / most;
  const line = (run: Tested, places: readonly number[]) =>
    run.ends
      .flatMap(({ turnaroundMs, landed }, at) => (landed ? [[places[at] ?? 0, turnaroundMs / 1000] as const] : []))
      .map(([place, seconds], at) => `${at === 0 ? 'M' : 'L'}${round(x(place))} ${round(scale.y(seconds))}`)
      .join('');
  const longest = runs.reduce((long, run) => (run.tested.ends.length > long.tested.ends.length ? run : long));
  const kept = longest.tested.ends.flatMap(({ landed }, at) => (landed ? [at + 1] : []));
  const ends = [...runs, oracle].map((run) => ({
    run,
    y: scale.y((run.tested.ends.at(-1)?.turnaroundMs ?? 0) / 1000),
  }));
  const curves = ends.flatMap(({ run, y }) => {
    const isOracle = run === oracle;
    const places = isOracle ? kept : run.tested.ends.map((_, at) => at + 1);
    const apart = spread(ends.filter(({ run: other }) => other.tested.ends.length * 2 > most).map((end) => end.y));
    const labelY = run.tested.ends.length * 2 > most ? (apart.get(y) ?? y) + 4 : y - 8;
    return [
      isOracle
        ? `<path class="ideal" d="${line(run.tested, places)}"/>`
        : `<path class="wait" style="stroke: var(--${colourOf(run)})" d="${line(run.tested, places)}"/>`,
      text(x(places.at(-1) ?? 0) + 5, labelY, run.batch === 1 ? run.name : `batches of ${run.batch}`, {
        kind: 'value',
      }),
    ];
  });
  const ticks = Array.from({ length: TICKS }, (_, at) => Math.round((most * (at + 1)) / TICKS));
  return [
    text(left, TOP - 20, 'From ready to main, seconds', { kind: 'title' }),
    ...scale.grid(RIGHT_PANEL),
    ...curves,
    ...ticks.map((place) => text(x(place), BOTTOM + 18, String(place), { anchor: 'middle' })),
    text((left + right) / 2, BOTTOM + 46, 'place in the queue', { anchor: 'middle' }),
  ];
}

/** Where the words of each end stand, so that none lies on another; from above. */
function spread(ys: readonly number[]): Map<number, number> {
  const placed = new Map<number, number>();
  let free = Number.NEGATIVE_INFINITY;
  for (const y of [...ys].sort((a, b) => a - b)) {
    const at = Math.max(y, free);
    placed.set(y, at);
    free = at + LINE_HEIGHT;
  }
  return placed;
}

/** An upright axis from 0 to somewhat above `top`. */
function scaled(top: number) {
  const step = niceStep(top / TICKS);
  const most = Math.ceil((top * 1.02) / step) * step;
  const y = (value: number) => BOTTOM - ((BOTTOM - TOP) * value) / most;
  const grid = ({ left, right }: { left: number; right: number }) =>
    Array.from({ length: Math.round(most / step) + 1 }, (_, at) => at * step).flatMap((value) => [
      `<path class="grid" d="M${left} ${round(y(value))}H${right}"/>`,
      text(left - 8, y(value) + 4, String(Number(value.toPrecision(3))), { anchor: 'end' }),
    ]);
  return { y, grid };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}

function text(
  x: number,
  y: number,
  words: string,
  { anchor = 'start', kind = '' }: { anchor?: 'start' | 'middle' | 'end'; kind?: string } = {},
): string {
  const named = kind === '' ? '' : ` class="${kind}"`;
  return `<text${named} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
