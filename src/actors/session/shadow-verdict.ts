/**
 * What a live session would make of a candidate on a given commit: the very merge, the very self-check and the very
 * checks, made in the private repository and kept there. Also the chain: what main would have grown to by all that was judged on it.
 *
 * Invariant: the commits made here name no session, so that the next session makes the same ones again.
 */
import type { PayloadOf } from '../../machines/events.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import { compareIds } from '../pipeline.ts';
import type { ShadowVerdict } from '../shadow-record.ts';
import { conflictLine, insistently } from './merge.ts';
import { checkFinding } from './tests/finding.ts';
import type { SessionWork } from './work.ts';

type Judged = PayloadOf<'integration.shadow.judged'>;

export interface Verdict extends Pick<Judged, 'base' | 'verdict' | 'tree' | 'evidence'> {
  /** What main would be then; null when it would be blocked. */
  commit: string | null;
  /** It would be blocked since git cannot merge it by itself. */
  isConflict: boolean;
}

/** Lines of evidence in one verdict; the rest is counted. */
const EVIDENCE_MAX = 50;

/** The verdict over a candidate that would be blocked for these reasons. */
export function wouldBlock(base: string, reasons: readonly string[]): Verdict {
  const more = reasons.length - EVIDENCE_MAX;
  const evidence = more > 0 ? [...reasons.slice(0, EVIDENCE_MAX), `and ${more} more`] : [...reasons];
  return { base, verdict: 'would_block', tree: null, evidence, commit: null, isConflict: false };
}

function wouldIntegrate(base: string, tree: string | null, commit: string): Verdict {
  return { base, verdict: 'would_integrate', tree, evidence: [], commit, isConflict: false };
}

/** Merges the candidate into `base` and checks the result by another computation. */
export async function verdictOn(work: SessionWork, { key, context }: CandidateRecord, base: string): Promise<Verdict> {
  const { git, config } = work.parts;
  const { slug, branch, sha, readyAtMs } = context;
  const message = `Merge ${slug} (${branch})\n\nTelec-Candidate: ${key}\n`;
  const timeSeconds = Math.floor(readyAtMs / 1000);
  const request = { base, sha, strategy: config.strategy, message, author: config.author, timeSeconds };
  const merged = await insistently(work, () => git.merge(request, work.lost.signal));
  switch (merged.kind) {
    case 'conflict':
      return { ...wouldBlock(base, merged.paths.map(conflictLine)), isConflict: true };
    case 'error':
      return wouldBlock(base, [`git could not merge it: ${merged.detail}`]);
    case 'integrated':
      return wouldIntegrate(base, await git.treeOf(base), base);
    case 'merged':
  }
  const check = await insistently(work, () => git.selfCheck(base, sha, merged.commit, work.lost.signal));
  switch (check.kind) {
    case 'error':
      return wouldBlock(base, [`the self-check of the merge could not be made: ${check.detail}`]);
    case 'differs':
      return wouldBlock(
        base,
        check.paths.map((path) => `the merge result differs from the three-way rule: ${path}`),
      );
    case 'same':
      return wouldIntegrate(base, merged.tree, merged.commit);
  }
}

/** As `verdictOn`, and the checks of that base are run on the tree, too. */
export async function testedOn(work: SessionWork, record: CandidateRecord, base: string): Promise<Verdict> {
  const verdict = await verdictOn(work, record, base);
  const { commit, tree } = verdict;
  if (commit === null || commit === base || tree === null) return verdict;
  const { tests, parts } = work;
  const checks = await tests.definitions.of(base);
  if (checks.length === 0) return verdict;
  const { slug, branch, sha, attempt, readyAt } = record.context;
  // As the dequeue that a live session would begin with.
  const candidate = { slug, branch, sha, attempt: attempt + 1, dequeuedAt: readyAt };
  const subject = { candidate, tip: commit, tree, base, company: [], changesChecks: false };
  const failure = await tests.judge(subject, checks);
  if (!failure) return verdict;
  const { evidence, diagnostics } = checkFinding(failure, parts.host);
  return wouldBlock(base, [...evidence, ...diagnostics]);
}

/** Where a verdict leaves the chain. */
export const grownTo = ({ base, commit }: Pick<Verdict, 'base' | 'commit'>): string => commit ?? base;

/** What `base` would have grown to by all that was judged on it so far, by this session and by those before it. */
export async function chainOn(work: SessionWork, base: string): Promise<string> {
  if (work.chain?.base === base) return work.chain.tip;
  const judged = [...work.parts.repository.records()]
    .flatMap((record) => (record.shadow?.judged?.base === base ? [{ record, verdict: record.shadow.judged }] : []))
    .sort((a, b) => compareIds(a.verdict.entryId, b.verdict.entryId));
  // The last one says what it was merged into; only its own merge has to be made again, unless git has dropped that.
  let first = judged.length - 1;
  while (first > 0 && !(await isHere(work, judged[first]?.verdict))) first -= 1;
  let tip = judged[first]?.verdict.onTop.base ?? base;
  for (const { record, verdict } of judged.slice(Math.max(0, first))) {
    if (verdict.onTop.verdict === 'would_integrate') tip = grownTo(await verdictOn(work, record, tip));
  }
  work.chain = { base, tip };
  return tip;
}

async function isHere(work: SessionWork, verdict: ShadowVerdict | undefined): Promise<boolean> {
  return verdict !== undefined && (await work.parts.git.hasCommit(verdict.onTop.base));
}
