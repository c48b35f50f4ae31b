/**
 * What a commit without a receipt is: permitted by a person, accepted by one, brought by another path while nothing was
 * live, or foreign. And which findings a person has accepted since. Pure.
 */
import type { Violation } from '../../machines/events.ts';
import type { Ledger } from './ledger.ts';
import type { Unclaimed, Verified } from './verify.ts';
import type { AuditFinding } from './views.ts';

export interface Explained {
  violations: Violation[];
  remarks: AuditFinding[];
}

/** Sorts what was found on the line behind `from` into what is wrong and what only deserves a look. */
export function explain(
  { violations, remarks, unclaimed }: Pick<Verified, 'violations' | 'remarks' | 'unclaimed'>,
  ledger: Ledger,
  { from, line }: { from: string | null; line: readonly string[] },
): Explained {
  const place = new Map(line.map((sha, at) => [sha, at]));
  /** -1: before the line. Undefined: main has no such commit. */
  const at = (sha: string | null) => (sha === from ? -1 : sha === null ? undefined : place.get(sha));
  const explained: Explained = { violations: [], remarks: [...remarks] };
  const judge = (violation: Violation): void => {
    const position = place.get(violation.commit) ?? line.length;
    const accepted = ledger.acceptance(violation, (main) => (at(main) ?? -1) >= position);
    if (!accepted) explained.violations.push(violation);
    else {
      const text = `accepted by ${accepted.actor} (${accepted.reason}): ${violation.text}`;
      explained.remarks.push({ commit: violation.commit, code: 'accepted', text });
    }
  };
  for (const violation of violations) judge(violation);
  const byOthers = new Map<object, { commit: string; count: number }>();
  const permits = permitted(ledger.permits, unclaimed);
  for (const { at: position, commit } of unclaimed) {
    const rule = ledger.foreignRules.find(
      (one) =>
        (at(one.from) ?? line.length) < position && position <= (one.to === null ? line.length : (at(one.to) ?? -1)),
    );
    const permit = permits.get(commit.sha);
    if (permit) explained.remarks.push({ commit: commit.sha, code: 'permitted', text: permit });
    else if (rule) byOthers.set(rule, { commit: commit.sha, count: (byOthers.get(rule)?.count ?? 0) + 1 });
    else judge({ commit: commit.sha, code: 'no_receipt', text: `not brought by telec: ${inWords(commit)}` });
  }
  for (const { commit, count } of byOthers.values()) {
    const text = `${count} ${count === 1 ? 'commit' : 'commits'} up to here came by another path, in shadow`;
    explained.remarks.push({ commit, code: 'shadow', text });
  }
  const order = ({ commit }: AuditFinding) => place.get(commit) ?? line.length;
  explained.violations.sort((a, b) => order(a) - order(b));
  explained.remarks.sort((a, b) => order(a) - order(b));
  return explained;
}

/**
 * What to say of the commits that a permission covers, by their id. It names one commit; what that takes along came
 * with it: the commits right below it that nothing else claims.
 */
function permitted(permits: Ledger['permits'], unclaimed: readonly Unclaimed[]): Map<string, string> {
  const texts = new Map<string, string>();
  let carrier: { sha: string; told: string; next: number } | null = null;
  for (const { at, commit } of unclaimed.toReversed()) {
    const permit = permits.get(commit.sha);
    if (permit) carrier = { sha: commit.sha, told: `by ${permit.actor} (${permit.reason})`, next: at };
    if (carrier && carrier.next === at) {
      const { sha, told } = carrier;
      texts.set(commit.sha, permit ? `permitted ${told}` : `came along with ${sha.slice(0, 12)}, permitted ${told}`);
      carrier.next = at - 1;
    }
  }
  return texts;
}

function inWords({
  subject,
  candidate,
  books,
}: {
  subject: string;
  candidate: string | null;
  books: string | null;
}): string {
  const named = candidate ?? books;
  return named === null ? subject : `${subject} (says that it brings ${named}, and the log knows of no such delivery)`;
}
