/** Shadow in words for people: verdicts, and the comparison with the path that moves main. What comes from outside is made plain. */
import type { IntegrateView, QueueRow, ShadowView } from '../actors/client.ts';
import type { ComparedRow, RestartView, ShadowReport, UnmergedRow } from '../actors/modes/shadow-views.ts';
import { type Cell, type Paint, plain, table } from './output.ts';

const short = (sha: string | null) => (sha ? sha.slice(0, 10) : '-');

/** What each class says. */
const CLASSES: Record<string, string> = {
  same: 'both merged it, with the same tree',
  conflict: 'both met a conflict; a person resolved it',
  tree_differs: 'both merged it, with another tree',
  decision_differs: 'telec would have blocked it',
  superseded_landed: 'telec had a newer candidate in its place',
};

const WORDS: Record<ShadowView['verdict'], string> = {
  would_integrate: 'would be merged',
  would_block: 'would be blocked',
};

/** The verdict of a queue row; empty outside shadow. */
export function verdictCell({ verdict }: Pick<QueueRow, 'verdict'>): Exclude<Cell, string | number | null> | '' {
  if (verdict === null) return '';
  if (verdict === 'not_judged') return { text: 'not judged yet', tone: 'dim' };
  return { text: WORDS[verdict], tone: verdict === 'would_integrate' ? 'good' : 'bad' };
}

/** Lines about one candidate. */
export function shadowLines({ verdict, base, evidence, on_top: onTop, compared }: ShadowView, paint: Paint): string[] {
  const lines = [`  in shadow: ${WORDS[verdict]} on ${short(base)}`];
  for (const text of evidence) lines.push(`    ${plain(text)}`);
  if (onTop && onTop.verdict !== verdict) lines.push(`    on top of those before it: ${WORDS[onTop.verdict]}`);
  if (compared) {
    const said = `${CLASSES[compared.class] ?? plain(compared.class, 60)} (${short(compared.landed_by)})`;
    lines.push(`  compared: ${paint(compared.agrees ? 'good' : 'bad', said)}`);
  }
  return lines;
}

/** What a session in shadow did. */
export function judgedNumbers({
  would_integrate,
  would_block,
  compared,
}: NonNullable<IntegrateView['shadow']>): string {
  const judged = would_integrate + would_block;
  return `${judged} judged (${would_integrate} would be merged, ${would_block} would be blocked), ${compared} compared`;
}

export function shadowText(report: ShadowReport, paint: Paint): string {
  const { counts, since, compared, unmatched, unmerged } = report;
  if (since === null) return 'telec never ran in shadow here; there is nothing to compare';
  const all = counts.agreeing === counts.compared;
  const numbers = `${counts.compared} compared, ${counts.agreeing} agree`;
  const faults = counts.pushes + counts.lease_overlaps + counts.fifo_violations;
  const lines = [
    `compared since ${plain(since.at, 40)}, main up to ${short(report.main)}`,
    `${paint(all ? 'good' : 'bad', numbers)}; among them ${counts.conflicts} conflicts, ${counts.supersessions} supersessions`,
    paint(
      faults === 0 ? 'good' : 'bad',
      `${counts.pushes} pushes, ${counts.lease_overlaps} overlapping leases, ${counts.fifo_violations} judged out of turn, in ${counts.sessions} sessions`,
    ),
  ];
  if (compared.length > 0) lines.push('', comparedTable(compared, paint));
  if (unmerged.length > 0) lines.push('', 'merged by nobody:', unmergedTable(unmerged, paint));
  if (unmatched.length > 0) {
    lines.push('', 'commits of main that bring no candidate:');
    for (const { commit, seen_at } of unmatched) lines.push(`  ${short(commit)}  seen ${plain(seen_at, 40)}`);
  }
  return lines.join('\n');
}

function comparedTable(rows: ComparedRow[], paint: Paint): string {
  return table(
    ['SLUG', 'BRANCH', 'SHA', 'LANDED BY', 'AGREES', 'CLASS', 'WHAT'],
    rows.map((row) => [
      row.slug,
      row.branch,
      short(row.sha),
      short(row.landed_by),
      { text: row.agrees ? 'yes' : 'no', tone: row.agrees ? 'good' : 'bad' },
      row.class,
      [CLASSES[row.class] ?? '', row.agrees ? '' : (row.evidence[0] ?? '')].filter(Boolean).join('; '),
    ]),
    paint,
  );
}

function unmergedTable(rows: UnmergedRow[], paint: Paint): string {
  return table(
    ['SLUG', 'BRANCH', 'SHA', 'STATE', 'VERDICT', 'ON', 'WHY'],
    rows.map((row) => [
      row.slug,
      row.branch,
      short(row.sha),
      row.state,
      row.verdict === null ? '-' : WORDS[row.verdict],
      row.base === null ? '-' : `${short(row.base)}${row.current ? '' : ' (main has moved since)'}`,
      row.evidence[0] ?? '',
    ]),
    paint,
  );
}

export function shadowRestartText({ since }: RestartView): string {
  return `the comparison begins anew at ${plain(since.at, 40)}, main ${short(since.main)}; what was compared before counts no more`;
}
