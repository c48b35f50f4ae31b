/**
 * A drain in shadow: each candidate of the queue is rechecked and judged once on main as it is, in the order of the
 * queue, and told to the log. Nothing is dequeued, nothing of the remote changes, and no candidate moves but those that
 * another path has brought to main.
 */
import type { JudgeOutcome, RecheckOutcome, SelectOutcome, Taken } from '../../machines/effects.ts';
import { candidateKey } from '../../machines/identity.ts';
import { readinessReasons } from '../../machines/readiness.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import { isJudgedOn } from '../shadow-record.ts';
import { UNTOLD } from './merge.ts';
import { observeMain, probeAllInShadow } from './shadow-ledger.ts';
import { chainOn, grownTo, testedOn, type Verdict, wouldBlock } from './shadow-verdict.ts';
import type { SessionWork } from './work.ts';

/** The first ready candidate that nobody judged on main as it is; when there seems to be none, the remote is asked anew. */
export async function selectToJudge(
  work: SessionWork,
  input: { last: boolean; stopping: boolean },
): Promise<SelectOutcome> {
  const { parts } = work;
  if (input.stopping) return { kind: 'empty' };
  await parts.dispatcher.catchUp();
  work.stopIfModeMoved();
  if (parts.repository.standing.hold) return { kind: 'on_hold' };
  let next = nextToJudge(work);
  if (!next && input.last) {
    const view = await work.lookHolding();
    await observeMain(work, view.main);
    await probeAllInShadow(work, view);
    next = nextToJudge(work);
  }
  if (!next) return { kind: 'empty' };
  work.chosenAsOf = parts.dispatcher.appliedId;
  const { slug, branch, sha, attempt, readyAt } = next.context;
  return { kind: 'taken', candidate: { slug, branch, sha, attempt, dequeuedAt: readyAt }, behind: 0 };
}

function nextToJudge({ parts: { repository } }: SessionWork): CandidateRecord | undefined {
  const { main } = repository.standing;
  return repository.queue.find((record) => !isJudgedOn(record, main));
}

/**
 * Asks once more whether all conditions hold. One that git cannot tell of is judged as what would be blocked. A main that
 * moved meanwhile is compared, and the choice is made anew.
 */
export async function recheckToJudge(work: SessionWork, input: { candidate: Taken }): Promise<RecheckOutcome> {
  const { parts } = work;
  const record = work.recordOf(candidateKey(input.candidate));
  let view = await work.viewOf(record.context.branch);
  for (let fresh = false; ; fresh = true) {
    const seen = view;
    const { unknown } = await work.patiently(() => parts.prober.probe([record], seen), 'unreachable');
    await parts.dispatcher.catchUp();
    if (record.state !== 'ready') return fallen(work, record);
    if (unknown.length === 0) break;
    if (fresh && seen.main !== null) {
      const verdict = wouldBlock(seen.main, [UNTOLD.text]);
      await tell(work, record, verdict, { ...verdict, base: await chainOn(work, seen.main) });
      return { kind: 'fell', reasons: [UNTOLD.code] };
    }
    view = await work.lookHolding();
  }
  const { main } = view;
  if (main === null) return work.halt('MAIN_REWOUND', 'main is gone from the remote');
  const { main: before } = parts.repository.standing;
  await observeMain(work, main);
  // Another path may just have brought it; and on another main somebody else may come first.
  if (record.state !== 'ready' || before !== main) return fallen(work, record);
  await parts.faults.reach('after-recheck');
  return { kind: 'holds', base: main };
}

function fallen(work: SessionWork, record: CandidateRecord): RecheckOutcome {
  work.countSuperseded(record);
  return { kind: 'fell', reasons: readinessReasons(record.context).map(({ code }) => code) };
}

/** Judges the candidate on main as it is, and on top of those before it. */
export async function judgeCandidate(
  work: SessionWork,
  { candidate, base }: { candidate: Taken; base: string },
): Promise<JudgeOutcome> {
  const { parts } = work;
  const record = work.recordOf(candidateKey(candidate));
  const verdict = await testedOn(work, record, base);
  const top = await chainOn(work, base);
  const onTop = top === base ? verdict : await testedOn(work, record, top);
  await parts.faults.reach('before-judged');
  await tell(work, record, verdict, onTop);
  await parts.faults.reach('after-judged');
  return { kind: 'judged' };
}

async function tell(work: SessionWork, record: CandidateRecord, verdict: Verdict, onTop: Verdict): Promise<void> {
  const { parts } = work;
  await parts.dispatcher.catchUp();
  // It may have left the queue meanwhile; whoever comes next then is judged without it.
  if (record.state !== 'ready') return work.countSuperseded(record);
  const { slug, branch, sha, attempt } = record.context;
  const { base, verdict: said, tree, evidence } = verdict;
  await work.record({
    type: 'integration.shadow.judged',
    payload: {
      ...work.stamp(),
      slug,
      branch,
      sha,
      attempt,
      as_of: work.chosenAsOf,
      base,
      verdict: said,
      tree,
      evidence,
      on_top: { base: onTop.base, verdict: onTop.verdict, tree: onTop.tree },
    },
  });
  work.chain = { base, tip: grownTo(onTop) };
  work.shadow[said] += 1;
}
