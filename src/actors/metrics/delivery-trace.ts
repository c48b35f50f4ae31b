/**
 * A delivery as spans of time: waiting, merging, pushing, recording, by the instants of the entries that say so. Gathers
 * what one try of a candidate consists of, from the moment a session takes it until it leaves that session. Pure.
 */
import type { DomainEvent, PayloadOf } from '../../machines/events.ts';
import { candidateKey } from '../../machines/identity.ts';
import type { Change } from '../candidate-record.ts';

/** One span; instants in ms of the epoch by the clock of Redis. */
export interface Span {
  name: string;
  startMs: number;
  endMs: number;
}

/** One try of one candidate, with the spans it consists of, oldest first. */
export interface DeliveryTrace extends Span {
  spans: Span[];
  attributes: Record<string, string | number>;
  /** Why it failed; null when it did not. */
  fault: string | null;
}

/** Runs of checks kept of one try. */
const CHECKS_MAX = 200;

interface Try {
  readyMs: number;
  takenMs: number;
  mergedMs: number | null;
  pushMs: number | null;
  pushedMs: number | null;
  /** Runs that ended, and by check and tree the begin of those that did not. */
  checks: Span[];
  begunMs: Map<string, number>;
}

export class DeliveryTraces {
  /** By key; only of candidates that a session has in hand. */
  readonly #tries = new Map<string, Try>();
  /** Number of a push -> keys of its members. */
  readonly #pushes = new Map<number, string[]>();

  /** Takes in one entry; answers what ended with it. */
  applied(event: DomainEvent | null, changes: readonly Change[], entryId: string): DeliveryTrace[] {
    const atMs = millisOf(entryId);
    if (event) this.#note(event, atMs);
    const ended: DeliveryTrace[] = [];
    for (const { record, from, to } of changes) {
      if (to === 'integrating') {
        const readyMs = record.readySince === null ? atMs : millisOf(record.readySince);
        this.#tries.set(record.key, {
          readyMs,
          takenMs: atMs,
          mergedMs: null,
          pushMs: null,
          pushedMs: null,
          checks: [],
          begunMs: new Map(),
        });
        continue;
      }
      const found = from === 'integrating' ? this.#tries.get(record.key) : undefined;
      this.#tries.delete(record.key);
      if (found) ended.push(traceOf(found, { record, to }, atMs));
    }
    return ended;
  }

  #note(event: DomainEvent, atMs: number): void {
    switch (event.type) {
      case 'integration.merge.succeeded':
      case 'integration.merge.conflicted': {
        const found = this.#tries.get(candidateKey(event.payload));
        // A try that lost a race is built again: what it did before that is part of the merging.
        if (found) Object.assign(found, { mergedMs: atMs, pushMs: null, pushedMs: null });
        break;
      }
      case 'integration.checks.started':
      case 'integration.checks.passed':
      case 'integration.checks.failed': {
        const found = this.#tries.get(candidateKey(event.payload));
        if (found) noteCheck(found, event, atMs);
        break;
      }
      case 'integration.push.attempted': {
        const keys = event.payload.members.map(candidateKey);
        this.#pushes.set(event.payload.seq, keys);
        this.#each(keys, (one) => {
          one.pushMs = atMs;
        });
        break;
      }
      case 'integration.push.succeeded':
      case 'integration.push.rejected':
      case 'integration.push.burned':
        this.#settle(event.payload, atMs);
        break;
      default:
    }
  }

  #settle({ seq }: Pick<PayloadOf<'integration.push.succeeded'>, 'seq'>, atMs: number): void {
    this.#each(this.#pushes.get(seq) ?? [], (one) => {
      one.pushedMs = atMs;
    });
    this.#pushes.delete(seq);
  }

  #each(keys: readonly string[], act: (found: Try) => void): void {
    for (const key of keys) {
      const found = this.#tries.get(key);
      if (found) act(found);
    }
  }
}

/** A verdict that was known took no time and is no span. */
function noteCheck(
  { checks, begunMs }: Try,
  {
    type,
    payload: { check, tree },
  }: DomainEvent<'integration.checks.started' | 'integration.checks.passed' | 'integration.checks.failed'>,
  atMs: number,
): void {
  const run = `${check} ${tree}`;
  const startMs = begunMs.get(run);
  if (type === 'integration.checks.started') {
    begunMs.set(run, atMs);
    return;
  }
  begunMs.delete(run);
  if (startMs !== undefined && checks.length < CHECKS_MAX)
    checks.push({ name: `check ${check}`, startMs, endMs: atMs });
}

function traceOf(found: Try, { record, to }: Pick<Change, 'record' | 'to'>, endMs: number): DeliveryTrace {
  const { readyMs, takenMs, mergedMs, pushMs, pushedMs, checks } = found;
  const { slug, branch, sha, attempt, fence, failure, delivery } = record.context;
  const spans = [
    { name: 'waiting', startMs: readyMs, endMs: takenMs },
    { name: 'merging', startMs: takenMs, endMs: mergedMs ?? pushMs ?? endMs },
    ...(mergedMs !== null && pushMs !== null ? [{ name: 'train', startMs: mergedMs, endMs: pushMs }] : []),
    ...checks,
    ...(pushMs === null ? [] : [{ name: 'pushing', startMs: pushMs, endMs: pushedMs ?? endMs }]),
    ...(pushedMs === null ? [] : [{ name: 'recording', startMs: pushedMs, endMs }]),
  ];
  const outcome = to === 'ready' || to === 'pending' ? 'requeued' : to;
  return {
    name: 'delivery',
    startMs: readyMs,
    endMs,
    spans,
    attributes: {
      'telec.slug': slug,
      'telec.branch': branch,
      'telec.sha': sha,
      'telec.attempt': attempt,
      'telec.outcome': outcome,
      ...(fence === null ? {} : { 'telec.fence': fence }),
      ...(delivery ? { 'telec.merge_commit': delivery.merge_commit } : {}),
      ...(outcome === 'blocked' && failure ? { 'telec.kind': failure.kind } : {}),
    },
    fault: outcome === 'blocked' ? (failure?.kind ?? 'blocked') : null,
  };
}

const millisOf = (entryId: string): number => Number(entryId.split('-')[0]);
