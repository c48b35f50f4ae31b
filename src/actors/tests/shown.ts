/**
 * From the book of checks, and from the session where one runs in this process, to what is shown of both. What the log
 * alone tells of a session elsewhere, or of one of the past, has the same shape. Reads only.
 */
import type { CheckBook, CheckRun } from '../../machines/check-book.ts';
import { candidateKey } from '../../machines/identity.ts';
import type { IntegratorContext } from '../../machines/integrator-context.ts';
import { compareQueue } from '../../machines/queue.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { Repository } from '../repository.ts';
import type { ChainRow, CheckRunDetail, CheckRunView, TestsView } from './views.ts';

/** What a session knows of its chain. */
export type ChainOf = Pick<IntegratorContext, 'window' | 'train' | 'chain' | 'aside' | 'worklist' | 'order'>;

/** Rows of the chain that are shown. */
const CHAIN_MAX = 200;

/** What is tested, by the session in this process; null: as far as the log tells. */
export function testsView(repository: Repository, session: ChainOf | null): TestsView {
  const { tests } = repository;
  const { tested: configured } = tests;
  const failure_rate = tests.failureRate();
  // Where nothing is tested a session says nothing more of its chain than that it works.
  if (configured !== true) return { configured, window: null, chain: [], running: 0, failure_rate };
  const { size, max } = session?.window ?? tests.window;
  const inHand = repository.live().filter(({ state }) => state === 'integrating');
  const chain = session ? chainRows(session) : tracedChain(repository, inHand);
  const running = inHand.reduce((sum, { key }) => sum + tests.runsOf(key).filter(isRunning).length, 0);
  return { configured, window: { size, max }, chain: chain.slice(0, CHAIN_MAX), running, failure_rate };
}

const isRunning = ({ state }: CheckRun): boolean => state === 'running';

/** Everybody that a session has in hand, the next to land first. */
export function chainRows({ train, chain, aside, worklist, order }: ChainOf): ChainRow[] {
  const rows: ChainRow[] = [
    ...train.map((member): ChainRow => ({ key: candidateKey(member), verdict: 'landing', because: null })),
    ...chain.map((entry): ChainRow => ({ key: candidateKey(entry), verdict: entry.verdict, because: null })),
    ...aside.map((one): ChainRow => ({ key: candidateKey(one), verdict: 'aside', because: one.because })),
    ...worklist.map((taken): ChainRow => ({ key: candidateKey(taken), verdict: 'again', because: null })),
  ];
  const places = new Map(order.map((key, at) => [key as string, at]));
  return rows.sort((a, b) => (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0));
}

/** The order is that of the dequeues; the candidate that the session merges is not in the chain yet. */
function tracedChain({ tests, standing }: Repository, inHand: readonly CandidateRecord[]): ChainRow[] {
  const order = [...inHand].sort(
    (a, b) => dequeuedMs(a) - dequeuedMs(b) || compareQueue(a.context, b.context) || a.key.localeCompare(b.key),
  );
  return order.flatMap((record): ChainRow[] => {
    const runs = tests.runsOf(record.key);
    if (record.context.openPush !== null) return [{ key: record.key, verdict: 'landing', because: null }];
    if (runs.length === 0 && record.key === standing.trace.candidate) return [];
    return [{ key: record.key, verdict: verdictOf(runs), because: null }];
  });
}

const dequeuedMs = ({ context }: CandidateRecord): number => Date.parse(context.dequeuedAt ?? '') || 0;

function verdictOf(runs: readonly CheckRun[]): ChainRow['verdict'] {
  if (runs.length === 0) return 'untested';
  if (runs.some(({ failure }) => failure?.final)) return 'failed';
  return runs.every(({ state }) => state === 'passed') ? 'passed' : 'running';
}

/** The runs of a candidate that say something of where it is: while a session has it, and why it is blocked. */
export function runsShown(
  { tests }: { tests: Pick<CheckBook, 'runsOf'> },
  { key, state }: CandidateRecord,
): readonly CheckRun[] {
  return state === 'integrating' || state === 'blocked' ? tests.runsOf(key) : NO_RUNS;
}

const NO_RUNS: readonly CheckRun[] = [];

export function runView(run: CheckRun): CheckRunView {
  const { check, tree, run: number, state, since, durationMs: duration_ms, cached, flaked, failure } = run;
  const { kind, exit_status, signal, log, final } = failure ?? {};
  return {
    check,
    tree,
    run: number,
    state,
    since,
    duration_ms,
    cached,
    flaked,
    failure:
      kind === undefined
        ? null
        : { kind, exit_status: exit_status ?? null, signal: signal ?? null, log: log || null, final: final === true },
  };
}

export const runDetail = (run: CheckRun): CheckRunDetail => ({
  ...runView(run),
  output_tail: run.failure?.output_tail ?? null,
});
