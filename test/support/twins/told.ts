/** What surfaces were told, in memory; the same promises as the store in Redis, held by the same suite. Time is the clock's. */
import type { Clock } from '../../../src/io/clock.ts';
import type { ToldStore } from '../../../src/io/redis/told.ts';

export interface ToldTwin extends ToldStore {
  /** Calls throw while it is set, as when Redis cannot be reached. */
  broken: boolean;
}

export function toldTwin(clock: Clock): ToldTwin {
  const turns = new Map<string, { owner: string; until: number }>();
  const told = new Map<string, Map<string, string>>();
  const states = new Map<string, string>();
  const onces = new Map<string, number>();
  const turnOf = (surface: string) => {
    const turn = turns.get(surface);
    return turn && turn.until > clock.monotonic() ? turn : null;
  };
  const twin: ToldTwin = {
    broken: false,
    async takeTurn(surface, owner, ttlMs) {
      check();
      const turn = turnOf(surface);
      if (turn && turn.owner !== owner) return { kind: 'other', leftMs: turn.until - clock.monotonic() };
      turns.set(surface, { owner, until: clock.monotonic() + ttlMs });
      return { kind: turn ? 'kept' : 'taken' };
    },
    async endTurn(surface, owner) {
      check();
      if (turnOf(surface)?.owner === owner) turns.delete(surface);
    },
    async load(surface, since) {
      check();
      const marks = told.get(surface) ?? new Map([['since', since]]);
      told.set(surface, marks);
      const { since: from = since, ...rest } = Object.fromEntries(marks);
      return { since: from, marks: new Map(Object.entries(rest)) };
    },
    async write(surface, owner, marks) {
      check();
      const turn = turnOf(surface);
      if (turn && turn.owner !== owner) return false;
      const kept = told.get(surface) ?? new Map();
      for (const [name, text] of marks) kept.set(name, text);
      told.set(surface, kept);
      return true;
    },
    async setState(surface, text) {
      check();
      states.set(surface, text);
    },
    async dropStates(surfaces) {
      for (const surface of surfaces) states.delete(surface);
    },
    states: async () => Object.fromEntries(states),
    async once(surface, id, _owner, ttlMs) {
      check();
      const key = `${surface}:${id}`;
      if ((onces.get(key) ?? Number.NEGATIVE_INFINITY) > clock.monotonic()) return false;
      onces.set(key, clock.monotonic() + ttlMs);
      return true;
    },
  };
  function check(): void {
    if (twin.broken) throw new Error('the store cannot be reached');
  }
  return twin;
}
