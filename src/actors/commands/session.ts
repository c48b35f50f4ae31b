/** What several commands share: the opened repository of one command, and the ways it may be used. */
import { EXIT, TelecError } from '../../errors.ts';
import type { Config } from '../../io/config.ts';
import type { IntegrationRepository, RemoteView } from '../../io/git/port.ts';
import { registerClone, writeRepoId } from '../../io/state.ts';
import type { EventType, PayloadOf } from '../../machines/events.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { CommandContext } from '../client.ts';
import type { Host } from '../host.ts';
import type { EmitResult } from '../producer.ts';
import { actorOf, openWorkspace, type Workspace } from '../workspace.ts';

/** A repository opened for a command that may write: registered, folded, live. */
export interface Opened {
  context: CommandContext;
  workspace: Workspace;
  host: Host;
}

/** Thrown by everything that writes before `telec init`. */
export function notInitialized(): TelecError {
  return new TelecError('NOT_INITIALIZED', EXIT.refused, 'telec is not set up for this repository yet', {
    hint: 'telec init',
  });
}

/** Registers the clone and brings the fold up to date. Thrown: NOT_INITIALIZED (6). */
export async function openForWriting(context: CommandContext, host: Host): Promise<Opened> {
  const workspace = await openWorkspace(context);
  await host.dispatcher.catchUp();
  if (host.repository.standing.mode === null) throw notInitialized();
  writeRepoId(workspace.commonDir, workspace.repoId);
  if (registerClone(workspace.folder, workspace.commonDir)) await guardNewClone(context, workspace, host);
  return { context, workspace, host };
}

/** Where guards are in, a clone that joins gets them too; what keeps them out is said and keeps nobody from working. */
async function guardNewClone(context: CommandContext, workspace: Workspace, { logId }: Host): Promise<void> {
  const { guardFilePath, readGuardFile } = await import('../../io/guards/guard-file.ts');
  if (readGuardFile(guardFilePath(workspace.folder)) === null) return;
  const { installSaying } = await import('../guards/install.ts');
  await installSaying(context, workspace, logId);
}

export function privateGit({ host, workspace }: Opened): Promise<IntegrationRepository> {
  return host.git(workspace.clone, workspace.config);
}

/** The remote as it is now. Thrown: REMOTE_UNREACHABLE (3). */
export async function lookAtRemote(git: IntegrationRepository): Promise<RemoteView> {
  const look = await git.look();
  if (look.kind === 'seen') return look.view;
  throw new TelecError('REMOTE_UNREACHABLE', EXIT.unreachable, `the remote cannot be reached: ${look.detail}`, {
    hint: 'telec doctor',
    retryable: true,
  });
}

/**
 * Live mode needs a remote that takes several refs as one; shadow moves none, so it is told and goes on. Thrown:
 * REMOTE_UNSUITABLE (6), REMOTE_UNREACHABLE (3).
 */
export async function demandService(
  context: CommandContext,
  git: IntegrationRepository,
  inShadow: boolean,
): Promise<void> {
  const probed = await git.probe();
  if (probed.kind === 'ok') return;
  if (probed.kind === 'unsupported' && inShadow) {
    context.say(`the remote cannot serve live mode yet, which shadow does not need: ${probed.detail}`);
    return;
  }
  const exit = probed.kind === 'unsupported' ? EXIT.refused : EXIT.unreachable;
  const code = probed.kind === 'unsupported' ? 'REMOTE_UNSUITABLE' : 'REMOTE_UNREACHABLE';
  throw new TelecError(code, exit, `the remote cannot serve: ${probed.detail}`, { hint: 'telec doctor' });
}

/** Appends one event and folds it. Thrown: EVENT_REFUSED (2) with every problem. */
export async function say<T extends EventType>(host: Host, type: T, payload: PayloadOf<T>): Promise<string[]> {
  const result = await host.producer.emit(type, payload as never);
  return heard(host, type, result);
}

/** Folds what was emitted and answers its entries. Thrown: EVENT_REFUSED (2) with every problem. */
export async function heard(host: Host, type: EventType, result: EmitResult): Promise<string[]> {
  if (result.status !== 'appended' && result.status !== 'duplicate') {
    const problems = 'problems' in result ? result.problems : [];
    throw new TelecError('EVENT_REFUSED', EXIT.usage, `the log did not take ${type}`, { problems });
  }
  await host.dispatcher.catchUp();
  return result.ids;
}

/** Records the configuration when it differs from the one the log knows. */
export async function recordConfiguration({ context, workspace, host }: Opened): Promise<boolean> {
  const { config } = workspace;
  const { configured } = host.repository.standing;
  const { configDigest } = await import('../../io/config.ts');
  const digest = configDigest(config);
  if (configured?.digest === digest && configured.remote === config.remote) return false;
  await say(host, 'integration.configured', {
    remote: config.remote,
    main: config.main,
    strategy: config.integration.strategy,
    digest,
    ...(config.speculation.lanes.length > 0 ? { lanes: lanesOf(config) } : {}),
    ...(config.speculation.priorities ? { priorities: true } : {}),
    previous: configured?.id ?? null,
    actor: actorOf(context).source,
  });
  return true;
}

const lanesOf = ({ speculation: { lanes } }: Config) => lanes.map(({ name, paths }) => ({ name, paths: [...paths] }));

/** Asks git about these candidates and folds what it says. */
export async function probe(opened: Opened, records: readonly CandidateRecord[], view?: RemoteView): Promise<void> {
  const git = await privateGit(opened);
  const prober = opened.host.prober(git, opened.workspace.config, actorOf(opened.context).sessionId);
  const result = await prober.probe(records, view ?? (await lookAtRemote(git)));
  if (result.kind === 'unreachable') {
    throw new TelecError('REMOTE_UNREACHABLE', EXIT.unreachable, `the remote cannot be reached: ${result.detail}`, {
      hint: 'telec doctor',
      retryable: true,
    });
  }
  await opened.host.dispatcher.catchUp();
}
