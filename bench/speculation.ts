/**
 * Measures what testing ahead of main brings: the same queue under settings, beside a serial gate (window 1) and beside
 * an oracle that never builds a delivery which is going to fail. A check takes a fixed time and no core, so that what is
 * compared is the order of the work and telec's own time, not the machine. The simulator runs the same queue, and long ones.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { foresight, simulated } from './foresight.ts';
import { type Candidate, type Generated, generate } from './generated.ts';
import { inChild } from './integration.ts';
import { type Line, median } from './lines.ts';
import { writePlot } from './plot.ts';
import { landedOf, meanTurnaround, perMinute, type Tested, type TestedRun } from './tested.ts';

const FILES = 5_000;
/** One in so many candidates does not pass. */
const BLOCK = 20;
/** Spreads its places over the blocks evenly, whatever their number. */
const GOLDEN = 0.618034;
const WINDOW = 8;
const BATCH = 4;

/** How long the check takes, ms, and how many blocks of candidates; a serial gate is slow, and even, and gets one. */
const FULL = { checkMs: 4_500, blocks: 6 };
const QUICK = { checkMs: 1_500, blocks: 2 };

export async function measureSpeculation(
  dir: string,
  quick: boolean,
  say: (text: string) => void,
  plot: string | null,
): Promise<Line[]> {
  const { checkMs, blocks } = quick ? QUICK : FULL;
  const broken = Array.from({ length: blocks }, (_, block) => placeIn(block));
  const generated = generate(join(dir, 'tested-seed.git'), FILES, [
    { name: 'warm', candidates: WINDOW },
    { name: 'tested', candidates: blocks * BLOCK, broken },
  ]);
  const all = generated.groups.get('tested') ?? [];
  const good = all.filter((_, index) => !broken.includes(index + 1));
  const run = async (name: string, candidates: Candidate[], window: number, batch = 1): Promise<TestedRun> => {
    say(`${name}, ${candidates.length} candidates, ${checkMs / 1000} s each check`);
    const setting = { window, batch, checkMs };
    return { name, window, batch, tested: await tested(dir, generated, candidates, setting, name) };
  };
  const serial = await run('window 1', all.slice(0, BLOCK), 1);
  const ahead = await run(`window ${WINDOW}`, all, WINDOW);
  const together = await run(`window ${WINDOW}, batches of ${BATCH}`, all, WINDOW, BATCH);
  const oracle = await run('oracle', good, WINDOW);
  say('simulated');
  const load = all.map(({ slug }, index) => ({ slug, checkMs, bad: broken.includes(index + 1) }));
  if (plot !== null) writePlot(plot, { runs: [serial, ahead, together], oracle, checkMs, guesses: foresight(load) });
  return [
    ...linesOf({ serial, ahead, together, oracle }, checkMs),
    {
      name: `${ahead.name}: the whole queue, simulated`,
      measured: (all.length - blocks) / (foresight(load, [[WINDOW, 1]])[0]?.perMinute ?? Number.NaN),
      unit: 'minutes',
      limit: ahead.tested.makespanMs / 60_000,
      against: 'measured',
    },
    ...(await simulated(quick)),
  ];
}

/** Place of the one in the block that does not pass, counted from 1. */
const placeIn = (block: number): number => block * BLOCK + 1 + Math.floor(BLOCK * (((block + 1) * GOLDEN) % 1));

async function tested(
  dir: string,
  generated: Generated,
  candidates: Candidate[],
  setting: { window: number; batch: number; checkMs: number },
  name: string,
): Promise<Tested> {
  const own = join(dir, name.replaceAll(/\W+/g, '-'));
  const remote = `${own}.git`;
  cpSync(generated.dir, remote, { recursive: true });
  const answer = await inChild({
    kind: 'tested',
    dir: `${own}-state`,
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

/** The value that 95 of 100 do not exceed. */
function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

const overheads = ({ tested: run }: TestedRun): number[] => landedOf(run).map(({ overheadMs }) => overheadMs / 1000);

function linesOf(
  { serial, ahead, together, oracle }: Record<'serial' | 'ahead' | 'together' | 'oracle', TestedRun>,
  checkMs: number,
): Line[] {
  const load = `1 in ${BLOCK} fails, a check of ${checkMs / 1000} s`;
  const throughput = ({ name, tested: run }: TestedRun): Line => ({
    name: `${name}: landed, ${load}`,
    measured: perMinute(run),
    unit: 'a minute',
    limit: perMinute(serial.tested),
    against: 'window 1, a serial gate',
    goal: { of: 'ratio', least: 6 },
    note: `${run.ends.length} candidates, ${run.ends.length - landedOf(run).length} of them blocked, ${(run.runs / run.ends.length).toFixed(2)} runs of the check for each`,
  });
  const turnaround = ({ name, tested: run }: TestedRun): Line => ({
    name: `${name}: mean time from ready to main`,
    measured: meanTurnaround(run),
    unit: 's',
    limit: meanTurnaround(oracle.tested),
    against: `an oracle that leaves out what will fail, window ${WINDOW}`,
    goal: { of: 'ratio', most: 1.3 },
  });
  const landing = (run: TestedRun): Line => ({
    name: `${run.name}: from the end of the last check to main, 95th percentile`,
    measured: p95(overheads(run)),
    unit: 's',
    goal: { of: 'value', most: 1 },
    note: `median ${median(overheads(run)).toFixed(3)} s; by itself (window 1) ${median(overheads(serial)).toFixed(3)} s`,
  });
  return [
    throughput(ahead),
    throughput(together),
    turnaround(ahead),
    turnaround(together),
    landing(ahead),
    landing(together),
    {
      name: 'window 1: a delivery beyond its check',
      measured: serial.tested.makespanMs / serial.tested.ends.length - checkMs,
      unit: 'ms',
      note: 'merge, work tree, start of the command, push, receipt; and the end of the one that failed',
    },
  ];
}
