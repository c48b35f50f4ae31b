/**
 * Measures the way into the log: the producer (validation, digest, fenced idempotent append) beside the barest Lua
 * script that appends the same fields once for a key, on the same server, in turns.
 */
import { join } from 'node:path';
import { type Host, openHost } from '../src/actors/host.ts';
import { connect } from '../src/io/redis/connection.ts';
import { type FenceProof, openLog } from '../src/io/redis/log.ts';
import { ensureServer, stopServer } from '../src/io/redis/server.ts';
import { type Line, median } from './lines.ts';

const TURNS = 6;
const TURN_EVENTS = 150;
const BATCH = 100;
const BARE = `if redis.call('HSETNX', KEYS[2], ARGV[1], '1') == 0 then return 'duplicate' end
return redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))`;
const HEX = '0123456789abcdef';

/** A commit id that looks like one; the same number gives the same id. */
export function madeUpSha(number: number): string {
  const text = number.toString(16).padStart(8, '0');
  return Array.from({ length: 40 }, (_, at) => (at < 8 ? text[at] : HEX[(number * 7 + at * 11) % 16])).join('');
}

/** One fenced event of the most frequent kind. */
function merged(number: number, { fence }: FenceProof) {
  const slug = `item-${number}`;
  const sha = madeUpSha(number);
  return {
    type: 'integration.merge.succeeded' as const,
    payload: {
      session_id: 'integrator-bench',
      fence,
      slug,
      branch: `work/${slug}`,
      sha,
      attempt: 1,
      base: sha,
      merge_commit: sha,
      tip: sha,
      tree: sha,
    },
  };
}

/** A lease that outlives the benchmark, so that fenced events can be appended. */
export async function proofFor(host: Host): Promise<FenceProof> {
  const granted = await host.leases.acquire('integrator-bench', 'token', 3_600_000, 0);
  return { token: 'token', fence: granted.record.fence };
}

export async function measureAppends(dir: string, _quick: boolean, _say: (text: string) => void): Promise<Line[]> {
  const folder = join(dir, 'appends');
  const { socketPath } = await ensureServer({ dir: folder });
  const host = await openHost({ repoId: 'bench', folder, redisUrl: null, source: 'integrator/bench' });
  const connection = await connect({ socketPath });
  try {
    const proof = await proofFor(host);
    const bare = connection.reader;
    let number = 0;
    await host.producer.emit('integration.merge.succeeded', merged(number++, proof).payload, { proof });
    const [entry] = await openLog(connection, 'bench').read('0', 1);
    const fields = Object.entries(entry?.fields ?? {}).flat();
    const sha = String(await bare.script('LOAD', BARE));
    const times: Record<'telec' | 'bare' | 'folded' | 'batch', number[]> = {
      telec: [],
      bare: [],
      folded: [],
      batch: [],
    };
    const turn = async (into: number[], events: number, one: () => Promise<unknown>) => {
      const before = performance.now();
      for (let done = 0; done < events; done += 1) await one();
      into.push((performance.now() - before) / events);
    };
    for (let turns = 0; turns < TURNS; turns += 1) {
      await turn(times.telec, TURN_EVENTS, () =>
        host.producer.emit('integration.merge.succeeded', merged(number++, proof).payload, { proof }),
      );
      await turn(times.bare, TURN_EVENTS, () =>
        bare.evalsha(sha, 2, '{bench}:bare', '{bench}:keys', `key-${number++}`, ...fields),
      );
      await host.dispatcher.catchUp();
      await turn(times.folded, TURN_EVENTS, async () => {
        await host.producer.emit('integration.merge.succeeded', merged(number++, proof).payload, { proof });
        await host.dispatcher.catchUp();
      });
      await turn(times.batch, 5, () =>
        host.producer.emitAll(
          Array.from({ length: BATCH }, () => merged(number++, proof)),
          { proof },
        ),
      );
    }
    // The first turn compiles and connects.
    const rate = (list: number[], each = 1) => (1000 * each) / median(list.slice(1));
    return [
      {
        name: 'appends, one after the other',
        measured: rate(times.telec),
        unit: 'events/s',
        limit: rate(times.bare),
        against: 'bare idempotent script',
        goal: { of: 'ratio', least: 0.5 },
      },
      { name: 'appended and folded, one after the other', measured: rate(times.folded), unit: 'events/s' },
      { name: `appended in batches of ${BATCH}`, measured: rate(times.batch, BATCH), unit: 'events/s' },
    ];
  } finally {
    await connection.close();
    await host.close();
    await stopServer(folder);
  }
}
