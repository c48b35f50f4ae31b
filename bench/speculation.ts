/**
 * Measures what testing ahead of main brings: the same queue under windows of several widths, beside a serial gate
 * (window 1) and beside an oracle that never builds a delivery which is going to fail. A check takes a fixed time and
 * no core, so that what is compared is the order of the work and telec's own time, not the machine.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type Candidate, type Generated, generate } from './generated.ts';
import { inChild } from './integration.ts';
import { type Line, median } from './lines.ts';
import { writePlot } from './plot.ts';
import { landedOf, meanTurnaround, perMinute, type Tested, type WindowRun } from './tested.ts';

const FILES = 5_000;
/** One in so many candidates does not pass, at a place that the seed draws in each block. */
const BLOCK = 20;
const SEED = 6;
const WIDEST = 8;

/** How long the check takes, ms, and how many of the candidates each window gets: a serial gate is slow, and even. */
const FULL = { checkMs: 4_000, blocks: { 1: 1, 2: 1, 4: 2, 8: 5 } };
const QUICK = { checkMs: 1_500, blocks: { 1: 1, 4: 1, 8: 2 } };

export async function measureSpeculation(
  dir: string,
  quick: boolean,
  say: (text: string) => void,
  plot: string | null,
): Promise<Line[]> {
  const { checkMs, blocks } = quick ? QUICK : FULL;
  const most = Math.max(...Object.values(blocks)) * BLOCK;
  const broken = drawn(most, SEED);
  const generated = generate(join(dir, 'tested-seed.git'), FILES, [
    { name: 'warm', candidates: WIDEST },
    { name: 'tested', candidates: most, broken },
  ]);
  const all = generated.groups.get('tested') ?? [];
  const runs: WindowRun[] = [];
  for (const [name, count] of Object.entries(blocks)) {
    const window = Number(name);
    say(`window ${window}, ${count * BLOCK} candidates, ${checkMs / 1000} s each check`);
    runs.push({ window, tested: await tested(dir, generated, all.slice(0, count * BLOCK), { window, checkMs }) });
  }
  const good = all.filter((_, index) => !broken.includes(index + 1));
  say(`window ${WIDEST} with foresight, ${good.length} candidates`);
  const oracle = await tested(dir, generated, good, { window: WIDEST, checkMs }, 'oracle');
  if (plot !== null) writePlot(plot, { runs, oracle, checkMs });
  return linesOf(runs, oracle, checkMs);
}

async function tested(
  dir: string,
  generated: Generated,
  candidates: Candidate[],
  setting: { window: number; checkMs: number },
  name = `window-${setting.window}`,
): Promise<Tested> {
  const remote = join(dir, `${name}.git`);
  cpSync(generated.dir, remote, { recursive: true });
  const answer = await inChild({
    kind: 'tested',
    dir: join(dir, `${name}-state`),
    remote,
    seed: generated.dir,
    main: generated.main,
    warm: generated.groups.get('warm') ?? [],
    candidates,
    setting,
  });
  if (!('tested' in answer)) throw new Error('a tested drain gave no times');
  return answer.tested;
}

/** Positions from 1, one in each block; the same for the same seed. */
function drawn(most: number, seed: number): number[] {
  const draw = randomOf(seed);
  return Array.from({ length: most / BLOCK }, (_, block) => block * BLOCK + 1 + Math.floor(draw() * BLOCK));
}

/** Numbers from 0 to 1 by mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The value that 95 of 100 do not exceed. */
function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

function linesOf(runs: readonly WindowRun[], oracle: Tested, checkMs: number): Line[] {
  const serial = runs.find(({ window }) => window === 1)?.tested;
  const widest = runs.find(({ window }) => window === WIDEST)?.tested;
  if (!serial || !widest) throw new Error('the narrowest or the widest window was not measured');
  const seconds = checkMs / 1000;
  const load = `5 % fail, a check of ${seconds} s`;
  const throughputs = runs
    .filter(({ window }) => window > 1)
    .map(({ window, tested: run }): Line => {
      const { ends } = run;
      return {
        name: `window ${window}: landed, ${load}`,
        measured: perMinute(run),
        unit: 'a minute',
        limit: perMinute(serial),
        against: 'window 1, a serial gate',
        ...(window === WIDEST ? { goal: { of: 'ratio', least: 6 } } : {}),
        note: `${ends.length} candidates, ${ends.length - landedOf(run).length} of them blocked, ${(run.runs / ends.length).toFixed(2)} runs of the check for each`,
      };
    });
  const overhead = (run: Tested) => landedOf(run).map(({ overheadMs }) => overheadMs / 1000);
  return [
    ...throughputs,
    {
      name: `window ${WIDEST}: mean time from ready to main, ${load}`,
      measured: meanTurnaround(widest),
      unit: 's',
      limit: meanTurnaround(oracle),
      against: 'an oracle that leaves out what will fail',
      goal: { of: 'ratio', most: 1.3 },
    },
    {
      name: `window ${WIDEST}: from the end of the last check to main, 95th percentile`,
      measured: p95(overhead(widest)),
      unit: 's',
      goal: { of: 'value', most: 1 },
      note: `median ${median(overhead(widest)).toFixed(3)} s; by itself (window 1) ${median(overhead(serial)).toFixed(3)} s`,
    },
    {
      name: 'window 1: a delivery beyond its check',
      measured: serial.makespanMs / serial.ends.length - checkMs,
      unit: 'ms',
      note: 'merge, work tree, start of the command, push, receipt; and the end of those that failed',
    },
  ];
}
