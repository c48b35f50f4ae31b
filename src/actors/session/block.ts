/** Ends a candidate's turn with `deployment.failed`: the evidence as text, as data, and as one line that shows it again. */
import type { ConflictPath } from '../../io/git/port.ts';
import type { Member, Taken } from '../../machines/effects.ts';
import { capEvidence, type PayloadOf } from '../../machines/events.ts';
import { candidateKey } from '../../machines/identity.ts';
import { nameFollowUp } from './follow-up-name.ts';
import type { SessionWork } from './work.ts';

type Failure = PayloadOf<'deployment.failed'>;

/** What was found, before it is cut to the size of an event. */
export interface Finding {
  kind: Failure['kind'];
  base: string | null;
  evidence: string[];
  diagnostics: string[];
  nextAction: string;
  paths?: ConflictPath[];
  touchedBy?: { merge_commit: string; candidate: string | null }[];
  check?: string;
  output?: string;
  reproduce?: string;
}

export async function block(work: SessionWork, candidate: Taken, finding: Finding): Promise<void> {
  const { slug, branch, sha, attempt } = candidate;
  const followUpSlug = await nameFollowUp(work, candidate, finding.base);
  // A newer candidate may have taken its place while it was judged; then its story is told already.
  await work.parts.dispatcher.catchUp();
  const record = work.recordOf(candidateKey(candidate));
  if (record.state === 'superseded') return work.countSuperseded(record);
  const payload: Failure = {
    slug,
    branch,
    sha,
    conflict_evidence: finding.evidence,
    diagnostics: finding.diagnostics,
    next_action: finding.nextAction,
    blocked_at: work.now(),
    kind: finding.kind,
    fence: work.held().fence,
    ...(followUpSlug === null ? {} : { follow_up_slug: followUpSlug }),
    evidence: {
      kind: finding.kind,
      base: finding.base,
      attempt,
      paths: finding.paths ?? [],
      touched_by: finding.touchedBy ?? [],
      check: finding.check ?? null,
      output_tail: finding.output ?? null,
    },
    ...(finding.reproduce === undefined ? {} : { reproduce: finding.reproduce }),
  };
  await work.parts.faults.reach('before-block');
  await work.record({ type: 'deployment.failed', payload: capEvidence(payload) });
  work.counts.blocked += 1;
  await work.parts.faults.reach('after-block');
}

/** Blocks the one member that the remote refused by itself. */
export async function blockRefused(work: SessionWork, member: Member, detail: string): Promise<{ kind: 'blocked' }> {
  await block(work, member, {
    kind: 'push',
    base: member.base,
    evidence: [`the remote refused the push: ${detail || 'it gave no reason'}`],
    diagnostics: ['the merge is clean; a hook, a protection or missing rights on the remote stand in the way'],
    nextAction: `mend what the remote says, then telec resume ${member.slug}`,
    output: detail,
  });
  return { kind: 'blocked' };
}
