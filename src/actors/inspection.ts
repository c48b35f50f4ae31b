/**
 * What the running actors look like from outside: the Stately inspection protocol, made in process by
 * `@statelyai/inspect` from the same `inspect` hook that any XState tool uses. Remembers each living actor and its newest
 * snapshot, so that a late joiner sees them all; makes frames of them only for who looks. Sends nothing anywhere by itself.
 */
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import type { InspectionEvent, Observer } from 'xstate';

export type InspectionSink = Observer<InspectionEvent>;

export interface Inspection {
  /** Given to every actor that is to be seen. */
  inspect: InspectionSink;
  /** For each living actor its registration and newest snapshot, oldest actor first. */
  frames(): Promise<StatelyInspectionEvent[]>;
  /**
   * The same as JSON texts, then what happens, in small lots; ends when `signal` aborts. Who takes them too slowly loses
   * single events and older snapshots, never an actor or its newest snapshot.
   */
  follow(signal: AbortSignal): AsyncIterable<string[]>;
}

/** What happened, and when, ms: a message may be made of it much later. */
interface Noted {
  event: InspectionEvent;
  at: number;
}

interface Seen {
  actor: Noted;
  snapshot: Noted | null;
}

/** Frames made in one go; a lot of them would keep the daemon from its work. */
const LOT = 50;
/** What waits for a slow follower is thinned above this. */
const WAITING_MAX = 2000;

/** Starts watching; an actor is forgotten once its newest snapshot is no longer active. `mask` is put over every text. */
export function createInspection(mask: (text: string) => string = (text) => text): Inspection {
  const seen = new Map<string, Seen>();
  const followers = new Set<(noted: Noted) => void>();
  const known = () => [...seen.values()].flatMap(({ actor, snapshot }) => (snapshot ? [actor, snapshot] : [actor]));

  async function* follow(signal: AbortSignal): AsyncGenerator<string[]> {
    const make = messageMaker(mask);
    let waiting: Noted[] = known();
    let bound = waiting.length + WAITING_MAX;
    let wake: () => void = () => undefined;
    const take = (noted: Noted) => {
      waiting.push(noted);
      if (waiting.length > bound) {
        waiting = thinned(waiting);
        bound = waiting.length + WAITING_MAX;
      }
      wake();
    };
    const stop = () => wake();
    followers.add(take);
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        if (waiting.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        const texts = await make(waiting.splice(0, LOT));
        if (texts.length > 0 && !signal.aborted) yield texts;
      }
    } finally {
      followers.delete(take);
      signal.removeEventListener('abort', stop);
    }
  }

  return {
    inspect: {
      next(event) {
        const { sessionId } = event.actorRef;
        const noted = { event, at: Date.now() };
        if (event.type === '@xstate.actor') seen.set(sessionId, { actor: noted, snapshot: null });
        else if (event.type === '@xstate.snapshot')
          remember(seen, sessionId, noted, event.snapshot.status === 'active');
        else if (event.type !== '@xstate.event') return;
        for (const take of followers) take(noted);
      },
    },
    async frames() {
      const make = messageMaker(mask);
      const all: StatelyInspectionEvent[] = [];
      const events = known();
      while (events.length > 0)
        for (const text of await make(events.splice(0, LOT))) all.push(JSON.parse(text) as StatelyInspectionEvent);
      return all;
    },
    follow,
  };
}

function remember(seen: Map<string, Seen>, sessionId: string, snapshot: Noted, active: boolean): void {
  const known = seen.get(sessionId);
  if (!active) seen.delete(sessionId);
  else if (known) known.snapshot = snapshot;
}

/** Of each actor what registers it and its newest snapshot, in order. */
function thinned(all: readonly Noted[]): Noted[] {
  const newest = new Map<string, Noted>();
  for (const noted of all)
    if (noted.event.type === '@xstate.snapshot') newest.set(noted.event.actorRef.sessionId, noted);
  return all.filter(
    (noted) => noted.event.type === '@xstate.actor' || newest.get(noted.event.actorRef.sessionId) === noted,
  );
}

type Maker = (lot: Noted[]) => Promise<string[]>;

/**
 * Makes messages, one of each in order, with the instant at which it happened: the package makes them a turn of the loop
 * later, and tells that instant. The token of a lease is masked, for who has it could act as its holder; so is what `mask` knows.
 */
function messageMaker(mask: (text: string) => string): Maker {
  let made: string[] = [];
  const masked = (key: string, value: unknown) => {
    if (/token$/i.test(key)) return '***';
    return typeof value === 'string' ? mask(value) : value;
  };
  let making: Noted[] = [];
  const send = (frame: StatelyInspectionEvent) => {
    const createdAt = String(making[made.length]?.at ?? frame.createdAt);
    made.push(JSON.stringify({ ...frame, createdAt }, masked));
  };
  const { inspect } = createInspector({ send });
  return async (lot) => {
    [made, making] = [[], lot];
    for (const { event } of lot) inspect.next?.(event);
    await new Promise((resolve) => setTimeout(resolve, 0));
    return made;
  };
}
