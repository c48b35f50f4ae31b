/**
 * The load that a log tells of: who became ready when, what became of them, how long their checks took, and which runs
 * failed by accident. What never came to an end, or to one that no settings change, is left out and counted.
 */
import type { DomainEvent } from '../../machines/events.ts';
import { type CandidateKey, candidateKey } from '../../machines/identity.ts';
import { compareQueue } from '../../machines/queue.ts';
import type { Change as CandidateChange, CandidateRecord } from '../candidate-record.ts';
import type { Host, HostHooks } from '../host.ts';
import { compareIds } from '../pipeline.ts';
import type { Change, Load } from './load.ts';
import type { RecordedRequest } from './views.ts';

interface Told {
  record: CandidateRecord;
  /** When it first became ready, ms since the epoch. */
  readyAt: number;
  /** Longest run of each check, ms. */
  durations: Map<string, number>;
  /** Failed runs of a check on a tree that were tried again. */
  retried: Map<string, number>;
  flakes: number;
  end: 'landed' | 'checks' | 'conflict' | null;
}

/** Hears entries in the order of the log. */
export class Recording {
  readonly #told = new Map<CandidateKey, Told>();

  apply(event: DomainEvent, changes: readonly CandidateChange[]): void {
    for (const { record, to } of changes) {
      const key = candidateKey(record.context);
      if (to === 'ready' && !this.#told.has(key)) this.#told.set(key, freshly(record, Date.parse(event.timestamp)));
    }
    switch (event.type) {
      case 'integration.checks.passed':
        this.#pass(event);
        return;
      case 'integration.checks.failed':
        this.#fail(event);
        return;
      case 'deployment.completed':
        this.#end(event, 'landed');
        return;
      case 'deployment.failed':
        this.#end(event, END_OF[event.payload.kind] ?? null);
        return;
      default:
    }
  }

  /** `checkMs`: in place of what the checks took; where nothing is known of a delivery, the mean of the others counts. */
  load(checkMs: number | null): Load {
    const all = [...this.#told.values()].sort((a, b) => compareQueue(a.record.context, b.record.context));
    const ended = all.filter(({ end }) => end !== null);
    const first = Math.min(...ended.map(({ readyAt }) => readyAt));
    const known = ended.map(lengthOf).filter((ms) => ms !== null);
    const mean = known.length === 0 ? 0 : Math.round(known.reduce((sum, ms) => sum + ms, 0) / known.length);
    const changes = ended.map(
      (told): Change => ({
        slug: told.record.context.slug,
        readyMs: told.readyAt - first,
        checkMs: checkMs ?? lengthOf(told) ?? mean,
        bad: told.end === 'checks',
        conflict: told.end === 'conflict' ? 'always' : 'none',
        flakes: told.flakes,
      }),
    );
    const share = (count: number) =>
      changes.length === 0 ? 0 : Math.round((count / changes.length) * 10_000) / 10_000;
    const span = Math.max(0, ...changes.map(({ readyMs }) => readyMs));
    return {
      changes,
      flakeRate: 0,
      seed: 0,
      view: {
        source: 'recorded',
        candidates: changes.length,
        rate_per_hour: span === 0 ? null : Math.round(((changes.length - 1) * 3_600_000_000) / span) / 1000,
        check_ms: checkMs ?? mean,
        failure_rate: share(changes.filter(({ bad }) => bad).length),
        conflict_rate: share(changes.filter(({ conflict }) => conflict !== 'none').length),
        flake_rate: share(changes.filter(({ flakes }) => flakes > 0).length),
        left_out: all.length - ended.length,
      },
    };
  }

  #pass({ payload }: DomainEvent<'integration.checks.passed'>): void {
    const told = this.#told.get(candidateKey(payload));
    if (!told) return;
    const run = `${payload.check} ${payload.tree}`;
    if (payload.flaked) told.flakes += told.retried.get(run) ?? 0;
    told.retried.delete(run);
    if (!payload.cached) note(told, payload);
  }

  #fail({ payload }: DomainEvent<'integration.checks.failed'>): void {
    const told = this.#told.get(candidateKey(payload));
    if (!told) return;
    const run = `${payload.check} ${payload.tree}`;
    if (!payload.final) told.retried.set(run, (told.retried.get(run) ?? 0) + 1);
    note(told, payload);
  }

  #end({ payload }: DomainEvent<'deployment.completed' | 'deployment.failed'>, end: Told['end']): void {
    const told = this.#told.get(candidateKey(payload));
    if (told) told.end = end;
  }
}

/** What blocks whatever the settings are is part of the load; what the remote or the books said is not. */
const END_OF: Record<string, Told['end']> = { checks: 'checks', conflict: 'conflict' };

const freshly = (record: CandidateRecord, readyAt: number): Told => ({
  record,
  readyAt,
  durations: new Map(),
  retried: new Map(),
  flakes: 0,
  end: null,
});

function note({ durations }: Told, { check, duration_ms: ms }: { check: string; duration_ms: number }): void {
  durations.set(check, Math.max(durations.get(check) ?? 0, ms));
}

/** The checks of a delivery run side by side: they take as long as the longest. Null when none ran. */
function lengthOf({ durations }: Told): number | null {
  return durations.size === 0 ? null : Math.max(...durations.values());
}

/** The load of the entries after `from` up to `to` (the first and the last when null), read through a fold of its own. */
export async function recordedLoad(
  open: (hooks: HostHooks) => Promise<Host>,
  { from, to, checkMs }: RecordedRequest,
): Promise<Load> {
  const recording = new Recording();
  const replica = await open({
    onApplied: ({ id, domain }, changes) => {
      if (domain && (from === null || compareIds(id, from) > 0)) recording.apply(domain, changes);
    },
  });
  try {
    await replica.dispatcher.catchUp(to ?? undefined);
  } finally {
    await replica.close();
  }
  return recording.load(checkMs);
}
