/** Measures whether a candidate costs more when many wait behind it: a short queue and a long one, drained one after the other. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from './generated.ts';
import { inChild } from './integration.ts';
import type { Line } from './lines.ts';

const FILES = 5_000;
const SHORT = 100;
const LONG = 1_000;
const QUICK_LONG = 300;

export async function measureQueue(dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  const long = quick ? QUICK_LONG : LONG;
  const generated = generate(join(dir, 'queue-seed.git'), FILES, [
    { name: 'warm', candidates: 20 },
    { name: 'short', candidates: SHORT },
    { name: 'long', candidates: long },
  ]);
  const remote = join(dir, 'queue.git');
  cpSync(generated.dir, remote, { recursive: true });
  say(`${long} candidates queued`);
  const answer = await inChild({
    kind: 'drains',
    dir: join(dir, 'queue-state'),
    remote,
    seed: generated.dir,
    main: generated.main,
    drains: [...generated.groups.values()].map((candidates) => ({ candidates, pushBatch: 50 })),
  });
  if (!('drains' in answer)) throw new Error('the queue gave no times');
  const [, few, many] = answer.drains.map(({ drainMs, delivered }) => drainMs / delivered);
  return [
    {
      name: `a candidate among ${long.toLocaleString('en-US')} queued, trains of 50`,
      measured: many ?? Number.NaN,
      unit: 'ms',
      limit: few ?? Number.NaN,
      against: `among ${SHORT} queued`,
      goal: { of: 'ratio', most: 1.5 },
    },
  ];
}
