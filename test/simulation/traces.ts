/**
 * The law of the trace: what the log shows of a session is a state that the session was in before the log showed the next
 * one, or the session broke off in between. Watches the sessions of one daemon, where both are known.
 */
import type { InspectionSink } from '../../src/actors/inspection.ts';
import { statePath } from '../../src/actors/integrator.ts';
import type { CandidateKey } from '../../src/machines/identity.ts';
import type { Trace } from '../../src/machines/integrator-trace.ts';

const BROKEN_OFF = ['releasing', 'ended'];
/** A hold binds from the next look at the queue on: until then the session may finish what it has in hand. */
const LATE = 'draining.holding';
/**
 * What is shown while the session is elsewhere: a conflict that its books or its turn bring to light on another main, one
 * that is built again where it was set aside, and a delivery found on main while others are rechecked.
 */
const ELSEWHERE: readonly (readonly [string, string])[] = [
  ['draining.merging', 'draining.ejecting'],
  ['draining.merging', 'draining.bookkeeping'],
  ['draining.ejecting', 'draining.merging'],
  ['draining.selecting', 'draining.rechecking'],
];
/** Left at once where something is to be done: the log may tell of it when the session has gone on. */
const PASSED = 'draining.testing';
/** What a dequeue shows. */
const TAKEN = 'draining.rechecking';

export class Traces {
  readonly #fail: (detail: string) => void;
  /** State each session is in. */
  readonly #states = new Map<string, string>();
  #shown: { trace: Trace; entry: string; seen: Set<string> } | null = null;
  #last: Trace | null = null;
  /** Traces that were compared. */
  compared = 0;

  constructor(fail: (detail: string) => void) {
    this.#fail = fail;
  }

  /** Given to the sessions of the daemon. */
  readonly inspect: InspectionSink = {
    next: (event) => {
      // Those that are only passed through are told by no snapshot.
      if (event.type !== '@xstate.snapshot' && event.type !== '@xstate.microstep') return;
      if (!('value' in event.snapshot)) return;
      const { id } = event.actorRef as unknown as { id: string };
      if (!id.startsWith('integrator-')) return;
      const state = statePath(event.snapshot.value);
      this.#states.set(id, state);
      if (this.#shown?.trace.session === id) this.#shown.seen.add(state);
    },
  };

  /** To be told after each applied entry. `isInHand`: a dequeue that came too late takes nothing. */
  applied(entry: string, trace: Trace, isInHand: (key: CandidateKey) => boolean): void {
    const last = this.#last;
    if (trace === last) return;
    this.#last = trace;
    // Told by somebody else, as that the lease was broken: how far the session is, is still what it last said itself.
    if (this.#shown && last && isSamePlace(trace, last)) return;
    if (this.#shown) {
      const { trace: shown, entry: from, seen } = this.#shown;
      this.compared += 1;
      // Superseded by an entry that the session read together with its own dequeue: it never took it up.
      const isLeft = shown.state === TAKEN && shown.candidate !== null && !isInHand(shown.candidate);
      const isElsewhere = ELSEWHERE.some(([state, other]) => shown.state === state && seen.has(other));
      const isExcused =
        isLeft ||
        isElsewhere ||
        shown.state === PASSED ||
        shown.state === LATE ||
        BROKEN_OFF.some((state) => seen.has(state));
      if (!isExcused && !seen.has(shown.state))
        this.#fail(`${shown.session} is shown ${shown.state} at ${from}, and was ${[...seen].join(', ')}`);
    }
    const isLate = trace.state === TAKEN && trace.candidate !== null && !isInHand(trace.candidate);
    const now = isLate || trace.session === null ? undefined : this.#states.get(trace.session);
    this.#shown = now === undefined ? null : { trace, entry, seen: new Set([now]) };
  }
}

const isSamePlace = (one: Trace, other: Trace): boolean =>
  one.session === other.session && one.state === other.state && one.candidate === other.candidate;
