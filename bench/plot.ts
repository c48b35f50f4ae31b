/**
 * Draws what testing ahead brings as a picture for the guide: deliveries a minute by window, and how long each place of
 * the queue waited. Everything in it was measured in one run. Stands by itself, on light and on dark pages.
 */
import { writeFileSync } from 'node:fs';
import { perMinute, type Tested, type WindowRun } from './tested.ts';

export interface PlotData {
  runs: readonly WindowRun[];
  oracle: Tested;
  checkMs: number;
}

const WIDTH = 880;
const HEIGHT = 380;
/** Both panels, in the picture. */
const TOP = 74;
const BOTTOM = 322;
const LEFT_PANEL = { left: 58, right: 330 };
const RIGHT_PANEL = { left: 424, right: 786 };
const TICKS = 5;

const STYLE = `
svg { --bg: #ffffff; --fg: #1f2328; --muted: #59636e; --line: #d1d9e0; --w1: #59636e; --w2: #9a6700; --w4: #1a7f37; --w8: #0969da; }
@media (prefers-color-scheme: dark) {
  svg { --bg: #0d1117; --fg: #e6edf3; --muted: #9198a1; --line: #3d444d; --w1: #9198a1; --w2: #d29922; --w4: #3fb950; --w8: #4493f8; }
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
  const load = `${oracle.ends.length + failed(runs)} candidates ready at once, 5 % of them fail, a check of ${checkMs / 1000} s`;
  const said = runs.map((run) => `window ${run.window}: ${perMinute(run.tested).toFixed(1)} a minute`).join('; ');
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
const failed = (runs: readonly WindowRun[]): number =>
  Math.max(...runs.map(({ tested: { ends } }) => ends.filter(({ landed }) => !landed).length));

function throughput({ runs, oracle }: PlotData): string[] {
  const { left, right } = LEFT_PANEL;
  const ideal = perMinute(oracle);
  const top = Math.max(ideal, ...runs.map(({ tested }) => perMinute(tested)));
  const scale = scaled(top);
  const step = (right - left) / runs.length;
  const serial = runs[0] ? perMinute(runs[0].tested) : Number.NaN;
  const bars = runs.flatMap(({ window, tested }, at) => {
    const rate = perMinute(tested);
    const x = left + step * (at + 0.5);
    const y = scale.y(rate);
    const times = window === 1 ? '' : ` (${(rate / serial).toFixed(1)}x)`;
    return [
      `<rect x="${round(x - step * 0.3)}" y="${round(y)}" width="${round(step * 0.6)}" height="${round(BOTTOM - y)}" rx="3" style="fill: var(--w${window})"/>`,
      text(x, y - 6, `${rate.toFixed(rate < 100 ? 1 : 0)}${times}`, { anchor: 'middle', kind: 'value' }),
      text(x, BOTTOM + 18, String(window), { anchor: 'middle' }),
    ];
  });
  return [
    text(left, TOP - 20, 'Deliveries on main, a minute', { kind: 'title' }),
    ...scale.grid(LEFT_PANEL),
    ...bars,
    `<path class="ideal" d="M${left} ${round(scale.y(ideal))}H${right}"/>`,
    text(left + 4, scale.y(ideal) - 6, `oracle ${ideal.toFixed(1)}`),
    text((left + right) / 2, BOTTOM + 40, 'window', { anchor: 'middle' }),
  ];
}

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
  const inOrder = ({ ends }: Tested) => ends.map((_, at) => at + 1);
  const longest = runs.reduce((long, run) => (run.tested.ends.length > long.tested.ends.length ? run : long));
  const kept = longest.tested.ends.flatMap(({ landed }, at) => (landed ? [at + 1] : []));
  const curves = runs.flatMap(({ window, tested }) => {
    const end = tested.ends.findLast(({ landed }) => landed);
    const waited = scale.y((end?.turnaroundMs ?? 0) / 1000);
    const isWhole = tested.ends.length === most;
    return [
      `<path class="wait" style="stroke: var(--w${window})" d="${line(tested, inOrder(tested))}"/>`,
      text(x(tested.ends.length) + (isWhole ? 5 : 0), waited + (isWhole ? 4 : -8), `window ${window}`, {
        kind: 'value',
      }),
    ];
  });
  const last = oracle.ends.at(-1)?.turnaroundMs ?? 0;
  const ticks = Array.from({ length: TICKS }, (_, at) => Math.round((most * (at + 1)) / TICKS));
  return [
    text(left, TOP - 20, 'From ready to main, seconds', { kind: 'title' }),
    ...scale.grid(RIGHT_PANEL),
    ...curves,
    `<path class="ideal" d="${line(oracle, kept)}"/>`,
    text(x(most) + 5, scale.y(last / 1000) + 14, 'oracle', { kind: 'value' }),
    ...ticks.map((place) => text(x(place), BOTTOM + 18, String(place), { anchor: 'middle' })),
    text((left + right) / 2, BOTTOM + 40, 'place in the queue', { anchor: 'middle' }),
  ];
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
