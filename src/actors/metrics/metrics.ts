/**
 * What the daemon tells Prometheus. Counters and histograms add up the entries applied since the daemon began, whichever
 * host they come from; gauges are read when they are asked for. All durations are between entries, by the clock of Redis.
 * Keeps of a candidate no more than when it was taken, and that only while a session has it. Never delays or fails the fold.
 */
import { telecVersion } from '../../io/version.ts';
import { PLACES } from '../../machines/check-words.ts';
import type { DomainEvent } from '../../machines/events.ts';
import type { Change } from '../candidate-record.ts';
import type { LogFault } from '../client.ts';
import type { Companion } from '../companions.ts';
import type { Host } from '../host.ts';
import type { Session } from '../integrator.ts';
import type { PipelineEvent } from '../pipeline.ts';
import { holdAt } from '../status.ts';
import { testsView } from '../tests/shown.ts';
import { type Meters, makeMeters } from './meters.ts';

const LEVELS = ['infrastructure', 'operational', 'workflow', 'business'] as const;

/** What is read at a scrape beside the host. */
export interface MetricsParts {
  host: Host;
  /** Why the log is not followed any more; null while it is. */
  logFault(): LogFault | null;
  /** The session that this daemon runs now. */
  session(): Pick<Session, 'chain'> | null;
}

/** One answer to a scrape. */
export interface Exposition {
  contentType: string;
  text: string;
}

export interface Metrics extends Companion {
  /** All meters as they are now. Several who ask at once get one answer. Never throws for a Redis that is away. */
  scrape(): Promise<Exposition>;
}

export function createMetrics(parts: MetricsParts): Metrics {
  const meters = makeMeters();
  /** Candidate -> ms at which a session took it. */
  const taken = new Map<string, number>();
  let asked: Promise<Exposition> | null = null;
  let cpuSeconds = 0;
  describe(meters, parts.host);

  const read = async (): Promise<Exposition> => {
    const { user, system } = process.cpuUsage();
    const used = (user + system) / 1e6;
    meters.cpu.inc(Math.max(0, used - cpuSeconds));
    cpuSeconds = used;
    meters.memory.set(process.memoryUsage.rss());
    setGauges(meters, parts, await askRedis(parts.host));
    return { contentType: meters.registry.contentType, text: await meters.registry.metrics() };
  };

  return {
    start: () => undefined,
    stop: async () => undefined,
    applied(event, changes) {
      count(meters, event);
      for (const change of changes) move(meters, taken, change);
    },
    scrape() {
      asked ??= read().finally(() => {
        asked = null;
      });
      return asked;
    },
  };
}

/** What never changes while the daemon lives, and a zero for each series that would else begin with its first event. */
function describe(meters: Meters, { options, logId }: Host): void {
  meters.build.set({ version: telecVersion(), node: process.version }, 1);
  meters.repository.set({ repo_id: options.repoId, log_id: logId }, 1);
  meters.started.set(Date.now() / 1000 - process.uptime());
  for (const kind of ['merged', 'already_integrated']) meters.outcomes.inc({ outcome: 'completed', kind }, 0);
  for (const kind of ['conflict', 'checks']) meters.outcomes.inc({ outcome: 'blocked', kind }, 0);
  for (const outcome of ['superseded', 'requeued']) meters.outcomes.inc({ outcome, kind: '' }, 0);
  for (const outcome of ['attempted', 'succeeded', 'rejected', 'burned']) meters.pushes.inc({ outcome }, 0);
  for (const outcome of ['passed', 'cached', 'failed', 'timed_out', 'killed', 'not_started'])
    meters.checkRuns.inc({ outcome }, 0);
  for (const outcome of ['passed', 'failed']) meters.checkTime.zero({ outcome });
  meters.flakes.inc(0);
  for (const outcome of ['drained', 'aborted']) meters.sessions.inc({ outcome }, 0);
  for (const outcome of ['completed', 'blocked']) meters.work.zero({ outcome });
}

function count(meters: Meters, { domain }: PipelineEvent): void {
  meters.events.inc({ type: domain ? domain.type : 'other' });
  if (domain) countDomain(meters, domain);
}

function countDomain(meters: Meters, event: DomainEvent): void {
  switch (event.type) {
    case 'integration.push.attempted':
    case 'integration.push.succeeded':
    case 'integration.push.rejected':
    case 'integration.push.burned':
      meters.pushes.inc({ outcome: event.type.slice('integration.push.'.length) });
      break;
    case 'integration.checks.passed': {
      const { duration_ms: ms, cached, flaked } = event.payload;
      meters.checkRuns.inc({ outcome: cached ? 'cached' : 'passed' });
      if (!cached) meters.checkTime.observe({ outcome: 'passed' }, ms / 1000);
      if (flaked && !cached) meters.flakes.inc();
      break;
    }
    case 'integration.checks.failed': {
      const { duration_ms: ms, kind } = event.payload;
      meters.checkRuns.inc({ outcome: kind });
      meters.checkTime.observe({ outcome: 'failed' }, ms / 1000);
      break;
    }
    case 'integration.session.completed':
      meters.sessions.inc({ outcome: event.payload.outcome });
      break;
    case 'integration.session.aborted':
      meters.sessions.inc({ outcome: 'aborted' });
      break;
    case 'integration.main.foreign':
      meters.foreign.inc();
      break;
    case 'integration.guard.refused':
      meters.guards.inc({ code: event.payload.code });
      break;
    default:
  }
}

/** One step of a candidate: how long it had waited, how long it was worked on, what became of it. */
function move(meters: Meters, taken: Map<string, number>, { record, from, to, entryId }: Change): void {
  const at = millisOf(entryId);
  if (to === 'integrating') {
    taken.set(record.id, at);
    if (record.readySince !== null) meters.wait.observe(secondsBetween(millisOf(record.readySince), at));
    return;
  }
  const began = taken.get(record.id);
  taken.delete(record.id);
  const outcome = from === 'integrating' && (to === 'ready' || to === 'pending') ? 'requeued' : to;
  if (began !== undefined) meters.work.observe({ outcome }, secondsBetween(began, at));
  if (outcome === 'ready' || outcome === 'pending') return;
  const { delivery, failure } = record.context;
  const kind = { completed: delivery?.outcome, blocked: failure?.kind, superseded: '', requeued: '' }[outcome] ?? '';
  meters.outcomes.inc({ outcome, kind });
}

const millisOf = (entryId: string): number => Number(entryId.split('-')[0]);
const secondsBetween = (from: number, to: number): number => Math.max(0, to - from) / 1000;

/** What only Redis knows; null while it does not answer. */
async function askRedis({ log, leases, dispatcher }: Host) {
  try {
    const [stats, lease] = await Promise.all([log.stats(), leases.read()]);
    const behind = stats.lastId !== dispatcher.appliedId;
    const [oldest] = behind ? await log.read(dispatcher.appliedId, 1) : [];
    return { stats, lease, lag: oldest ? secondsBetween(millisOf(oldest.id), lease.now) : 0 };
  } catch {
    return null;
  }
}

function setGauges(meters: Meters, parts: MetricsParts, redis: Awaited<ReturnType<typeof askRedis>>): void {
  const { host } = parts;
  const { repository, dispatcher } = host;
  const { standing } = repository;
  for (const [state, number] of Object.entries(repository.counts())) meters.candidates.set({ state }, number);
  for (const mode of ['live', 'shadow'] as const) meters.mode.set({ mode }, host.mode === mode ? 1 : 0);
  meters.rollbackRequired.set(standing.notLive?.rollbackRequired ? 1 : 0);
  meters.running.set(parts.session() ? 1 : 0);
  meters.followed.set(parts.logFault() === null && dispatcher.stale === null ? 1 : 0);
  const unseen = [0, 0, 0, 0];
  for (const { human_status, level } of host.notifications.rows())
    if (human_status === 'unseen') unseen[level] = (unseen[level] ?? 0) + 1;
  for (const [level, name] of LEVELS.entries()) meters.notifications.set({ level: name }, unseen[level] ?? 0);
  const now = redis?.lease.now ?? host.clock.now();
  const hold = holdAt(standing, now);
  meters.hold.set({ kind: 'hold' }, hold && !hold.alarm ? 1 : 0);
  meters.hold.set({ kind: 'halt' }, hold?.alarm ? 1 : 0);
  const [next] = repository.queue;
  meters.oldest.set(next ? secondsBetween(next.context.readyAtMs, now) : 0);
  setTestGauges(meters, parts, redis);
  setRedisGauges(meters, redis);
}

/** Chain and window: of this daemon's session, or as the log tells them of the one that holds the lease. */
function setTestGauges(
  meters: Meters,
  { host: { repository }, session }: MetricsParts,
  redis: Awaited<ReturnType<typeof askRedis>>,
): void {
  const own = session();
  const { record = null, now = 0 } = redis?.lease ?? {};
  const works = own !== null || (record !== null && record.expiresAt > now);
  const { window, chain, running, failure_rate: rate } = testsView(repository, own?.chain() ?? null);
  meters.checksRunning.set(works ? running : 0);
  meters.window.reset();
  if (window) for (const of of ['size', 'max'] as const) meters.window.set({ of }, window[of]);
  for (const place of PLACES)
    meters.chain.set({ verdict: place }, works ? chain.filter(({ verdict }) => verdict === place).length : 0);
  meters.checkFailureRate.remove();
  if (rate !== null) meters.checkFailureRate.set(rate);
}

/** A value that could not be read is left out, so that no old one is taken for it. */
function setRedisGauges(meters: Meters, redis: Awaited<ReturnType<typeof askRedis>>): void {
  const { entries, dead, lag, leaseHeld, leaseAge, leaseLeft, fence } = meters;
  for (const gauge of [entries, dead, lag, leaseHeld, leaseAge, leaseLeft, fence]) gauge.remove();
  meters.redis.set(redis ? 1 : 0);
  if (!redis) return;
  entries.set(redis.stats.length);
  dead.set(redis.stats.dead);
  lag.set(redis.lag);
  const { record, now } = redis.lease;
  leaseHeld.set(record && record.expiresAt > now ? 1 : 0);
  if (!record) return;
  leaseAge.set(secondsBetween(record.acquiredAt, now));
  leaseLeft.set((record.expiresAt - now) / 1000);
  fence.set(record.fence);
}
