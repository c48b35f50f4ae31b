/**
 * The composition root of a command: finds the repository, opens what the command needs of it, and nothing more. What
 * a command does not need is not loaded.
 */
import { existsSync } from 'node:fs';
import { EXIT, TelecError } from '../errors.ts';
import { declaredRole } from '../io/acting.ts';
import { secretsOf } from '../io/secrets.ts';
import { readDaemonFile } from '../io/state.ts';
import type { CandidateView, CommandContext, Runtime, StatusView, TelecClient } from './client.ts';
import type { Faults } from './faults.ts';
import type { Host, HostHooks, HostOptions } from './host.ts';
import { narrowedBy } from './modes/session-mode.ts';
import type { IntegratorDesk, WakeView } from './sessions/views.ts';
import type { Admission } from './todos/work-tree.ts';
import { actorOf, findPlace, openWorkspace, type Place, redisUrl, type Workspace } from './workspace.ts';

/** A session begins by asking the remote for its configuration, which may take its time. */
const WAKE_MS = 60_000;

/** What the daemon of a state folder says of itself, when it answers. */
async function daemonOf(folder: string): Promise<StatusView['daemon']> {
  const file = readDaemonFile(folder);
  const { ask } = await import('../io/daemon-socket.ts');
  const answers = file && (await ask(file.socket, { path: '/v1/status' }));
  return answers
    ? { running: true, pid: file.pid, since: file.since, web: (answers.value as StatusView).daemon.web }
    : { running: false, pid: null, since: null, web: null };
}

/** Whether the daemon of a state folder is kept to shadow in a live repository: only then a live one gives a reason. */
async function isDaemonNarrowed(folder: string): Promise<boolean> {
  const file = readDaemonFile(folder);
  const { ask } = await import('../io/daemon-socket.ts');
  const answer = file && (await ask(file.socket, { path: '/v1/status' }));
  const status = answer?.value as StatusView | undefined;
  return status?.mode === 'live' && status.mode_reason !== null;
}

/** The daemon's integrator, asked over its socket. */
function integratorOf(folder: string, env: CommandContext['env']): IntegratorDesk {
  const post = async <T>(path: string, body: object): Promise<T | null> => {
    const file = readDaemonFile(folder);
    if (!file) return null;
    const { ask } = await import('../io/daemon-socket.ts');
    const role = declaredRole(env)?.value;
    const question = {
      method: 'POST',
      path,
      body,
      timeoutMs: WAKE_MS,
      ...(role === undefined ? {} : { role }),
    } as const;
    const answer = await ask(file.socket, question);
    return answer && (answer.value as T);
  };
  return {
    wake: () => post<WakeView>('/v1/integrator', {}),
    end: async (sessionId) => {
      const answer = await post<{ asked: boolean }>('/v1/integrator/end', { session_id: sessionId });
      return answer === null ? null : answer.asked;
    },
  };
}

async function daemonCandidates(folder: string): Promise<{ appliedId: string; candidates: CandidateView[] } | null> {
  const file = readDaemonFile(folder);
  if (!file) return null;
  const { ask } = await import('../io/daemon-socket.ts');
  const status = (await ask(file.socket, { path: '/v1/status' })) as { value: StatusView } | null;
  const candidates = (await ask(file.socket, { path: '/v1/candidates' })) as { value: CandidateView[] } | null;
  return status && candidates ? { appliedId: status.value.log.applied_id, candidates: candidates.value } : null;
}

async function hostOptions(context: CommandContext, place: Place): Promise<HostOptions> {
  return {
    repoId: place.repoId,
    folder: place.folder,
    redisUrl: await redisUrl(place, context.env),
    source: actorOf(context).source,
    onWait: (word) => context.say(word),
    report: (message, details) => context.say(`${message}: ${Object.values(details).map(oneLine).join('; ')}`),
    env: context.env,
    narrowed: narrowedBy(context.env),
    secrets: secretsOf(context.env),
    ...(context.faults ? { faults: context.faults as Faults } : {}),
    ...(context.tuning ? { tuning: context.tuning } : {}),
  };
}

const oneLine = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).trim();

async function openClient(context: CommandContext): Promise<TelecClient> {
  const place = findPlace(context) ?? (await openWorkspace(context));
  return clientIn(context, place, null);
}

async function clientIn(context: CommandContext, place: Place, agreed: Workspace | null): Promise<TelecClient> {
  const { openHost } = await import('./host.ts');
  const { RepositoryClient } = await import('./repository-client.ts');
  const options = await hostOptions(context, place);
  let client: InstanceType<typeof RepositoryClient> | null = null;
  const host = await openHost(options, {
    onCandidateReady: (record) => client?.hooks.onCandidateReady?.(record),
    onApplied: (event, changes) => client?.hooks.onApplied?.(event, changes),
  });
  client = new RepositoryClient({
    context,
    host,
    replica: (hooks: HostHooks, from) => openHost({ ...options, fresh: true, readOnly: true, ...from }, hooks),
    daemon: () => daemonOf(place.folder),
    daemonNarrowed: () => isDaemonNarrowed(place.folder),
    integrator: integratorOf(place.folder, context.env),
    session: () => null,
    logFault: () => null,
    daemonCandidates: () => daemonCandidates(place.folder),
    agreed,
    ownsHost: true,
  });
  return client;
}

/** `init` decides the repository's id, so it finds its place by asking the remote. */
async function openForInit(context: CommandContext): Promise<TelecClient> {
  const { agreeOnId } = await import('./commands/init.ts');
  const agreed = await agreeOnId(context);
  return clientIn(context, agreed, agreed);
}

/** Where the log of the repository is, when there can be one: a clone without a remote or without any state has none. */
async function placeOfLog(context: CommandContext, known?: Workspace | null): Promise<Place | null> {
  const registered = findPlace(context);
  if (registered) return registered;
  const { workspaceOf } = await import('./todos/desk.ts');
  const place = known === undefined ? await workspaceOf(context) : known;
  if (!place || existsSync(place.folder)) return place;
  return (await redisUrl(place, context.env)) === null ? null : place;
}

/** The log is opened by the first call that needs it, once. */
async function openTodos(context: CommandContext): ReturnType<Runtime['openTodos']> {
  const { createTodoDesk } = await import('./todos/todo-desk.ts');
  let opening: Promise<Host | null> | null = null;
  const open = async (): Promise<Host | null> => {
    const place = await placeOfLog(context);
    return place && (await import('./host.ts')).openHost(await hostOptions(context, place));
  };
  const host = (): Promise<Host | null> => {
    opening ??= open();
    return opening;
  };
  const opened = async () => {
    const found = await host();
    const { notInitialized, openForWriting } = await import('./commands/session.ts');
    if (!found) throw notInitialized();
    return openForWriting(context, found);
  };
  const close = async () => {
    const found = await opening?.catch(() => null);
    found?.save();
    await found?.close();
  };
  return { desk: createTodoDesk({ context, host, opened }), close };
}

/** Opens the log for a command that writes papers, and keeps of it what that command asks. Thrown: NOT_INITIALIZED (6). */
async function admitted(context: CommandContext): Promise<Admission> {
  const { openHost } = await import('./host.ts');
  const { notInitialized, openForWriting } = await import('./commands/session.ts');
  const { wasDispatched } = await import('./sessions/register.ts');
  const place = await placeOfLog(context);
  if (!place) throw notInitialized();
  const host = await openHost(await hostOptions(context, place));
  try {
    await openForWriting(context, host);
    const { repository } = host;
    return {
      isDelivered: (slug) => repository.ofSlug(slug).some(({ state }) => state === 'completed'),
      wasDispatched: (sessionId) => wasDispatched(host, sessionId, 'next-prepare-gate'),
    };
  } finally {
    host.save();
    await host.close();
  }
}

export const runtime: Runtime = {
  openClient,
  openForInit,
  openTodos,
  async serve(context, ready) {
    const { serve } = await import('./daemon.ts');
    await serve(context, ready);
  },
  async stopRedis(context) {
    const place = findPlace(context) ?? (await openWorkspace(context));
    if ((await redisUrl(place, context.env)) !== null) {
      throw new TelecError(
        'REDIS_SHARED',
        EXIT.refused,
        'this repository uses a shared Redis, which is not for telec to end',
        { hint: 'telec down, without --redis' },
      );
    }
    const { stopServer } = await import('../io/redis/server.ts');
    return stopServer(place.folder);
  },
  async doctor(context) {
    const { examine } = await import('./doctor.ts');
    return examine(context);
  },
  async todoPapers(context) {
    const { todoPapers } = await import('./todos/paper-desk.ts');
    return todoPapers(context, () => admitted(context));
  },
  async roadmap(context) {
    const { roadmapOf } = await import('./todos/paper-desk.ts');
    return roadmapOf(context, () => admitted(context));
  },
  async demo(context, request, tell) {
    const { runDemo } = await import('./demo/demo.ts');
    return runDemo(context, request, tell);
  },
  async simulate(context, { load, settings }, progress) {
    const { simulateAll } = await import('./simulate/simulate.ts');
    const { generatedLoad } = await import('./simulate/load.ts');
    const told = { signal: context.signal, progress };
    if (load.kind === 'generated') return simulateAll(generatedLoad(load), settings, told);
    const client = await openClient(context);
    try {
      return await simulateAll(await client.recordedLoad(load), settings, told);
    } finally {
      await client.close();
    }
  },
  async takeGuardsOut(context) {
    const { takeGuardsOut } = await import('./guards/desk.ts');
    return takeGuardsOut(context);
  },
  async serverGuard(context) {
    const { openServerGuard } = await import('./guards/server.ts');
    return openServerGuard(context);
  },
  async openWeb(context, request) {
    const { openWeb } = await import('./commands/web.ts');
    return openWeb(context, request);
  },
  async configuration(context) {
    return (await openWorkspace(context)).rows;
  },
  async rollout(context) {
    const { openRolloutDesk } = await import('./rollout/desk.ts');
    const { workspaceOf } = await import('./todos/desk.ts');
    const workspace = await workspaceOf(context);
    const place = await placeOfLog(context, workspace);
    return openRolloutDesk(context, workspace, place && (await hostOptions(context, place)));
  },
  async catalog() {
    const { buildDefaultCatalogue, catalogueRow } = await import('../machines/events.ts');
    return buildDefaultCatalogue().list().map(catalogueRow);
  },
  async machines() {
    const { machineNames } = await import('./commands/reading.ts');
    return machineNames();
  },
  async machine(name) {
    const { machineView } = await import('./commands/reading.ts');
    return machineView(name);
  },
};
