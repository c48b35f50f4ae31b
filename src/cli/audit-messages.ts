/** What people read about an audit. Pure: a view and a paint in, text out. Every text is made plain in `table`. */
import type { AuditFinding, AuditView } from '../actors/audit/views.ts';
import { type Cell, type Paint, type Tone, table } from './output.ts';

/** What each code means, in the words of the table. */
const WORDS: Record<string, string> = {
  no_receipt: 'no receipt',
  tree_differs: 'other tree',
  merge_differs: 'other merge',
  change_lost: 'change lost',
  out_of_chain: 'out of chain',
  permitted: 'permitted',
  accepted: 'accepted',
  shadow: 'in shadow',
  in_flight: 'in flight',
  not_compared: 'not compared',
};

export function auditText(view: AuditView, paint: Paint): string {
  const { from, to, commits, violations, remarks } = view;
  if (from === null && violations.length === 0) return 'nothing to audit: telec has not moved main here yet';
  const range = `${short(from)}..${short(to)}, ${commits} ${commits === 1 ? 'commit' : 'commits'}`;
  const verdict =
    violations.length === 0
      ? paint('good', 'all accounted for')
      : paint('bad', `${violations.length} ${violations.length === 1 ? 'violation' : 'violations'}`);
  const parts = [`main ${range}: ${verdict}`];
  if (violations.length > 0) parts.push(table(['COMMIT', 'WRONG', 'WHAT'], rows(violations, 'bad'), paint));
  if (remarks.length > 0) parts.push(table(['COMMIT', 'REMARK', 'WHAT'], rows(remarks, 'dim'), paint));
  return parts.join('\n\n');
}

function rows(findings: readonly AuditFinding[], tone: Tone): Cell[][] {
  return findings.map(({ commit, code, text }) => [short(commit), { text: WORDS[code] ?? code, tone }, text]);
}

const short = (sha: string | null): string => (sha === null ? '-' : sha.slice(0, 12));
