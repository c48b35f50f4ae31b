/**
 * What people read about sessions and adopted deliveries. Pure: a view, the time and a paint in, text out. Every text of
 * a view comes from outside and is made plain.
 */
import type { AdoptRow, AdoptView, SessionEndView, SessionRow, SessionStartView } from '../actors/sessions/views.ts';
import { integrateText, span } from './messages.ts';
import { type Paint, plain, type Tone, table } from './output.ts';

const STATE_TONES: Record<SessionRow['state'], Tone> = { running: 'good', gone: 'bad', ended: 'dim' };

function doing({ checkpoint, command, candidate, reason }: SessionRow): string {
  if (checkpoint) {
    const { completed, blocked, superseded, outcome } = checkpoint;
    return `${outcome}: ${completed} completed, ${blocked} blocked, ${superseded} superseded`;
  }
  return reason ?? command ?? (candidate ? `woken by ${candidate}` : '');
}

export function sessionsText(rows: SessionRow[], now: number, paint: Paint): string {
  if (rows.length === 0) return 'no sessions';
  return table(
    ['SESSION', 'ROLE', 'KIND', 'STATE', 'STARTED', 'HOST', 'WHAT'],
    rows.map((row) => [
      row.id,
      row.role,
      row.kind,
      { text: row.state, tone: STATE_TONES[row.state] },
      `${span(now - Date.parse(row.started_at))} ago`,
      row.host,
      doing(row),
    ]),
    paint,
  );
}

const quoted = (value: string) => `'${plain(value, 1000).replaceAll("'", `'\\''`)}'`;

/** Of a session without a process the lines that make a shell its own, for `eval`. */
export function startText(view: SessionStartView, paint: Paint): string {
  const id = plain(view.session_id ?? '', 100);
  if (view.integrate) return integrateText(view.integrate);
  switch (view.result) {
    case 'registered':
      return Object.entries(view.environment ?? {})
        .map(([name, value]) => (value === null ? `unset ${name}` : `export ${name}=${quoted(value)}`))
        .join('\n');
    case 'spawned':
      return view.pid === null
        ? `${paint('good', id)} runs in the daemon`
        : `${paint('good', id)} runs as process ${view.pid}\n  its output: ${plain(view.log ?? '', 1000)}`;
    case 'already_running':
      return `${id} integrates already; what is ready waits for it in the queue`;
    default:
      return `nothing was started: ${plain(view.detail ?? '')}`;
  }
}

const ENDS: Record<SessionEndView['result'], string> = {
  ended: 'is over',
  asked: 'was told to end; it finishes what it has in hand (telec hold keeps the next one from starting)',
  already_ended: 'was over already',
};

export function endText({ session_id, result }: SessionEndView): string {
  return `${plain(session_id, 100)} ${ENDS[result]}`;
}

const RESULTS: Record<AdoptRow['result'], [words: string, tone: Tone]> = {
  adopted: ['adopted', 'good'],
  adoptable: ['can be adopted', 'strong'],
  already_known: ['already known', 'dim'],
  not_adoptable: ['cannot be adopted', 'bad'],
};

export function adoptText({ deliveries, dry_run }: AdoptView, paint: Paint): string {
  if (deliveries.length === 0) return 'no delivery of an older flow was found in this clone';
  const lines = deliveries.flatMap((row) => {
    const [words, tone] = RESULTS[row.result];
    const name = `${plain(row.slug, 120)}/${plain(row.branch, 250)}@${row.sha.slice(0, 10)}`;
    const tells = row.events.length > 0 ? `: ${row.events.map((type) => plain(type, 60)).join(', ')}` : '';
    return [
      `${paint('strong', name)}  ${paint(tone, words)}${tells}`,
      ...(row.worktree === null ? [] : [`  in ${plain(row.worktree, 1000)}`]),
      ...row.reasons.map(({ text }) => `  ${plain(text)}`),
    ];
  });
  const open = deliveries.some(({ result }) => result === 'adoptable');
  return [...lines, ...(dry_run && open ? ['next: telec adopt'] : [])].join('\n');
}
