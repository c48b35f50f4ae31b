/**
 * Measures what the hooks of a remote cost a push: main and fence as an integrator pushes them, and a branch as anybody
 * does, on the same remote without hooks, with both, and with signed fences, in turns.
 */
import { type GuardedRemote, makeGuardedRemote } from '../test/support/guarded-remote.ts';
import { type Line, median } from './lines.ts';

const ROUNDS = 40;
const QUICK_ROUNDS = 10;

interface Track {
  remote: GuardedRemote;
  main: string;
  fence: string;
  seq: number;
  delivery: number[];
  branch: number[];
}

export async function measureGuards(_dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  const tracks = {
    bare: await track({ hooks: false }),
    guarded: await track({}),
    signed: await track({ signed: true }),
  };
  try {
    const rounds = quick ? QUICK_ROUNDS : ROUNDS;
    say(`${rounds} pushes of each kind`);
    for (let round = 0; round < rounds; round += 1) for (const one of Object.values(tracks)) pushBoth(one, round);
    const { bare, guarded, signed } = tracks;
    const against = 'the same push without hooks';
    const line = (name: string, times: number[], limit: number[], most: number): Line => ({
      name,
      measured: median(times),
      unit: 'ms',
      limit: median(limit),
      against,
      goal: { of: 'ratio', most },
    });
    return [
      line('main and fence, both hooks', guarded.delivery, bare.delivery, 1.5),
      line('a branch, both hooks', guarded.branch, bare.branch, 1.5),
      {
        name: 'main and fence, both hooks, signed fences',
        measured: median(signed.delivery),
        unit: 'ms',
        limit: median(bare.delivery),
        against,
        note: 'each signature is looked at twice: early, to say so, and where it holds',
      },
    ];
  } finally {
    for (const { remote } of Object.values(tracks)) remote.remove();
  }
}

async function track(options: Parameters<typeof makeGuardedRemote>[0]): Promise<Track> {
  const remote = await makeGuardedRemote(options);
  return { remote, main: remote.first, fence: remote.fence0, seq: 3, delivery: [], branch: [] };
}

function pushBoth(on: Track, round: number): void {
  const { remote } = on;
  on.seq += 1;
  const main = remote.commit(`delivery ${round}`, { parent: on.main, trailers: ['Telec-Fence: 5'] });
  const fence = remote.fence({ parent: on.fence, seq: on.seq });
  const lease = `--force-with-lease=refs/telec/fence:${on.fence}`;
  const refs = [`${main}:refs/heads/main`, `${fence}:refs/telec/fence`];
  on.delivery.push(timed(remote, '--quiet', '--atomic', lease, 'origin', ...refs));
  on.branch.push(timed(remote, '--quiet', 'origin', `${main}:refs/heads/branch-${round}`));
  Object.assign(on, { main, fence });
}

function timed(remote: GuardedRemote, ...args: string[]): number {
  const before = performance.now();
  const { status, stderr } = remote.push(...args);
  const ms = performance.now() - before;
  if (status !== 0) throw new Error(`a push was refused: ${stderr}`);
  return ms;
}
