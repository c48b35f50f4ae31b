/**
 * How sessions start: the integrator by the one way in which it ever starts (the daemon's supervisor, else a session in
 * this process), every other role as a process of its own or as a shell that is given the environment.
 *
 * Invariants: no process without a record of its session; a command is never given to a shell; the acceptance of
 * parity reaches an integrator alone, whatever the environment of the caller says.
 */
import { existsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { sessionEnvironment } from '../../io/acting.ts';
import { wrapperFolder } from '../../io/guards/guard-file.ts';
import { withWrappers } from '../../io/guards/wrapper-files.ts';
import { launch, processMark } from '../../io/process.ts';
import { scrubber, secretsOf } from '../../io/secrets.ts';
import { findClone, readRepoId } from '../../io/state.ts';
import type { Role } from '../../machines/permissions.ts';
import type { SessionKind } from '../../machines/self-end.ts';
import { checkKind, kindOf, wordsOf } from '../../machines/session-kinds.ts';
import type { IntegrateView } from '../client.ts';
import { type Opened, say } from '../commands/session.ts';
import { leaseView } from '../status.ts';
import { actorOf } from '../workspace.ts';
import { recordGone } from './end.ts';
import { keepProcess, openProcessFiles } from './processes.ts';
import type { IntegratorDesk, SessionStartRequest, SessionStartView } from './views.ts';

/** Characters of a command that the record keeps. */
const COMMAND_MAX = 500;
/** Variables that point git at another repository; set while a hook runs, and never meant for a session. */
const GIT_PLACE = /^GIT_(DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|OBJECT_DIRECTORY|PREFIX|NAMESPACE)$/;

/** Starts a session of the role that was asked for. */
export async function startSession(
  opened: Opened,
  integrator: IntegratorDesk,
  request: SessionStartRequest,
  integrate: () => Promise<IntegrateView>,
): Promise<SessionStartView> {
  const { role, command } = request;
  const words = command === null ? [] : wordsOf(command);
  const kind = kindOf(words, role);
  checkKind(kind, role);
  const project = folderOf(opened, request.project);
  await recordGone(opened.host);
  if (role === 'integrator') {
    const running = await holderOf(opened);
    if (running !== null) return { ...BARE, ...running, role, kind };
    if (command === null) return wakeIntegrator(opened, integrator, integrate);
  }
  return register(opened, { role, kind, project, words, command });
}

const BARE = { session_id: null, pid: null, log: null, environment: null, integrate: null, detail: null } as const;

/** Who holds the lease, as an answer; null when nobody does. The lease alone says who integrates. */
async function holderOf({ host }: Opened): Promise<Pick<SessionStartView, 'result' | 'session_id' | 'detail'> | null> {
  try {
    const lease = leaseView(await host.leases.read());
    return lease?.live ? { result: 'already_running', session_id: lease.owner_session_id, detail: null } : null;
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    return { result: 'check_failed', session_id: null, detail: error.message };
  }
}

async function wakeIntegrator(
  { host }: Opened,
  integrator: IntegratorDesk,
  integrate: () => Promise<IntegrateView>,
): Promise<SessionStartView> {
  const about = { ...BARE, role: 'integrator', kind: 'integrator' } as const;
  const woken = await integrator.wake();
  if (woken) return { ...about, ...woken };
  const result = await integrate();
  if (result.outcome === 'busy') {
    const lease = leaseView(await host.leases.read());
    return { ...about, result: 'already_running', session_id: lease?.owner_session_id ?? null };
  }
  return { ...about, result: 'spawned', session_id: result.session_id, integrate: result };
}

interface Plan {
  role: Role;
  kind: SessionKind;
  project: string;
  words: string[];
  command: string | null;
}

/** Records the session, then starts its process if it is to have one. */
async function register(opened: Opened, plan: Plan): Promise<SessionStartView> {
  const { host, context, workspace } = opened;
  const { role, kind, project, words, command } = plan;
  const id = `${kind}-${host.ids.ulid()}`;
  const { sessionId: parent, source } = actorOf(context);
  const clean = scrubber(secretsOf(context.env));
  await say(host, 'session.started', {
    session_id: id,
    role,
    kind,
    project,
    command: command && clean(command).slice(0, COMMAND_MAX),
    host: hostname(),
    parent,
    command_id: host.ids.ulid(),
  });
  const names = sessionEnvironment({
    role,
    id,
    live: host.repository.standing.mode === 'live',
    narrowed: Object.keys(host.options.narrowed ?? {}).length > 0,
  });
  const environment = { ...guardedPath(context.env, workspace.folder), ...names };
  const about: SessionStartView = { ...BARE, result: 'registered', session_id: id, role, kind, environment };
  if (command === null) return about;
  const log = openProcessFiles(workspace.folder, id, host.repository.sessions);
  const launched = await launch({ words, cwd: project, env: environmentOf(context.env, environment), log });
  if ('failed' in launched) {
    const failed = { session_id: id, actor: source, reason: 'spawn_failed', command_id: host.ids.ulid() };
    await say(host, 'session.ended', failed);
    return { ...about, result: 'spawn_failed', session_id: null, environment: null, detail: launched.failed };
  }
  const { pid } = launched;
  const mark = processMark(pid);
  keepProcess(workspace.folder, id, { pid, mark });
  const spawned = { session_id: id, host: hostname(), pid, mark, command_id: host.ids.ulid() };
  await say(host, 'session.spawned', spawned);
  host.report('a session was started', { session: id, pid, folder: workspace.folder });
  return { ...about, result: 'spawned', pid, log };
}

/** The wrappers in front of everything else; nobody has to ask for them. None while the guards are not in. */
function guardedPath(env: Record<string, string | undefined>, folder: string): { PATH?: string } {
  const bin = wrapperFolder(folder);
  return existsSync(bin) ? { PATH: withWrappers(env['PATH'], bin) } : {};
}

function environmentOf(
  env: Record<string, string | undefined>,
  given: Record<string, string | null>,
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...env, ...given })) {
    if (typeof value === 'string' && !GIT_PLACE.test(name)) all[name] = value;
  }
  return all;
}

/** The folder a session works in. Thrown: NO_FOLDER (2), OTHER_REPOSITORY (6). */
function folderOf({ context, workspace }: Opened, asked: string | null): string {
  const folder = resolve(context.cwd, asked ?? workspace.clone.workTree);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new TelecError('NO_FOLDER', EXIT.usage, `${folder} is no folder`, {
      hint: 'name an existing one: --project',
    });
  }
  const clone = findClone(folder);
  const other = clone && readRepoId(clone.commonDir);
  if (other && other !== workspace.repoId) {
    throw new TelecError('OTHER_REPOSITORY', EXIT.refused, `${folder} belongs to another repository, ${other}`, {
      hint: `telec -C ${folder} sessions start ...`,
    });
  }
  return folder;
}
