/**
 * The ledger of parity: when another path has moved main, what it did with each candidate is compared with what telec
 * would have done at that very place. What is compared is on main, and so completed; nothing is pushed.
 *
 * Invariants: a candidate is compared once; a commit that brings none is listed and never counts as agreement; the
 * ledger stands in the log before main counts as seen, so that a crash between the two repeats nothing and loses nothing.
 */
import type { RemoteView } from '../../io/git/port.ts';
import type { PayloadOf } from '../../machines/events.ts';
import { compareRank } from '../../machines/queue.ts';
import { type ReasonCode, readinessReasons } from '../../machines/readiness.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { Emission } from '../producer.ts';
import { completeIntegrated, foreignOf, integrationOf, knownBefore } from './reconcile.ts';
import { type Landing, landingsOf, partsOf, type Step, stepsOf } from './shadow-landings.ts';
import { grownTo, testedOn, type Verdict, wouldBlock } from './shadow-verdict.ts';
import type { SessionWork } from './work.ts';

type Compared = PayloadOf<'integration.shadow.compared'>;

/** Unmatched commits listed in one event. */
const UNMATCHED_MAX = 100;
/** Conditions that fail because of the landing itself, or that nobody had asked git about yet. */
const OF_GIT: ReadonlySet<ReasonCode> = new Set(['not_probed', 'sha_not_reachable', 'already_integrated']);

/** Compares what came to main since it was seen last, and moves the cursor. A rewind halts. */
export async function observeMain(work: SessionWork, main: string): Promise<void> {
  const { repository } = work.parts;
  if (repository.standing.main === null) return see(work, null, main, 0, []);
  const from = await knownBefore(work, main);
  if (from === null) return;
  const steps = await stepsOf(work, from, main);
  const landings = await landingsOf(work, steps, comparable(work));
  for (const landing of landings) await settle(work, landing);
  const known = new Set([...repository.records()].map(({ shadow }) => shadow?.compared?.landedBy));
  const parts = await partsOf(work, steps, landings);
  const foreign = foreignOf(
    repository,
    steps.map(({ commit }) => commit),
  );
  const unmatched = foreign.filter((sha) => !parts.has(sha) && !known.has(sha));
  await work.parts.faults.reach('before-observed');
  await see(work, from, main, steps.length, unmatched);
}

async function see(
  work: SessionWork,
  from: string | null,
  to: string,
  commits: number,
  unmatched: string[],
): Promise<void> {
  await work.record({
    type: 'integration.shadow.observed',
    payload: { ...work.stamp(), from, to, commits, unmatched: unmatched.slice(0, UNMATCHED_MAX) },
  });
}

/**
 * Those that another path may bring and that nothing was said of yet, in their newest generation. Members of an open push
 * are the next live session's.
 */
function comparable({ parts: { repository } }: SessionWork): CandidateRecord[] {
  return [...repository.records()].filter((record) => {
    const { state, context, shadow, key } = record;
    if (shadow?.compared || context.delivery || context.openPush !== null || context.landed) return false;
    return state !== 'completed' && repository.find(key) === record;
  });
}

/**
 * Probes every candidate that is not final. One that is on main although no step of main since the last look brought it
 * was told of too late; its place is looked for among all steps since the comparison began.
 */
export async function probeAllInShadow(work: SessionWork, view: RemoteView & { main: string }): Promise<void> {
  const { parts } = work;
  const { repository } = parts;
  await work.patiently(() => parts.prober.probe(repository.live(), view), 'unreachable');
  await parts.dispatcher.catchUp();
  const isLate = ({ state, context }: CandidateRecord) => state !== 'integrating' && context.facts?.integrated === true;
  const late = repository.live().filter(isLate);
  if (late.length === 0) return;
  const since = repository.standing.modes.shadow?.main ?? null;
  const known = since !== null && (await parts.git.ancestry(since, view.main)) === 'yes';
  const steps = known ? await stepsOf(work, since, view.main) : [];
  // What lacks a signal still had no verdict yet that could be compared; the rest of its signals may be on their way.
  const told = late.filter((record) => unready(work, record, new Set()).length === 0);
  for (const landing of await landingsOf(work, steps, told)) await settle(work, landing);
  // On main since before anything was compared, or told of too late.
  for (const record of repository.live().filter(isLate)) await completeIntegrated(work, record, 'ancestry', view.main);
}

/** Compares all that one step of main brought, and completes it, in one append. */
async function settle(work: SessionWork, landing: Landing): Promise<void> {
  const { repository, faults } = work.parts;
  await work.parts.dispatcher.catchUp();
  const verdicts = await verdictsAt(work, landing);
  const emissions: Emission[] = [];
  for (const [index, { record, how }] of landing.brought.entries()) {
    const verdict = verdicts[index];
    if (!verdict || record.shadow?.compared) continue;
    const { base, verdict: said, tree, evidence } = verdict;
    const { slug, branch, sha, attempt } = record.context;
    const kind = classOf(work, landing, record, verdicts, index);
    emissions.push({
      type: 'integration.shadow.compared',
      payload: {
        ...work.stamp(),
        slug,
        branch,
        sha,
        attempt,
        landed_by: landing.commit.sha,
        base,
        verdict: said,
        tree,
        landed_tree: landing.commit.tree,
        evidence,
        agrees: kind === 'same' || kind === 'conflict',
        class: kind,
        superseded: replacedBy(record, repository.ofSlug(slug)),
      },
    });
    if (record.state === 'superseded') continue;
    emissions.push(...(await integrationOf(work, record, how, landing.commit.sha)));
    work.counts.completed += 1;
  }
  if (emissions.length === 0) return;
  await faults.reach('before-compared');
  await work.record(...emissions);
  work.shadow.compared += emissions.filter(({ type }) => type === 'integration.shadow.compared').length;
  await faults.reach('after-compared');
}

/** What telec would have made of all that the step brought, one on top of the other. */
async function verdictsAt(work: SessionWork, { before, brought }: Landing): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const slugs = new Set(brought.map(({ record }) => record.context.slug));
  for (const { record } of brought) {
    const last = verdicts.at(-1);
    const base = last ? grownTo(last) : before;
    const reasons = unready(work, record, slugs);
    verdicts.push(reasons.length > 0 ? wouldBlock(base, reasons) : await testedOn(work, record, base));
  }
  return verdicts;
}

/** Why telec would not have taken it at all. What waits for something that came along with it waits no more. */
function unready({ parts: { repository } }: SessionWork, { context }: CandidateRecord, along: Set<string>): string[] {
  const isDelivered = (slug: string) =>
    along.has(slug) || repository.ofSlug(slug).some(({ state }) => state === 'completed');
  const facts = context.facts && {
    ...context.facts,
    undelivered: context.facts.undelivered.filter((slug) => !isDelivered(slug)),
  };
  return readinessReasons({ ...context, facts })
    .filter(({ code }) => !OF_GIT.has(code))
    .map(({ text }) => `it was not ready: ${text}`);
}

function classOf(
  { parts: { repository } }: SessionWork,
  { commit }: Step,
  record: CandidateRecord,
  verdicts: readonly Verdict[],
  index: number,
): Compared['class'] {
  const { state, context } = record;
  const newer =
    state === 'superseded' && context.outrankedBy !== null ? repository.find(context.outrankedBy) : undefined;
  // What landed before there was a newer one was not replaced yet.
  if (newer && commit.timeSeconds * 1000 >= newer.context.readyAtMs) return 'superseded_landed';
  const verdict = verdicts[index];
  if (verdict?.verdict !== 'would_integrate') return verdict?.isConflict ? 'conflict' : 'decision_differs';
  const all = verdicts.every((one) => one.verdict === 'would_integrate');
  return all && verdicts.at(-1)?.tree === commit.tree ? 'same' : 'tree_differs';
}

/** Older candidates of the slug that never landed, since this one took their place. */
function replacedBy({ context }: CandidateRecord, ofSlug: readonly CandidateRecord[]): number {
  return ofSlug.filter(
    (other) => other.state === 'superseded' && !other.shadow?.compared && compareRank(other.context, context) < 0,
  ).length;
}
