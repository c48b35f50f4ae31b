/**
 * A repository that is watched, without a process around it: a log and a lease in memory, a fold, and the desk of those who
 * watch, all on a clock moved by hand.
 */
import { Dispatcher } from '../../src/actors/dispatcher.ts';
import type { Session } from '../../src/actors/integrator.ts';
import { openLiveDesk } from '../../src/actors/live/desk.ts';
import { merged } from '../../src/actors/live/merge.ts';
import type { LiveDesk, LiveMessage, Overview } from '../../src/actors/live/views.ts';
import { NotificationBoard } from '../../src/actors/notifications.ts';
import { Pipeline } from '../../src/actors/pipeline.ts';
import { Repository } from '../../src/actors/repository.ts';
import type { Watched } from '../../src/actors/status-now.ts';
import { buildDefaultCatalogue, encodeEnvelope, makeEnvelope } from '../../src/machines/events.ts';
import { AT, type Said, START_MS } from './random-logs.ts';
import { type HandClock, handClock } from './simple-clock.ts';
import { openTwinLease } from './twins/lease.ts';
import { openTwinLog } from './twins/log.ts';
import { createStore, directPort, type TwinStore } from './twins/store.ts';
import { toldTwin } from './twins/told.ts';

const catalogue = buildDefaultCatalogue();

export interface LiveWorld {
  clock: HandClock;
  store: TwinStore;
  host: Watched;
  desk: LiveDesk;
  /** The session in this process. */
  session: Session | null;
  tell(...said: Said[]): Promise<void>;
  /** Tells what no schema would take. */
  tellRaw(fields: Record<string, string>): Promise<void>;
  /** What a reader has who took in every message. */
  read(): Reader;
}

export interface Reader {
  messages: LiveMessage[];
  known(): Overview;
  /** Lets time pass until the reader has the newest entry, and what follows it. */
  catchUp(): Promise<void>;
  end(): Promise<void>;
}

/** `bounds`: of the desk. `entries`: those of another world, to begin with. */
export function liveWorld(
  bounds: Parameters<typeof openLiveDesk>[1] = {},
  entries: readonly TwinStore['entries'][number][] = [],
): LiveWorld {
  const clock = handClock(START_MS);
  const store = createStore(clock.now, () => 'log-1');
  store.entries.push(...entries);
  store.lastId = entries.at(-1)?.id ?? '0';
  const port = directPort(clock);
  const log = openTwinLog(store, port);
  const repository = new Repository();
  const notifications = new NotificationBoard();
  const pipeline = new Pipeline({ positions: {}, report: () => undefined });
  const dispatcher = new Dispatcher({ log, catalogue, repository, notifications, pipeline });
  const options = { repoId: 'repo', folder: '/nonexistent', redisUrl: null, source: 'test/1' };
  const leases = openTwinLease(store, port);
  const ids = { ulid: () => '0'.repeat(26) };
  const fold = { repository, notifications, dispatcher, log, logId: 'log-1' };
  const host = { options, ...fold, leases, clock, ids, catalogue, told: toldTwin(clock) };
  let told = entries.length;
  const append = async (fields: Record<string, string>) => {
    told += 1;
    await log.append([{ key: String(told), digest: 'd', latestInstantMs: 0, fields }]);
  };
  const world: LiveWorld = {
    clock,
    store,
    host,
    session: null,
    desk: openLiveDesk(
      {
        host,
        daemon: async () => ({ running: false, pid: null, since: null, web: null }),
        daemonNarrowed: async () => false,
        session: () => world.session,
        logFault: () => null,
        follows: true,
      },
      bounds,
    ),
    async tell(...said) {
      for (const { type, payload } of said) {
        const made = makeEnvelope(catalogue, type, payload, { source: 'test/1', timestamp: AT });
        if (made.kind !== 'ok') throw new Error(JSON.stringify(made.problems));
        for (const envelope of made.envelopes.slice(0, 1)) await append(encodeEnvelope(envelope));
      }
    },
    tellRaw: append,
    read() {
      const ending = new AbortController();
      const messages: LiveMessage[] = [];
      let known: Overview | null = null;
      const done = (async () => {
        for await (const message of world.desk.follow(ending.signal)) {
          messages.push(message);
          known = message.kind === 'overview' ? message.overview : merged(known as Overview, message);
        }
      })();
      return {
        messages,
        known: () => known as Overview,
        async catchUp() {
          for (let tries = 0; known?.moment.id !== store.lastId; tries += 1) {
            if (tries > 200) throw new Error('the reader never had the newest entry');
            await clock.advance(10);
          }
          await clock.advance(1500);
        },
        async end() {
          ending.abort();
          await clock.advance(0);
          await done;
        },
      };
    },
  };
  return world;
}

/** Without what the clock alone tells. */
export const still = ({ now: _now, ...overview }: Overview): Omit<Overview, 'now'> => overview;
