/**
 * What surfaces were told, kept beside the log so that it outlives a daemon, and whose turn it is to tell one: of all
 * daemons on one Redis exactly one tells a surface. Owns no rule about what is told; values are the caller's texts.
 */
import type { RedisConnection } from './connection.ts';
import { surfaceStatesKey, toldKeys } from './keys.ts';
import { runScript } from './scripts.ts';

/** `taken`: it was free, so another may have told something since; `kept`: it was ours all the while. */
export type TurnOutcome = { kind: 'taken' | 'kept' } | { kind: 'other'; leftMs: number };

export interface ToldStore {
  /** Takes the turn of `surface` for `ttlMs`, also when `owner` has it already. */
  takeTurn(surface: string, owner: string, ttlMs: number): Promise<TurnOutcome>;
  /** Gives the turn back; that of another stays. */
  endTurn(surface: string, owner: string): Promise<void>;
  /** Everything kept of `surface`; at its first time it hears of what comes after entry `since`. */
  load(surface: string, since: string): Promise<{ since: string; marks: Map<string, string> }>;
  /** Keeps one text under each name; false, and nothing is kept, when the turn is another's. */
  write(surface: string, owner: string, marks: ReadonlyMap<string, string>): Promise<boolean>;
  /** Notes how `surface` is; read by whoever looks. */
  setState(surface: string, text: string): Promise<void>;
  /** Forgets how these surfaces were: they are told nothing any more. */
  dropStates(surfaces: readonly string[]): Promise<void>;
  /** How each surface is that is told. */
  states(): Promise<Record<string, string>>;
  /** True for the first call with that `id` within `ttlMs`, whoever asks; each owner asks once. */
  once(surface: string, id: string, owner: string, ttlMs: number): Promise<boolean>;
}

/** Field of the entry after which the surface hears; rows have a `/` in their names. */
const SINCE = 'since';
/** Fields written by one call of a script: its arguments are bounded. */
const WRITE_MAX = 500;

/**
 * The store of `repoId` on `connection`. Every method throws REDIS_UNREACHABLE or the server's fault (exit 3) when the
 * server cannot serve it; whatever failed so is safe to repeat.
 */
export function openToldStore(connection: RedisConnection, repoId: string): ToldStore {
  const keys = (surface: string) => toldKeys(repoId, surface);
  return {
    async takeTurn(surface, owner, ttlMs) {
      const reply = await connection.call((redis) =>
        runScript(redis, 'takeLock-1', [keys(surface).turn], [owner, String(ttlMs)]),
      );
      const [kind, , left] = reply as ['taken' | 'kept' | 'other', string, string];
      return kind === 'other' ? { kind, leftMs: Math.max(0, Number(left)) } : { kind };
    },

    async endTurn(surface, owner) {
      await connection.call((redis) => runScript(redis, 'releaseLock-1', [keys(surface).turn], [owner]));
    },

    async load(surface, since) {
      const { told } = keys(surface);
      const kept = await connection.call(async (redis) => {
        await redis.hsetnx(told, SINCE, since);
        return redis.hgetall(told);
      });
      const { [SINCE]: from = since, ...marks } = kept;
      return { since: from, marks: new Map(Object.entries(marks)) };
    },

    async write(surface, owner, marks) {
      const { turn, told } = keys(surface);
      const fields = [...marks];
      for (let at = 0; at < fields.length; at += WRITE_MAX) {
        const some = fields.slice(at, at + WRITE_MAX).flat();
        const reply = await connection.call((redis) =>
          runScript(redis, 'writeInTurn-2', [turn, told], [owner, ...some]),
        );
        if (reply !== 'written') return false;
      }
      return true;
    },

    async setState(surface, text) {
      await connection.call((redis) => redis.hset(surfaceStatesKey(repoId), surface, text));
    },

    async dropStates(surfaces) {
      if (surfaces.length > 0) await connection.call((redis) => redis.hdel(surfaceStatesKey(repoId), ...surfaces));
    },

    states: () => connection.call((redis) => redis.hgetall(surfaceStatesKey(repoId))),

    once(surface, id, owner, ttlMs) {
      const key = `${keys(surface).once}${id}`;
      return connection.call(async (redis, attempt) => {
        const first = (await redis.set(key, owner, 'PX', ttlMs, 'NX')) === 'OK';
        // Ours after an attempt without an answer: that attempt was the first.
        return first || (attempt > 1 && (await redis.get(key)) === owner);
      });
    },
  };
}
