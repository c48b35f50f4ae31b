/**
 * Measures integrating candidates: telec's session beside the bare flows, on repositories of three sizes, each flow in
 * a process of its own and on a copy of the repository of its own, in turns, several rounds. Medians over the rounds.
 */
import { fork } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, Job } from './child.ts';
import type { Drain } from './drain.ts';
import { type Candidate, type Generated, generate, SIZES } from './generated.ts';
import { type Line, median } from './lines.ts';

const ROUNDS = 3;
/** Candidates that go through a checkout; it is slow, and each is measured by itself. */
const CHECKOUT_CANDIDATES = 5;
const LARGE = SIZES[2];

/** What one size gave, ms a candidate, one value a round. */
interface Measured {
  each: Drain[];
  ten: Drain[];
  fifty: Drain[];
  rssMb: number[];
  pushEach: number[];
  landDirectly: number[];
  landLongLived: number[];
  mergeInCheckout: number[];
}

/** Runs the flows and gives the lines. `quick`: one round, and the large repository with fewer candidates. */
export async function measureIntegration(dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  const rounds = quick ? 1 : ROUNDS;
  const sizes = SIZES.map((files) => ({ files, generated: generated(dir, files), measured: fresh() }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { files, generated, measured } of sizes) {
      say(`round ${round + 1} of ${rounds}, ${files} files`);
      await oneRound(generated, measured, `${dir}/${files}-${round}`, round);
      if (files === LARGE && round === 0) await checkout(generated, measured, `${dir}/checkout`);
    }
  }
  const lines = sizes.flatMap(({ files, measured }) => linesOf(files, measured));
  const first = sizes[0]?.measured;
  const last = sizes.at(-1)?.measured;
  if (first && last) lines.push(...comparisons(first, last));
  return lines;
}

function fresh(): Measured {
  const lists = { each: [], ten: [], fifty: [], rssMb: [] };
  return { ...lists, pushEach: [], landDirectly: [], landLongLived: [], mergeInCheckout: [] };
}

function generated(dir: string, files: number): Generated {
  return generate(join(dir, `generated-${files}.git`), files, [
    { name: 'warm', candidates: 10 },
    { name: 'each', candidates: 20, conflicts: [12] },
    { name: 'ten', candidates: 50 },
    { name: 'fifty', candidates: 50 },
  ]);
}

async function oneRound(of: Generated, into: Measured, prefix: string, round: number): Promise<void> {
  const group = (name: string): Candidate[] => of.groups.get(name) ?? [];
  const copy = (name: string) => {
    const remote = `${prefix}-${name}.git`;
    cpSync(of.dir, remote, { recursive: true });
    return remote;
  };
  const drains = async () => {
    const answer = await inChild({
      kind: 'drains',
      dir: `${prefix}-state`,
      remote: copy('telec'),
      seed: of.dir,
      main: of.main,
      // The first few warm the process up, as a daemon is.
      drains: [
        { candidates: group('warm'), pushBatch: 10 },
        { candidates: group('each'), pushBatch: 1 },
        { candidates: group('ten'), pushBatch: 10 },
        { candidates: group('fifty'), pushBatch: 50 },
      ],
    });
    if (!('drains' in answer)) throw new Error('a drain gave no times');
    const [, each, ten, fifty] = answer.drains;
    if (each) into.each.push(each);
    if (ten) into.ten.push(ten);
    if (fifty) into.fifty.push(fifty);
    into.rssMb.push(answer.rssMb);
  };
  const bare = async (kind: 'pushEach' | 'landDirectly' | 'landLongLived', name: string) => {
    into[kind].push(...(await times({ kind, dir: `${prefix}-${kind}`, remote: copy(kind), candidates: group(name) })));
  };
  const turns = [
    drains,
    () => bare('pushEach', 'each'),
    () => bare('landDirectly', 'fifty'),
    () => bare('landLongLived', 'fifty'),
  ];
  // What runs first in one round runs last in the next.
  for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
}

async function checkout(of: Generated, into: Measured, prefix: string): Promise<void> {
  const remote = `${prefix}.git`;
  cpSync(of.dir, remote, { recursive: true });
  const candidates = (of.groups.get('each') ?? []).slice(0, CHECKOUT_CANDIDATES);
  into.mergeInCheckout.push(...(await times({ kind: 'mergeInCheckout', dir: prefix, remote, candidates })));
}

async function times(job: Job): Promise<number[]> {
  const answer = await inChild(job);
  return ('times' in answer ? answer.times : null) ?? [];
}

export function inChild(job: Job): Promise<Answer> {
  const program = fileURLToPath(import.meta.url).replace(/integration\.(ts|js)$/, 'child.$1');
  return new Promise((resolve, reject) => {
    const child = fork(program, { serialization: 'advanced' });
    let answer: Answer | { error: string } | null = null;
    child.once('message', (message: Answer | { error: string }) => {
      answer = message;
    });
    child.once('exit', (status) => {
      if (answer !== null && !('error' in answer)) resolve(answer);
      else reject(new Error(answer?.error ?? `the measuring process ended with ${status}`));
    });
    child.send(job);
  });
}

const perCandidate = (drains: readonly Drain[], of: (drain: Drain) => number): number =>
  median(drains.map((drain) => of(drain) / (drain.delivered + drain.blocked)));

const local = (drain: Drain): number => drain.drainMs - drain.remoteMs;

function linesOf(files: number, measured: Measured): Line[] {
  const size = `${files.toLocaleString('en-US')} files`;
  const { each, ten, fifty } = measured;
  const direct = median(measured.landDirectly);
  const minute = (ms: number) => `${Math.round(60_000 / ms)} a minute`;
  const total = (drains: Drain[]) => perCandidate(drains, ({ totalMs }) => totalMs);
  const drained = (drains: Drain[]) => perCandidate(drains, ({ drainMs }) => drainMs);
  const unit = 'ms';
  return [
    {
      name: `${size}: push each, session start included`,
      measured: total(each),
      unit,
      limit: median(measured.pushEach),
      against: 'ls-remote, fetch, atomic push',
      goal: { of: 'ratio', most: 1.3 },
      note: `${minute(total(each))}; ${phases(each)}`,
    },
    {
      name: `${size}: trains of 10`,
      measured: drained(ten),
      unit,
      limit: direct,
      against: 'merged and moved in place',
      note: `${minute(total(ten))} with session start; ${phases(ten)}`,
    },
    {
      name: `${size}: train of 50`,
      measured: drained(fifty),
      unit,
      limit: direct,
      against: 'merged and moved in place',
      goal: { of: 'ratio', most: 3 },
      note: `${minute(total(fifty))} with session start; ${phases(fifty)}`,
    },
    {
      name: `${size}: merged in place by one long-lived process`,
      measured: median(measured.landLongLived),
      unit,
      note: `for orientation; resident memory of telec: ${Math.round(median(measured.rssMb))} MB`,
    },
  ];
}

function comparisons(small: Measured, large: Measured): Line[] {
  const lines: Line[] = [
    {
      name: 'a candidate without talking to the remote, 50,000 files against 23',
      measured: perCandidate(large.fifty, local),
      unit: 'ms',
      limit: perCandidate(small.fifty, local),
      against: '23 files',
      goal: { of: 'ratio', most: 1.5 },
    },
  ];
  if (large.mergeInCheckout.length > 0) {
    lines.push({
      name: '50,000 files: push each against a checkout',
      measured: perCandidate(large.each, ({ totalMs }) => totalMs),
      unit: 'ms',
      limit: median(large.mergeInCheckout),
      against: 'fetch, reset --hard, merge, push',
      goal: { of: 'ratio', most: 0.15 },
    });
  }
  return lines;
}

/** Where the time of a drain went: names are those of the session's steps. */
const STEPS: Record<string, string> = {
  'after-dequeue': 'dequeue',
  'after-recheck': 'recheck',
  'after-merge': 'merge',
  'after-books': 'self-check and books',
  'after-merge-recorded': 'record the merge',
  'before-push-attempted': 'look and recheck',
  'after-push-attempted': 'record the attempt',
  'after-push': 'push',
  'after-audit': 'audit',
  'after-push-recorded': 'receipts',
};

function phases(drains: readonly Drain[]): string {
  return Object.entries(STEPS)
    .map(([point, step]) => {
      const ms = perCandidate(drains, (drain) => drain.phases.find(([name]) => name === point)?.[1] ?? 0);
      return `${step} ${ms.toFixed(1)}`;
    })
    .join(', ');
}
