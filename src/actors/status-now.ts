/**
 * What of a repository stands outside the fold, asked for at once, and what is shown of both together: the status, and
 * what decides what candidates wait for. The only place where the two meet, so that every surface says the same.
 */
import { candidateKey } from '../machines/identity.ts';
import { integratorMeaning } from '../machines/integrator-meaning.ts';
import type { LogFault, StatusView } from './client.ts';
import { guardsGlance } from './guards/glance.ts';
import type { Host } from './host.ts';
import type { Session } from './integrator.ts';
import { surfaceViews } from './notify/states.ts';
import { type StatusParts, statusView } from './status.ts';
import { testsView } from './tests/shown.ts';
import { type Around, aroundOf, type Doing } from './waits.ts';

/** What of a host is looked at. */
export type Watched = Pick<
  Host,
  | 'options'
  | 'repository'
  | 'notifications'
  | 'dispatcher'
  | 'log'
  | 'logId'
  | 'leases'
  | 'clock'
  | 'ids'
  | 'catalogue'
  | 'told'
>;

/** Where the facts come from. */
export interface NowParts {
  host: Watched;
  /** The daemon around this client, or what is known of one elsewhere. */
  daemon(): Promise<StatusView['daemon']>;
  /** Whether a daemon runs that its environment keeps to shadow in a live repository. */
  daemonNarrowed(): Promise<boolean>;
  /** The session in this process, when there is one. */
  session(): Session | null;
  /** Why the log is not followed any more; null while it is. */
  logFault(): LogFault | null;
}

/** As of one moment; `lease.now` is the clock by which it was. */
export interface Surroundings {
  stats: { lastId: string; length: number; dead: number };
  lease: StatusParts['lease'];
  daemon: StatusView['daemon'];
  /** What `daemonNarrowed` said. */
  narrowed: boolean;
  guards: StatusView['guards'];
  surfaces: StatusView['surfaces'];
}

/** Thrown: REDIS_UNREACHABLE (3). */
export async function surroundings({ host, daemon, daemonNarrowed }: NowParts): Promise<Surroundings> {
  const [stats, lease, runs, narrowed, states] = await Promise.all([
    host.log.stats(),
    host.leases.read(),
    daemon(),
    daemonNarrowed(),
    host.told.states(),
  ]);
  const guards = guardsGlance(host.options.folder);
  return { stats, lease, daemon: runs, narrowed, guards, surfaces: surfaceViews(states) };
}

/** The status of the fold as it is and of what surrounded it. */
export function statusNow({ host, session, logFault }: NowParts, around: Surroundings): StatusView {
  const { stats, lease, daemon, guards, surfaces } = around;
  const own = session();
  const candidate = own?.candidate() ?? null;
  return statusView({
    repo_id: host.options.repoId,
    standing: host.repository.standing,
    narrowed: Object.keys(host.options.narrowed ?? {}).length > 0,
    counts: host.repository.counts(),
    tests: testsView(host.repository, own?.chain() ?? null),
    daemon,
    guards,
    surfaces,
    session: own && { id: own.id, state: own.state(), candidate: candidate && candidateKey(candidate) },
    lease,
    stale: host.dispatcher.stale,
    log: {
      last_id: stats.lastId,
      applied_id: host.dispatcher.appliedId,
      length: stats.length,
      dead: stats.dead,
      state: logFault() ?? 'intact',
    },
  });
}

/** What decides what candidates wait for, by a status of the same moment. */
export function aroundNow({ repository }: Pick<Watched, 'repository'>, status: StatusView, narrowed: boolean): Around {
  const { hold, integrator, tests } = status;
  return aroundOf(repository, { hold, narrowed, doing: doingOf(integrator), chain: tests.chain });
}

/** What the session does; null for none. */
export function doingOf({ state, session_id: session }: StatusView['integrator']): Doing | null {
  if (session === null) return null;
  return { state: state.slice(state.lastIndexOf('.') + 1), meaning: integratorMeaning(state) };
}
