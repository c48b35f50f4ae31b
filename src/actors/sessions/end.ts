/**
 * How sessions end: from outside by whoever has the right, by themselves where the matrix lets them, and by the sweep
 * that finds their processes gone. What is recorded and what is signalled never part for long: the sweep of the machine
 * a process runs on mends either.
 *
 * Invariant: a signal goes only to a process that was started from this state folder and is proven to be the same still.
 * What the log says of processes is not enough: others may write there.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { declaredRole, declaredSession } from '../../io/acting.ts';
import { askToEnd, endProcess, processMark } from '../../io/process.ts';
import { roleOf } from '../../machines/permissions.ts';
import { mayEndItself, SELF_END, type SessionKind } from '../../machines/self-end.ts';
import type { SessionEntry } from '../../machines/session-book.ts';
import { kindOfRole } from '../../machines/session-kinds.ts';
import { type Opened, say } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { actorOf } from '../workspace.ts';
import { ownProcess } from './processes.ts';
import { findSession, isGone } from './register.ts';
import type { IntegratorDesk, SessionEndView } from './views.ts';

/** How long a session may take to end once it was asked, ms. */
const GRACE_MS = 5000;

const isRun = ({ kind, parent }: SessionEntry): boolean => kind === 'integrator' && parent === null;

/**
 * Ends a session of any role but a run of the integrator, from outside: its process and all that it started, if it
 * was started from here, then its record. One of another machine or user is ended by the daemon there, which reads the
 * record.
 * `unknown`: no such session was ever registered. Thrown: NOT_OURS (1).
 */
export async function endWorkerSession(opened: Opened, sessionId: string): Promise<'ended' | 'unknown'> {
  const { host, context } = opened;
  const entry = findSession(host, sessionId);
  if (!entry || isRun(entry)) return 'unknown';
  if (entry.endedAt !== null) return 'ended';
  const own = ownProcess(host.options.folder, entry);
  if (own) {
    const { pid, mark } = own;
    const end = await endProcess(own, context.tuning?.sessions?.graceMs ?? GRACE_MS);
    // Another number's owner is no reason to keep the session: its own process is gone then. Unless nothing proves it.
    if (end === 'foreign' && (mark === null || processMark(pid) === mark)) {
      throw new TelecError('NOT_OURS', EXIT.domain, `process ${pid} of ${sessionId} cannot be ended from here`, {
        hint: `look at it, then: kill ${pid}`,
      });
    }
  }
  await record(host, sessionId, actorOf(context).source, 'asked');
  return 'ended';
}

async function record(host: Host, sessionId: string, actor: string, reason: string): Promise<void> {
  await say(host, 'session.ended', { session_id: sessionId, actor, reason, command_id: host.ids.ulid() });
}

/** Asks the process of the caller's own session, this very command with it, to end. For its last moment. */
export function leaveSession({ host, context }: Opened): void {
  const entry = findSession(host, declaredSession(context.env) ?? '');
  const own = entry?.reason === 'self' ? ownProcess(host.options.folder, entry) : null;
  if (own) askToEnd(own);
}

/** `sessions end <id>`. Thrown: NOT_FOUND, NO_DAEMON, NOT_OURS (1). */
export async function endSession(opened: Opened, integrator: IntegratorDesk, id: string): Promise<SessionEndView> {
  const { host } = opened;
  const entry = findSession(host, id);
  if (!entry) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `there is no session ${id}`, { hint: 'telec sessions --all' });
  }
  if (entry.endedAt !== null) return { session_id: id, result: 'already_ended' };
  if (!isRun(entry)) {
    await endWorkerSession(opened, id);
    return { session_id: id, result: 'ended' };
  }
  if (await integrator.end(id)) return { session_id: id, result: 'asked' };
  throw new TelecError('NOT_OURS', EXIT.domain, `${id} does not run in the daemon of this repository`, {
    hint: `end it where it runs (${entry.host}): Ctrl-C there; if its machine is gone its lease runs out by itself`,
  });
}

/** `sessions end self`: what the matrix says of the kind of session that asks. Thrown: NO_SESSION (2), NOT_FOUND (1), SELF_END (6). */
export async function endItself(opened: Opened, integrator: IntegratorDesk): Promise<SessionEndView> {
  const { host, context } = opened;
  const id = declaredSession(context.env);
  if (id === null) {
    throw new TelecError('NO_SESSION', EXIT.usage, 'this is no session: nothing says which one', {
      hint: 'set TELEC_SESSION_ID, or name the session: telec sessions end <id>',
    });
  }
  const entry = findSession(host, id);
  const declared = declaredRole(context.env);
  const role = declared && roleOf(declared.value, declared.name);
  const kind = entry?.kind ?? (role && kindOfRole(role));
  if (kind && kind !== 'utility') refuseUnlessDone(host, kind);
  if (!entry) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `${id} is not registered, so there is nothing to end`, {
      hint: 'close it; telec sessions --all shows what is registered',
    });
  }
  if (entry.endedAt !== null) return { session_id: id, result: 'already_ended' };
  if (isRun(entry)) return endSession(opened, integrator, id);
  refuseUnlessDone(host, entry.kind, entry);
  await record(host, id, actorOf(context).source, 'self');
  return { session_id: id, result: 'ended' };
}

function refuseUnlessDone(host: Host, kind: SessionKind, entry?: SessionEntry): void {
  const { repository } = host;
  const counts = repository.counts();
  // Taken is what the queue has or had; a hand-over that still waits for a signal is not.
  const waiting = entry?.handOvers.filter((key) => repository.find(key as never)?.state === 'pending') ?? [];
  const unfinished = { queued: counts.ready, integrating: counts.integrating, handOvers: waiting.length };
  if (mayEndItself(kind, unfinished)) return;
  const { may, open, condition } = SELF_END[kind];
  const article = /^[aeiou]/.test(kind) ? 'an' : 'a';
  throw new TelecError(
    'SELF_END',
    EXIT.refused,
    `${article} ${kind} may not end itself${may ? ' yet' : ''}: ${condition}`,
    {
      hint: may
        ? 'telec queue and telec why <slug> show what is open'
        : 'report and stop; whoever started it runs: telec sessions end <id>',
      problems: open
        .filter((what) => unfinished[what] > 0)
        .map((what) => ({ path: what, message: OPEN[what].replace('#', String(unfinished[what])) })),
    },
  );
}

const OPEN = {
  queued: '# candidates are ready',
  integrating: '# candidates are being integrated',
  handOvers: '# of its hand-overs still wait for a signal',
} as const;

/**
 * Mends what the register and this machine say differently: a session whose process is gone is recorded as ended, the
 * process of one that was ended from elsewhere is ended.
 */
export async function sweepSessions(host: Host, graceMs = GRACE_MS): Promise<void> {
  await recordGone(host);
  for (const entry of host.repository.sessions) {
    const own = entry.endedAt === null ? null : ownProcess(host.options.folder, entry);
    if (own) await endProcess(own, graceMs);
  }
}

/** Records sessions of this machine whose process ended without a word. */
export async function recordGone(host: Host): Promise<void> {
  for (const entry of host.repository.sessions.filter(isGone)) {
    await record(host, entry.id, host.options.source, 'exited');
  }
}
