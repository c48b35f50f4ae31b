/**
 * Measures reading the log back: a log of 100,000 events with 10,000 finished candidates, folded from its start, then
 * behind a snapshot, each in a process of its own as a daemon or a command would.
 */
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Host, openHost } from '../src/actors/host.ts';
import type { Emission } from '../src/actors/producer.ts';
import type { FenceProof } from '../src/io/redis/log.ts';
import { stopServer } from '../src/io/redis/server.ts';
import { madeUpSha, proofFor } from './appends.ts';
import { type Line, median } from './lines.ts';

const CANDIDATES = 10_000;
const QUICK_CANDIDATES = 1_000;
/** Events of one candidate on its way; see `wayOf`. */
const EVENTS_EACH = 10;
/** Candidates of one append. */
const BATCH = 20;
const RESTARTS = 7;

export async function measureFold(dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  const folder = join(dir, 'fold');
  const candidates = quick ? QUICK_CANDIDATES : CANDIDATES;
  const host = await openHost({ repoId: 'bench', folder, redisUrl: null, source: 'integrator/bench' });
  const lines: Line[] = [];
  try {
    const proof = await proofFor(host);
    const before = performance.now();
    await write(host, proof, candidates);
    const events = candidates * EVENTS_EACH;
    const wrote = performance.now() - before;
    say(`${events} events written in ${Math.round(wrote)} ms`);
    const replay = JSON.parse(await program(['replay', folder])) as FoldAnswer;
    if (replay.finished !== candidates) throw new Error(`folded ${JSON.stringify(replay)}`);
    lines.push(
      {
        name: `${events.toLocaleString('en-US')} events folded from the start`,
        measured: (1000 * events) / replay.ms,
        unit: 'events/s',
        note: `${Math.round(replay.ms)} ms`,
      },
      {
        name: `resident memory after it, ${candidates.toLocaleString('en-US')} finished candidates`,
        measured: replay.rssMb,
        unit: 'MB',
        goal: { of: 'value', most: 200 },
        note: `without a log ${Math.round(replay.rssBeforeMb)} MB`,
      },
    );
    const empty: number[] = [];
    const restarted: { wall: number; answer: FoldAnswer }[] = [];
    for (let round = 0; round < RESTARTS; round += 1) {
      empty.push(await timed(() => node(['-e', '0'])));
      let text = '';
      const wall = await timed(async () => {
        text = await program(['restart', folder]);
      });
      restarted.push({ wall, answer: JSON.parse(text) as FoldAnswer });
    }
    const over = (median(restarted.map(({ wall }) => wall)) - median(empty)) / 1000;
    const snapshotMb = statSync(join(folder, 'snapshot.json')).size / 1e6;
    lines.push(
      {
        name: `restart from a snapshot behind ${events.toLocaleString('en-US')} events, above node -e 0`,
        measured: over,
        unit: 's',
        goal: { of: 'value', most: 0.5 },
        note: `opening and folding ${Math.round(median(restarted.map(({ answer }) => answer.ms)))} ms, snapshot ${snapshotMb.toFixed(1)} MB`,
      },
      {
        name: 'resident memory after the restart',
        measured: median(restarted.map(({ answer }) => answer.rssMb)),
        unit: 'MB',
        goal: { of: 'value', most: 200 },
      },
    );
    return lines;
  } finally {
    await host.close();
    await stopServer(folder);
  }
}

/** What the folding program says. */
export interface FoldAnswer {
  ms: number;
  finished: number;
  rssMb: number;
  rssBeforeMb: number;
}

async function write(host: Host, proof: FenceProof, candidates: number): Promise<void> {
  // A probe names the one before it, and may name any: the fold only remembers the newest.
  const somewhere = '1-1';
  for (let first = 0; first < candidates; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, candidates - first) }, (_, nth) => first + nth);
    const emissions = numbers.flatMap((number) => wayOf(number, host, proof.fence, somewhere));
    const result = await host.producer.emitAll(emissions, { proof });
    if (result.status !== 'appended') throw new Error(JSON.stringify(result));
  }
}

/** Approved, handed over (with its push), found missing, found, dequeued, merged, pushed, completed: ten entries. */
function wayOf(number: number, host: Host, fence: number, somewhere: string): Emission[] {
  const slug = `item-${number}`;
  const branch = `work/${slug}`;
  const sha = madeUpSha(number);
  const landed = madeUpSha(number + 1_000_000);
  const triple = { slug, branch, sha };
  const at = new Date(host.clock.now()).toISOString();
  const session_id = 'integrator-bench';
  const stamp = { session_id, fence };
  const seq = number + 1;
  const receipt = { base: sha, merge_commit: landed, tip: landed, tree: sha, fence, strategy: 'merge' as const };
  const probed = { ...triple, session_id, integrated: false, undelivered: [], branch_head: sha, main_head: sha };
  return [
    {
      type: 'review.approved',
      payload: { slug, approved_at: at, review_round: 1, reviewer_session_id: 'reviewer', sha },
    },
    {
      type: 'deployment.started',
      payload: {
        ...triple,
        worker_session_id: 'worker',
        orchestrator_session_id: 'worker',
        ready_at: at,
        pushed: { branch, sha, remote: 'origin', pushed_at: at, pusher: 'worker' },
      },
    },
    {
      type: 'integration.candidate.probed',
      payload: { ...probed, reachable: false, previous: null, probed_at: at },
    },
    {
      type: 'integration.candidate.probed',
      payload: { ...probed, reachable: true, previous: somewhere, probed_at: at },
    },
    {
      type: 'integration.candidate.dequeued',
      payload: { ...stamp, ...triple, attempt: 1, as_of: somewhere, base: sha, train: 1 },
    },
    {
      type: 'integration.merge.succeeded',
      payload: { ...stamp, ...triple, attempt: 1, base: sha, merge_commit: landed, tip: landed, tree: sha },
    },
    {
      type: 'integration.push.attempted',
      payload: {
        ...stamp,
        seq,
        push_number: seq,
        base: sha,
        fence_from: sha,
        fence_to: landed,
        members: [{ ...triple, merge_commit: landed, tip: landed }],
      },
    },
    { type: 'integration.push.succeeded', payload: { ...stamp, seq, push_number: seq } },
    {
      type: 'deployment.completed',
      payload: {
        ...triple,
        merge_commit: landed,
        integrated_at: at,
        outcome: 'merged',
        fence,
        receipt: { ...receipt, checks: [], skipped: 0, train: 1 },
      },
    },
  ];
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await body();
  return performance.now() - before;
}

function program(args: string[]): Promise<string> {
  return node([fileURLToPath(import.meta.url).replace(/fold\.(ts|js)$/, 'fold-child.$1'), ...args]);
}

/** Runs node to its end for its output. */
export function node(args: string[], env: NodeJS.ProcessEnv = process.env, cwd = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
    });
    child.on('close', (status) => {
      if (status === 0) resolve(out);
      else reject(new Error(`node ${args.join(' ')} ended with ${status}: ${err}`));
    });
  });
}
