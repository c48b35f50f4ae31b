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

interface Seen {
  actor: InspectionEvent;
  snapshot: InspectionEvent | null;
}

/** Frames made in one go; a lot of them would keep the daemon from its work. */
const LOT = 50;
/** What waits for a slow follower is thinned above this. */
const WAITING_MAX = 2000;

/** Starts watching; an actor is forgotten once its newest snapshot is no longer active. `mask` is put over every text. */
export function createInspection(mask: (text: string) => string = (text) => text): Inspection {
  const seen = new Map<string, Seen>();
  const followers = new Set<(event: InspectionEvent) => void>();
  const known = () => [...seen.values()].flatMap(({ actor, snapshot }) => (snapshot ? [actor, snapshot] : [actor]));

  async function* follow(signal: AbortSignal): AsyncGenerator<string[]> {
    const make = messageMaker(mask);
    let waiting: InspectionEvent[] = known();
    let bound = waiting.length + WAITING_MAX;
    let wake: () => void = () => undefined;
    const take = (event: InspectionEvent) => {
      waiting.push(event);
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
        if (event.type === '@xstate.actor') seen.set(sessionId, { actor: event, snapshot: null });
        else if (event.type === '@xstate.snapshot') remember(seen, sessionId, event);
        else if (event.type !== '@xstate.event') return;
        for (const take of followers) take(event);
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

function remember(seen: Map<string, Seen>, sessionId: string, event: InspectionEvent & { type: '@xstate.snapshot' }) {
  const known = seen.get(sessionId);
  if (event.snapshot.status !== 'active') seen.delete(sessionId);
  else if (known) known.snapshot = event;
}

/** Of each actor what registers it and its newest snapshot, in order. */
function thinned(events: readonly InspectionEvent[]): InspectionEvent[] {
  const newest = new Map<string, InspectionEvent>();
  for (const event of events) if (event.type === '@xstate.snapshot') newest.set(event.actorRef.sessionId, event);
  return events.filter((event) => event.type === '@xstate.actor' || newest.get(event.actorRef.sessionId) === event);
}

type Maker = (events: InspectionEvent[]) => Promise<string[]>;

/**
 * Makes messages of events, in order. The package makes them a turn of the loop later, and drops what its protocol has
 * no word for. The token of a lease is masked, for who has it could act as its holder; so is what `mask` knows.
 */
function messageMaker(mask: (text: string) => string): Maker {
  let made: string[] = [];
  const masked = (key: string, value: unknown) => {
    if (/token$/i.test(key)) return '***';
    return typeof value === 'string' ? mask(value) : value;
  };
  const send = (frame: StatelyInspectionEvent) => void made.push(JSON.stringify(frame, masked));
  const { inspect } = createInspector({ send });
  return async (events) => {
    made = [];
    for (const event of events) inspect.next?.(event);
    await new Promise((resolve) => setTimeout(resolve, 0));
    return made;
  };
}
