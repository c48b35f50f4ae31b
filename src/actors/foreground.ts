/**
 * Integrator sessions in the process of a command: `integrate`, and `submit --wait` when nobody else drains the queue.
 * Follows the log while one runs, so that it hears of new candidates and lifted holds.
 */
import { EXIT, TelecError } from '../errors.ts';
import { sleep } from '../io/clock.ts';
import { candidateKey } from '../machines/identity.ts';
import { type CandidateRecord, needsSession } from './candidate-record.ts';
import type { IntegrateView, SettleOutcome } from './client.ts';
import { type Opened, privateGit, recordConfiguration } from './commands/session.ts';
import { liftExpiredHold, watchHold } from './hold-expiry.ts';
import type { HostHooks } from './host.ts';
import type { Session, SessionResult } from './integrator.ts';
import { configOfMain } from './main-config.ts';
import { isJudgedOn } from './shadow-record.ts';
import { leaseView } from './status.ts';
import { candidateView } from './views.ts';

/** In shadow nothing ends a candidate here: judged on main as it is, or left by a live session, is all that comes of it. */
function isSettledInShadow(record: CandidateRecord, main: string | null): boolean {
  const { state, context } = record;
  return state === 'ready' ? isJudgedOn(record, main) : state === 'integrating' && context.openPush !== null;
}

const SETTLE_LOOK_MS = 1000;
/** Before a log that could not be followed is followed again. */
const FOLLOW_PAUSE_MS = 1000;

/** What to do about a session that was refused. */
function hintOf(code: string | null | undefined): string {
  if (code === 'OTHER_LOG') return 'telec lease adopt --reason "..."';
  if (code === 'FENCE_UNSIGNED') return 'telec guard install --server --key <the key of the integrator>';
  return 'telec doctor';
}

export class Foreground {
  readonly #daemonRuns: () => Promise<boolean>;
  readonly #daemonNarrowed: () => Promise<boolean>;
  #session: Session | null = null;

  constructor(daemonRuns: () => Promise<boolean>, daemonNarrowed: () => Promise<boolean>) {
    this.#daemonRuns = daemonRuns;
    this.#daemonNarrowed = daemonNarrowed;
  }

  /** The running session, woken by the log. */
  get session(): Session | null {
    return this.#session;
  }

  get hooks(): HostHooks {
    return {
      onCandidateReady: () => this.#session?.wake(),
      onApplied: ({ domain }) => {
        if (domain?.type === 'integration.hold.lifted') this.#session?.holdLifted();
      },
    };
  }

  /** Drains the queue once. Thrown: what refused the session (6), or the bug that ended it. */
  async integrate(opened: Opened, signal: AbortSignal): Promise<IntegrateView> {
    const result = await this.#runSession(opened, signal, true);
    if (result.fault) throw result.fault;
    const { outcome, stop } = result;
    if (outcome === 'refused') {
      throw new TelecError(stop?.code ?? 'REFUSED', EXIT.refused, stop?.detail ?? 'the session was refused', {
        hint: hintOf(stop?.code),
      });
    }
    const { sessionId, mode, completed, blocked, superseded, durationMs, shadow } = result;
    return { session_id: sessionId, mode, outcome, completed, blocked, superseded, duration_ms: durationMs, shadow };
  }

  /** Waits for the end of a candidate; runs sessions itself while there is neither daemon nor live lease. */
  async settle(
    opened: Opened,
    triple: { slug: string; branch: string; sha: string },
    timeoutMs: number | null,
    signal: AbortSignal,
  ): Promise<SettleOutcome> {
    const { host } = opened;
    const { clock } = host;
    const deadline = timeoutMs === null ? Number.POSITIVE_INFINITY : clock.monotonic() + timeoutMs;
    const key = candidateKey(triple);
    let looked = false;
    for (;;) {
      await host.dispatcher.catchUp();
      const record = host.repository.find(key);
      if (!record) throw new TelecError('NOT_FOUND', EXIT.domain, `${key} is not in the log`, { hint: 'telec submit' });
      if (['completed', 'blocked', 'superseded'].includes(record.state)) {
        return { kind: 'settled', candidate: candidateView(host.repository, record) };
      }
      const left = deadline - clock.monotonic();
      if (signal.aborted || left <= 0) return { kind: 'timeout', candidate: candidateView(host.repository, record) };
      const running = await this.#daemonRuns();
      const lease = leaseView(await host.leases.read());
      const alone = !running && !lease?.live;
      // What was judged before may have been judged on an older main: whoever is alone here looks for himself once.
      // Of a daemon that is kept to shadow a verdict is all that comes, though the repository is live.
      const inShadow = host.mode === 'shadow' || (running && (await this.#daemonNarrowed()));
      if (inShadow && (looked || !alone) && isSettledInShadow(record, host.repository.standing.main)) {
        return { kind: 'settled', candidate: candidateView(host.repository, record) };
      }
      // Without a daemon nobody else notices that its time is over.
      if (alone) await liftExpiredHold(host);
      const due =
        record.state === 'ready' || needsSession(record, host.mode ?? 'live') || (!looked && host.mode === 'shadow');
      if (alone && due && !host.repository.standing.hold) {
        const ended = new AbortController();
        const end = () => ended.abort();
        const timer = timeoutMs === null ? null : clock.setTimeout(end, left);
        signal.addEventListener('abort', end, { once: true });
        const result = await this.#runSession(opened, ended.signal, false);
        looked = true;
        signal.removeEventListener('abort', end);
        if (timer !== null) clock.clearTimeout(timer as never);
        if (result.fault) throw result.fault;
        if (result.outcome === 'refused') {
          throw new TelecError(result.stop?.code ?? 'REFUSED', EXIT.refused, result.stop?.detail ?? 'refused', {
            hint: hintOf(result.stop?.code),
          });
        }
        if (result.outcome === 'unreachable') {
          throw new TelecError('REMOTE_UNREACHABLE', EXIT.unreachable, result.stop?.detail ?? 'unreachable', {
            hint: 'telec doctor',
          });
        }
        continue;
      }
      await host.log.wait(host.dispatcher.appliedId, Math.min(left, SETTLE_LOOK_MS), signal);
    }
  }

  /** `thorough`: what is left of earlier deliveries is tried again, whenever it was tried last. */
  async #runSession(known: Opened, signal: AbortSignal, thorough: boolean): Promise<SessionResult> {
    const opened = await byMain(known, signal);
    const { host, workspace } = opened;
    await recordConfiguration(opened);
    await liftExpiredHold(host);
    const session = host.startSession(await privateGit(opened), workspace.config, {
      project: workspace.clone.workTree,
    });
    this.#session = session;
    const stop = () => session.stop('interrupted');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const following = new AbortController();
    const followed = host.dispatcher.follow(following.signal, async (error) => {
      host.report('the log could not be followed; trying again', { error: String(error) });
      await sleep(host.clock, FOLLOW_PAUSE_MS, following.signal).catch(() => undefined);
    });
    const watched = watchHold(host, session, following.signal);
    const result = await session.done;
    signal.removeEventListener('abort', stop);
    following.abort();
    await Promise.all([followed, watched]);
    this.#session = null;
    // One that never had the lease has nothing behind it.
    if (!['busy', 'held', 'refused'].includes(result.outcome)) await this.#careAfter(opened, thorough);
    return result;
  }

  /** What a daemon would do after a session; its failure is told, and is none of the session's. */
  async #careAfter(opened: Opened, all: boolean): Promise<void> {
    const { workspace, context } = opened;
    const tell = (what: string) => (error: unknown) =>
      context.say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    const { followDrain } = await import('./after-delivery.ts');
    await followDrain(opened, workspace.config).catch(tell('the command after the drain was not started'));
    if (await this.#daemonRuns()) return;
    const { sweep } = await import('./janitor.ts');
    await sweep(opened, { config: workspace.config, all })
      .then((done) => {
        for (const remark of done?.remarks ?? []) context.say(remark);
      })
      .catch(tell('not everything was cleaned up'));
  }
}

/** With the configuration of main as it is now. */
async function byMain(opened: Opened, signal: AbortSignal): Promise<Opened> {
  const { workspace, context } = opened;
  const config = await configOfMain(opened, await privateGit(opened), {
    signal,
    complain: (error) => context.say(`main's configuration cannot be used, the last good one counts: ${error.message}`),
  });
  return config ? { ...opened, workspace: { ...workspace, config } } : opened;
}
