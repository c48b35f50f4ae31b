/**
 * The meters of the daemon: their names, units, labels and buckets, in one registry of its own. Declares, measures nothing.
 * A label has few values, all of them telec's own words: nothing that a branch, a user or a remote can name is one.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds a candidate waits: from a second to a day. */
const WAIT_BUCKETS = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];
/** Seconds an integration takes: from a quarter of a second to an hour. */
const WORK_BUCKETS = [0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];
/** Seconds a check runs: from a tenth of a second to an hour. */
const CHECK_BUCKETS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** One registry with all meters. What the scrape sets is a gauge; what entries add up is a counter or a histogram. */
export function makeMeters() {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
    new Histogram({ name, help, buckets, labelNames, registers });
  return {
    registry,
    build: gauge('telec_build_info', 'Always 1; the version that runs', 'version', 'node'),
    repository: gauge(
      'telec_repository_info',
      'Always 1; which repository, and the log it is folded from',
      'repo_id',
      'log_id',
    ),
    started: gauge('process_start_time_seconds', 'When the daemon began, seconds since the epoch'),
    cpu: counter('process_cpu_seconds_total', 'Processor time the daemon used, user and system'),
    memory: gauge('process_resident_memory_bytes', 'Memory the daemon holds'),
    mode: gauge('telec_mode', '1 for the mode sessions of this daemon run in, 0 for the other', 'mode'),
    hold: gauge('telec_hold', '1 while merging is frozen: by a person (hold) or by telec with an alarm (halt)', 'kind'),
    rollbackRequired: gauge(
      'telec_rollback_required',
      '1 while a person has to decide about a cutover that was taken back',
    ),
    candidates: gauge('telec_candidates', 'Candidates by state, over the whole log', 'state'),
    oldest: gauge(
      'telec_queue_oldest_seconds',
      'How long the next of the queue waits since it was handed over; 0 when it is empty',
    ),
    wait: histogram('telec_wait_seconds', 'From ready to taken by a session', WAIT_BUCKETS),
    work: histogram(
      'telec_integration_seconds',
      'From taken by a session to what became of it',
      WORK_BUCKETS,
      'outcome',
    ),
    outcomes: counter(
      'telec_outcomes_total',
      'What became of candidates; kind says how they landed or why they did not',
      'outcome',
      'kind',
    ),
    pushes: counter('telec_pushes_total', 'Pushes of main: attempted, and how they ended', 'outcome'),
    checkRuns: counter(
      'telec_check_runs_total',
      'Runs of checks by how they ended, further tries counted; cached: a verdict that was known and not run for',
      'outcome',
    ),
    checkTime: histogram('telec_check_seconds', 'How long checks ran', CHECK_BUCKETS, 'outcome'),
    flakes: counter('telec_check_flakes_total', 'Checks that passed on the very tree they had failed on'),
    checksRunning: gauge('telec_checks_running', 'Checks that run now; 0 while no session works'),
    checkFailureRate: gauge(
      'telec_check_failure_rate',
      'Share of the last 100 tested deliveries that their checks stopped; absent while fewer than 10 have ended',
    ),
    window: gauge(
      'telec_window',
      'Deliveries tested ahead of main at a time: as it is (size), as configured (max); absent where nothing is tested',
      'of',
    ),
    chain: gauge('telec_chain', 'Deliveries that a session has in its chain, by what is known of them', 'verdict'),
    sessions: counter('telec_sessions_total', 'Integrator sessions that ended, on any host', 'outcome'),
    running: gauge('telec_session_running', '1 while this daemon runs an integrator session'),
    leaseHeld: gauge('telec_lease_held', '1 while a live lease exists, whoever holds it'),
    leaseAge: gauge('telec_lease_age_seconds', 'Since when the lease is held; absent while none is'),
    leaseLeft: gauge(
      'telec_lease_remaining_seconds',
      'Until it expires unless it is renewed; below 0 for one that expired unreleased',
    ),
    fence: gauge('telec_fence', 'Fence of the lease; absent while there is none'),
    redis: gauge('telec_redis_up', '1 when Redis answered this scrape; what is read from it is absent otherwise'),
    entries: gauge('telec_log_entries', 'Entries of the log, those in archives counted'),
    lag: gauge(
      'telec_log_lag_seconds',
      'Age of the oldest entry that the daemon has not applied; 0 when it has them all',
    ),
    followed: gauge(
      'telec_log_followed',
      '0 when the daemon stopped following the log: replaced, cut, contradictory, or of a newer version',
    ),
    dead: gauge('telec_dead_letters', 'Entries that could not be applied'),
    events: counter('telec_events_total', 'Entries applied, by type; other: types that programs registered', 'type'),
    foreign: counter('telec_main_foreign_total', 'Times that somebody else moved main'),
    guards: counter('telec_guard_refusals_total', 'Ways to main that a guard refused', 'code'),
    notifications: gauge('telec_notifications_unseen', 'Notifications nobody has seen, by level', 'level'),
  };
}

export type Meters = ReturnType<typeof makeMeters>;
