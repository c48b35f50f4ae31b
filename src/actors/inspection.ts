/**
 * What the running actors look like from outside: the Stately inspection protocol, made in process by
 * `@statelyai/inspect` from the same `inspect` hook that any XState tool uses. Keeps the newest snapshot of each
 * actor, so that a late joiner sees them all. Sends nothing anywhere by itself.
 */
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import type { InspectionEvent, Observer } from 'xstate';

export type InspectionSink = Observer<InspectionEvent>;

export interface Inspection {
  /** Given to every actor that is to be seen. */
  inspect: InspectionSink;
  /** For each living actor its registration and newest snapshot, as protocol messages, oldest actor first. */
  frames(): StatelyInspectionEvent[];
}

interface Seen {
  actor: StatelyInspectionEvent;
  snapshot: StatelyInspectionEvent | null;
}

/** The frame as JSON keeps it, the token of a lease masked: who has it could act as its holder. */
function withoutTokens(frame: StatelyInspectionEvent): StatelyInspectionEvent {
  const text = JSON.stringify(frame, (key, value: unknown) => (/token$/i.test(key) ? '***' : value));
  return JSON.parse(text) as StatelyInspectionEvent;
}

/** Starts watching; an actor is forgotten once its newest snapshot is no longer active. */
export function createInspection(): Inspection {
  const seen = new Map<string, Seen>();
  const inspector = createInspector({
    send(event: StatelyInspectionEvent) {
      const { sessionId } = event;
      if (event.type === '@xstate.actor') seen.set(sessionId, { actor: event, snapshot: null });
      if (event.type !== '@xstate.snapshot') return;
      const known = seen.get(sessionId);
      if (event.snapshot.status !== 'active') seen.delete(sessionId);
      else if (known) known.snapshot = event;
    },
  });
  return {
    inspect: inspector.inspect,
    frames: () =>
      [...seen.values()].flatMap(({ actor, snapshot }) => (snapshot ? [actor, snapshot] : [actor])).map(withoutTokens),
  };
}
