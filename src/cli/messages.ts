/**
 * The sentences and tables people read, one function a view. Pure: a view, the time and a paint in, text out.
 * Every text of a view comes from outside and is made plain here or in `table`.
 */
import type {
  ActorDetailView,
  ActorRow,
  CandidateDetailView,
  CandidateState,
  CandidateView,
  CatalogRow,
  ConfigRow,
  DeadRow,
  DoctorRow,
  EnvelopeView,
  HoldView,
  IntegrateView,
  LeaseView,
  MachineView,
  NotificationRow,
  QueueRow,
  ReplayView,
  StatusView,
  SubmitView,
  WhyView,
} from '../actors/client.ts';
import type { PermitView } from '../actors/guards/server-views.ts';
import { receiptWords } from '../machines/check-words.ts';
import { runLines, runsCell, testRows } from './checks-messages.ts';
import { type Paint, plain, plainLines, type Tone, table } from './output.ts';
import { turnCell, turnLines } from './priority-messages.ts';
import { judgedNumbers, shadowLines, verdictCell } from './shadow-messages.ts';

/** The tone of each state, the same wherever one is shown. */
export const TONES: Record<CandidateState, Tone> = {
  pending: 'dim',
  ready: 'strong',
  integrating: 'warn',
  completed: 'good',
  blocked: 'bad',
  superseded: 'dim',
};

const short = (sha: string | null) => (sha ? sha.slice(0, 10) : '-');

/** A span in its two largest units: `3 h 5 min`, `12 s`, `40 ms`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0 s';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

const age = (instant: string, now: number) => `${span(now - Date.parse(instant))} ago`;

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

function holdLine(hold: HoldView): string {
  const what = hold.alarm ? `halted by ${plain(hold.alarm, 100)}` : hold.main_busy ? 'main is busy by hand' : 'on hold';
  const until = hold.until ? `, until ${plain(hold.until, 40)}` : '';
  return `${what}: ${plain(hold.reason)} (${plain(hold.owner, 100)}, since ${plain(hold.since, 40)}${until})`;
}

function permitLine({ commit, until, reason, actor, used }: PermitView): string {
  const done = used ? ', used' : '';
  return `main may be brought to ${short(commit)} until ${plain(until, 40)}${done}: ${plain(reason)} (${plain(actor, 100)})`;
}

export function statusText(status: StatusView, now: number, paint: Paint): string {
  const { daemon, integrator, lease, counts, log } = status;
  const rows: [string, string][] = [
    ['repository', plain(status.repo_id, 100)],
    ['main', `${plain(status.main.ref, 200)} ${status.main.sha ? short(status.main.sha) : 'not seen yet'}`],
    ['mode', modeLine(status, paint)],
    ['daemon', daemon.running ? paint('good', `running, process ${daemon.pid}`) : 'not running'],
    [
      'integrator',
      `${plain(integrator.state, 100)}${integrator.candidate ? ` on ${plain(integrator.candidate, 200)}` : ''}`,
    ],
    [
      'lease',
      lease ? `${plain(lease.owner_session_id, 100)}, fence ${lease.fence}${lease.live ? '' : ', expired'}` : 'free',
    ],
    [
      'candidates',
      Object.entries(counts)
        .map(([state, number]) => `${number} ${state}`)
        .join(', '),
    ],
    ['log', `${count(log.length, 'entry', 'entries')}, applied up to ${plain(log.applied_id, 50)}`],
  ];
  rows.splice(6, 0, ...testRows(status.tests, paint));
  if (daemon.running && daemon.since) rows[3] = ['daemon', `${rows[3]?.[1]}, started ${age(daemon.since, now)}`];
  if (daemon.running) {
    const web = daemon.web === null ? paint('warn', 'closed; telec doctor says why') : plain(daemon.web, 100);
    rows.splice(4, 0, ['web', web]);
  }
  if (status.hold) rows.push(['hold', paint('warn', holdLine(status.hold))]);
  if (status.permit) rows.push(['by hand', paint('warn', permitLine(status.permit))]);
  if (status.rollback_required)
    rows.push(['alarm', paint('bad', 'the cutover was taken back: see telec cutover status')]);
  if (!status.guards.in_force) rows.push(['guards', paint('warn', guardsLine(status.guards))]);
  if (status.stale)
    rows.push([
      'stale',
      paint('bad', `entry ${plain(status.stale.id)} (${plain(status.stale.type)}) needs a newer telec`),
    ]);
  for (const { surface, state, detail } of status.surfaces)
    if (state !== 'ok')
      rows.push([
        plain(surface, 20),
        paint('warn', `${plain(state, 20)}${detail === null ? '' : `: ${plain(detail, 300)}`}`),
      ]);
  if (log.dead > 0) rows.push(['dead letters', paint('bad', `${log.dead}; see telec events dead`)]);
  return rows.map(([name, value]) => `${paint('dim', name.padEnd(13))}${value}`).join('\n');
}

function modeLine({ mode, mode_reason }: StatusView, paint: Paint): string {
  const why = mode_reason === null ? '' : `; ${plain(mode_reason, 400)}`;
  if (mode === 'live') return mode_reason === null ? 'live' : paint('warn', plain(mode_reason, 400));
  return paint('warn', `shadow: nothing is pushed${why}`);
}

function guardsLine({ missing, mend }: StatusView['guards']): string {
  return `not in force: ${missing.map((name) => plain(name, 200)).join(', ')}; ${mend}`;
}

export function candidatesText(candidates: CandidateView[], now: number, paint: Paint): string {
  if (candidates.length === 0) return 'no candidates';
  return table(
    ['SLUG', 'BRANCH', 'SHA', 'STATE', 'READY', 'WHY'],
    candidates.map((candidate) => [
      candidate.slug,
      candidate.branch,
      short(candidate.sha),
      { text: candidate.state, tone: TONES[candidate.state] },
      age(candidate.ready_at, now),
      candidate.blocked
        ? (candidate.blocked.diagnostics[0] ?? '')
        : candidate.reasons.map((reason) => reason.text).join('; ') || runsCell(candidate.checks),
    ]),
    paint,
  );
}

/** Where the commits behind the merge end, when there are any. */
function booksOf({ receipt, merge_commit: merge }: CandidateView): string {
  const tip = receipt?.['landed_by'] === undefined ? receipt?.['tip'] : merge;
  return typeof tip === 'string' && tip !== merge ? `, its books end at ${short(tip)}` : '';
}

/** Whether anything was tested before it landed. */
function proofOf({ receipt }: CandidateView): string {
  const said = receiptWords(receipt);
  return said === null ? '' : `; ${plain(said, 400)}`;
}

/** What became of a candidate, in a few lines. */
export function candidateText(candidate: CandidateView, paint: Paint): string {
  const { blocked } = candidate;
  const name = `${plain(candidate.slug, 120)}/${plain(candidate.branch, 250)}@${short(candidate.sha)}`;
  const lines = [`${paint('strong', name)}  ${paint(TONES[candidate.state], candidate.state)}`];
  if (candidate.merge_commit)
    lines.push(`  merged as ${short(candidate.merge_commit)}${booksOf(candidate)}${proofOf(candidate)}`);
  if (candidate.superseded_by) lines.push(`  superseded by ${plain(candidate.superseded_by, 400)}`);
  for (const reason of candidate.reasons) lines.push(`  waits: ${plain(reason.text)}`);
  if (blocked) {
    lines.push(`  blocked (${plain(blocked.kind, 40)}) at ${plain(blocked.blocked_at, 40)}`);
    for (const text of [...blocked.diagnostics, ...blocked.conflict_evidence])
      lines.push(...plainLines(text).map((line) => `    ${line}`));
    if (blocked.reproduce) lines.push(`  see it again: ${plain(blocked.reproduce)}`);
    lines.push(`  next: ${plain(blocked.next_action)}`);
  }
  lines.push(...turnLines(candidate.turn));
  lines.push(...runLines(candidate.checks, paint));
  if (candidate.shadow) lines.push(...shadowLines(candidate.shadow, paint));
  if (candidate.follow_up_slug) lines.push(`  follow-up: ${plain(candidate.follow_up_slug, 200)}`);
  return lines.join('\n');
}

export function candidateDetailText(candidate: CandidateDetailView, paint: Paint): string {
  const history = table(
    ['ENTRY', 'AT', 'EVENT', 'STATE'],
    candidate.history.map((row) => [
      row.id,
      row.at,
      row.event,
      row.from === row.to ? row.to : `${row.from ?? '-'} -> ${row.to}`,
    ]),
    paint,
  );
  return `${candidateText(candidate, paint)}\n\n${history}`;
}

export function queueText(queue: QueueRow[], paint: Paint): string {
  if (queue.length === 0) return 'the queue is empty';
  return table(
    ['#', 'SLUG', 'BRANCH', 'SHA', 'WAITING', '', '', ''],
    queue.map((row) => [
      row.position,
      row.slug,
      row.branch,
      short(row.sha),
      span(row.waiting_ms),
      row.on_hold ? 'on hold' : '',
      turnCell(row),
      verdictCell(row),
    ]),
    paint,
  );
}

export function whyText(why: WhyView, paint: Paint): string {
  const place = why.place === null ? '' : `, place ${why.place} in the queue`;
  const state = `${paint('strong', plain(why.slug, 120))}  ${why.state ?? 'no candidate yet'}${place}`;
  const head = why.meaning === null ? state : `${state}\n  ${paint('dim', plain(why.meaning))}`;
  if (why.waiting_for.length === 0) return `${head}\n  waits for nothing`;
  const lines = why.waiting_for.flatMap((wait) => [
    `  ${plain(wait.text)}`,
    ...(wait.event ? [`    ${plain(wait.event, 200)}, from ${plain(wait.who, 200)}`] : [`    ${plain(wait.who, 200)}`]),
  ]);
  return [head, ...lines].join('\n');
}

export function leaseText(lease: LeaseView | null, now: number, paint: Paint): string {
  if (!lease) return 'nobody holds main';
  const owner = paint('strong', plain(lease.owner_session_id, 100));
  const term = lease.live
    ? `expires in ${span(Date.parse(lease.expires_at) - now)}`
    : `expired ${age(lease.expires_at, now)}; the next session replaces it`;
  return `${owner} holds main under fence ${lease.fence}, since ${plain(lease.acquired_at, 40)}; ${term}`;
}

export function notificationsText(rows: NotificationRow[], now: number, paint: Paint): string {
  if (rows.length === 0) return 'no notifications';
  return table(
    ['ID', 'FAMILY', 'SLUG', 'SEEN', 'AGENT', 'UPDATED', 'TEXT'],
    rows.map((row) => [
      row.id,
      row.family,
      row.slug,
      { text: row.human_status, tone: row.human_status === 'unseen' ? 'strong' : 'dim' },
      row.agent_status,
      age(row.updated_at, now),
      row.text,
    ]),
    paint,
  );
}

export function deadText(rows: DeadRow[], paint: Paint): string {
  if (rows.length === 0) return 'no dead letters';
  return table(
    ['ID', 'REASON', 'ENTRY'],
    rows.map((row) => [row.id, row.reason, JSON.stringify(row.entry)]),
    paint,
  );
}

export function envelopeLine(envelope: EnvelopeView, paint: Paint): string {
  const type = plain(String(envelope.event), 200).replace(/^domain\.software-development\./, '');
  const payload = plain(JSON.stringify(envelope.payload) ?? '', 300);
  return `${paint('dim', plain(envelope.id, 50))} ${plain(String(envelope.timestamp), 40)} ${paint('strong', type)} ${payload}`;
}

export function catalogText(rows: CatalogRow[], paint: Paint): string {
  return table(
    ['TYPE', 'LEVEL', 'EMITTER', 'FIELDS'],
    rows.map((row) => [
      row.type,
      row.level,
      row.emitter,
      row.fields.map((field) => field.name + (field.required ? '' : '?')).join(' '),
    ]),
    paint,
  );
}

export function actorsText(rows: ActorRow[], paint: Paint): string {
  if (rows.length === 0) return 'no actors';
  return table(
    ['ID', 'MACHINE', 'STATE', 'SINCE', 'ACCEPTS'],
    rows.map((row) => [row.id, row.machine, { text: row.value, tone: 'strong' }, row.since, row.accepts.join(' ')]),
    paint,
  );
}

export function actorText(actor: ActorDetailView, paint: Paint): string {
  const context = plainLines(JSON.stringify(actor.context, null, 2), 60).map((line) => `  ${line}`);
  const head = `${paint('strong', plain(actor.id, 400))}  ${plain(actor.machine, 60)}: ${plain(actor.value, 200)}`;
  return [
    head,
    `accepts ${actor.accepts.map((event) => plain(event, 200)).join(', ') || 'nothing more'}`,
    ...context,
  ].join('\n');
}

export function machineText(machine: MachineView, paint: Paint): string {
  const states = table(
    ['STATE', 'KIND', 'MEANING'],
    machine.states.map((state) => [state.name, state.kind, state.description]),
    paint,
  );
  const edges = table(
    ['FROM', 'EVENT', 'TO', 'IF'],
    machine.edges.map((edge) => [edge.from, edge.event, edge.to, edge.guard ?? '']),
    paint,
  );
  return `${paint('strong', plain(machine.name, 60))}  ${plain(machine.description)}\n\n${states}\n\n${edges}`;
}

export function submitText(submit: SubmitView, paint: Paint): string {
  return `${paint('strong', plain(submit.slug, 120))} ${plain(submit.branch, 250)}@${short(submit.sha)} is ${submit.state}`;
}

const OUTCOMES: Record<IntegrateView['outcome'], string> = {
  drained: 'the queue is drained',
  busy: 'another integrator holds the lease',
  held: 'merging is on hold',
  halted: 'merging is halted by an alarm',
  aborted: 'the session was aborted',
  unreachable: 'the remote cannot be reached',
};

export function integrateSentence(result: IntegrateView): string {
  const judged = result.mode === 'shadow' && result.outcome === 'drained';
  return judged ? 'every candidate of the queue is judged' : OUTCOMES[result.outcome];
}

export function integrateText(result: IntegrateView): string {
  const ends = `${result.completed} completed, ${result.blocked} blocked, ${result.superseded} superseded`;
  const numbers = result.shadow ? `${judgedNumbers(result.shadow)}, ${ends}` : ends;
  const mode = result.mode === 'shadow' ? ' (shadow: nothing was pushed)' : '';
  return `${integrateSentence(result)}: ${numbers} in ${span(result.duration_ms)}${mode}`;
}

export function holdText(hold: HoldView | null, paint: Paint): string {
  return hold ? paint('warn', holdLine(hold)) : 'merging is free';
}

export function replayText(replay: ReplayView, now: number, paint: Paint): string {
  const verdict = {
    true: paint('good', 'equal to the daemon'),
    false: paint('bad', 'differs from the daemon'),
    null: '',
  };
  const said = verdict[String(replay.equal) as keyof typeof verdict];
  const head = `${count(replay.entries, 'entry', 'entries')} folded in ${span(replay.duration_ms)}${said ? `; ${said}` : ''}`;
  return `${head}\n${candidatesText(replay.candidates, now, paint)}`;
}

export function doctorText(rows: DoctorRow[], paint: Paint): string {
  const tones = { ok: 'good', warn: 'warn', fail: 'bad' } as const;
  return rows
    .flatMap((row) => [
      `${paint(tones[row.status], row.status.padEnd(4))}  ${plain(row.check, 60)}: ${plain(row.detail)}`,
      ...(row.mend ? [`      ${paint('dim', 'mend:')} ${plain(row.mend)}`] : []),
    ])
    .join('\n');
}

export function configText(rows: ConfigRow[], paint: Paint): string {
  return table(
    ['KEY', 'VALUE', 'SOURCE'],
    rows.map((row) => [
      row.key,
      row.value === null || typeof row.value === 'string' ? row.value : JSON.stringify(row.value),
      row.source,
    ]),
    paint,
  );
}
