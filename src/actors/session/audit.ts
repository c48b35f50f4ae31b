/**
 * The audit of what a session just brought to main, of what a dead one left, and what follows when it finds something:
 * the finding and the halt go into the log in one append, so that no death between them lets the queue go on.
 */
import type { MainCommit } from '../../io/git/port.ts';
import { GitFault } from '../../io/git/run.ts';
import type { AuditOutcome, Member } from '../../machines/effects.ts';
import type { Violation } from '../../machines/events.ts';
import { candidateKey } from '../../machines/identity.ts';
import { explain } from '../audit/explain.ts';
import { Ledger, readLedger } from '../audit/ledger.ts';
import { type Claims, type Delivery, type FollowUpCommit, type Verified, verifyLine } from '../audit/verify.ts';
import type { Emission } from '../producer.ts';
import { type AlarmCode, type SessionWork, stop } from './work.ts';

/** Violations that one event tells, and characters of each; `telec audit` tells all. */
const TOLD_MAX = 50;
const TEXT_MAX = 2000;
/** Commits of one delivery at most: its merge and two of books. */
const COMMITS_MAX = 3;

/** What was looked at, and what is wrong with it. */
interface Seen {
  /** Commits of the first-parent line. */
  commits: number;
  violations: Violation[];
}

/** What a push of this session brings, verified while the remote is at it; see `beginAudit`. */
export interface AuditUnderWay {
  tip: string;
  seen: Promise<Seen>;
}

/**
 * Begins to verify what a push is about to bring: the same commits are compared again after it only when this failed.
 * Runs beside the push, which spends its time waiting for the remote.
 */
export function beginAudit(work: SessionWork, train: readonly Member[]): void {
  const seen = verifyTrain(work, train);
  // Nobody asks when the push does not land.
  seen.catch(() => undefined);
  work.audit = { tip: train.at(-1)?.tip ?? '', seen };
}

/** Compares what landed with what was to land. */
export async function auditTrain(work: SessionWork, train: Member[]): Promise<AuditOutcome> {
  const { faults } = work.parts;
  await faults.reach('before-audit');
  // Git that broke down once says nothing of what landed.
  const { violations } = await seenOf(work, train).catch((error: unknown) => {
    if (!(error instanceof GitFault) || work.lost.signal.aborted) throw error;
    beginAudit(work, train);
    return seenOf(work, train);
  });
  await faults.reach('after-audit');
  return { kind: 'audited', violations };
}

/** What the audit of the train saw. */
export function seenOf(work: SessionWork, train: readonly Member[]): Promise<Seen> {
  if (work.audit?.tip !== train.at(-1)?.tip) beginAudit(work, train);
  return work.audit?.seen ?? verifyTrain(work, train);
}

/** Compares the commit of follow-ups that just landed with what it was to bring. */
export async function auditFollowUps(work: SessionWork, tip: string, claim: FollowUpCommit): Promise<Violation[]> {
  const claims: Claims = { delivery: () => undefined, followUps: (commit) => (commit === tip ? claim : undefined) };
  return ownViolations(await verifyLine(work.parts.git, claims, [tip], { signal: work.lost.signal }));
}

async function verifyTrain(work: SessionWork, train: readonly Member[]): Promise<Seen> {
  const { git, config } = work.parts;
  const deliveries = new Map<string, Delivery>();
  for (const member of train) {
    const { sha, base, mergeCommit, tip, tree } = member;
    const claim = { key: candidateKey(member), sha, base, mergeCommit, tip, tree, strategy: config.strategy };
    deliveries.set(mergeCommit, claim);
  }
  const claims: Claims = { delivery: (commit) => deliveries.get(commit), followUps: () => undefined };
  const [first] = train;
  const line = await lineTo(git, train.at(-1)?.tip ?? '', first?.base ?? '', train.length * COMMITS_MAX);
  const verified = await verifyLine(git, claims, line, { signal: work.lost.signal });
  const violations = ownViolations(verified);
  for (const { key, mergeCommit } of deliveries.values()) {
    if (verified.met.has(mergeCommit)) continue;
    violations.push({ commit: mergeCommit, code: 'out_of_chain', text: `${key} is not on the line that was pushed` });
  }
  return { commits: line.length, violations };
}

/** Ids from behind `base` to `tip` along the first parents, oldest first; no more than were pushed. */
async function lineTo(
  git: { commitOf(sha: string): Promise<MainCommit | null> },
  tip: string,
  base: string,
  most: number,
): Promise<string[]> {
  const line: string[] = [];
  for (let sha: string | undefined = tip; sha !== undefined && sha !== base && line.length < most; ) {
    line.unshift(sha);
    sha = (await git.commitOf(sha))?.parents[0];
  }
  return line;
}

/** In what one push brought, a commit that nothing claims is wrong, too. */
function ownViolations({ violations, unclaimed }: Verified): Violation[] {
  const text = 'it was pushed, and belongs to no delivery of the push';
  return [
    ...violations,
    ...unclaimed.map(({ commit }) => ({ commit: commit.sha, code: 'out_of_chain' as const, text })),
  ];
}

/**
 * What was found between two states of main, for one append with the receipts; with something that must stop the queue,
 * the halt as well. `answerViolations` follows it.
 */
export function audited(
  work: SessionWork,
  seen: { from: string; to: string; commits: number; violations: Violation[] },
): Emission[] {
  const alarm = alarmOf(work, seen.violations);
  const violations = seen.violations
    .slice(0, TOLD_MAX)
    .map(({ text, ...rest }) => ({ ...rest, text: text.slice(0, TEXT_MAX) }));
  const told: Emission = {
    type: 'integration.main.audited',
    payload: { ...work.stamp(), ...seen, violations, alarm },
  };
  return alarm ? [told, ...work.haltOf(alarm, detailOf(seen.violations))] : [told];
}

/** Stops the session when the audit found something that must stop the queue. */
export async function answerViolations(work: SessionWork, violations: readonly Violation[]): Promise<void> {
  const alarm = alarmOf(work, violations);
  if (alarm) stop('halted', alarm.toLowerCase(), detailOf(violations), alarm);
}

/** A commit without a receipt is told by itself and stops the queue only where guards are strict. */
function alarmOf({ parts }: SessionWork, violations: readonly Violation[]): AlarmCode | null {
  const codes = new Set(violations.map(({ code }) => code));
  if (codes.has('tree_differs') || codes.has('merge_differs') || codes.has('out_of_chain')) return 'TREE_DIFFERS';
  if (codes.has('change_lost')) return 'CHANGE_LOST';
  return codes.has('no_receipt') && parts.config.guards === 'strict' ? 'FOREIGN_COMMIT' : null;
}

function detailOf(violations: readonly Violation[]): string {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  const mend = 'look with telec audit, mend main by a branch, then telec unhold --reason "..."';
  return `main ${first?.commit ?? ''}: ${first?.text.slice(0, TEXT_MAX) ?? ''}${more}; ${mend}`;
}

/**
 * Audits what came to main since the last audit, whoever left it: the pushes of a session that died, and commits that
 * others brought. `known`: main as the log had it before this session settled anything.
 */
export async function auditLeft(work: SessionWork, known: string | null, main: string): Promise<void> {
  const { parts } = work;
  const { authority } = parts.repository.standing;
  const last = authority.audited?.main ?? null;
  if (last === main) return;
  const since = last !== null && (await isBelow(work, last, main)) ? authority.audited : null;
  const from = since?.main ?? known;
  if (from === null || from === main || !(await isBelow(work, from, main))) return;
  const ledger = new Ledger({ live: since !== null });
  for (const commit of authority.permitted) ledger.permits.set(commit, { actor: 'a person', reason: 'told before' });
  await readLedger(parts, ledger, since?.id ?? '0');
  const line = await parts.git.firstParents(from, main);
  const verified = await verifyLine(parts.git, ledger, line, { signal: work.lost.signal });
  const { violations } = explain(verified, ledger, { from, line });
  await work.record(...audited(work, { from, to: main, commits: line.length, violations }));
  await answerViolations(work, violations);
}

async function isBelow({ parts }: SessionWork, commit: string, main: string): Promise<boolean> {
  return (await parts.git.hasCommit(commit)) && (await parts.git.ancestry(commit, main)) === 'yes';
}
