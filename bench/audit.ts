/**
 * Measures the audit of everything a drain brought: the real audit over a real log and private repository, in a fresh
 * process, beside the same merges made once more by git alone, a process each.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from './generated.ts';
import { inChild } from './integration.ts';
import { type Line, median } from './lines.ts';

const FILES = 5_000;
const DELIVERIES = 1_000;
const QUICK_DELIVERIES = 200;
const GOAL_S = 60;

export async function measureAudit(dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  const count = quick ? QUICK_DELIVERIES : DELIVERIES;
  const generated = generate(join(dir, 'audit-seed.git'), FILES, [{ name: 'all', candidates: count }]);
  const remote = join(dir, 'audit.git');
  cpSync(generated.dir, remote, { recursive: true });
  const state = join(dir, 'audit-state');
  const candidates = generated.groups.get('all') ?? [];
  say(`${count} deliveries made`);
  const of = { dir: state, remote, seed: generated.dir };
  await inChild({ kind: 'drains', ...of, main: generated.main, drains: [{ candidates, pushBatch: 50 }] });
  say(`${count} deliveries audited`);
  const audited = await timesOf({ kind: 'audit', ...of });
  const merged = await timesOf({ kind: 'mergeAgain', dir: state, remote, since: generated.main });
  const [total = Number.NaN] = audited;
  const deliveries = count.toLocaleString('en-US');
  return [
    {
      name: `a delivery audited, of ${deliveries}`,
      measured: total / count,
      unit: 'ms',
      limit: median(merged),
      against: 'merge-tree, a process each',
      goal: { of: 'ratio', most: 2 },
    },
    {
      name: `${deliveries} deliveries audited`,
      measured: total / 1000,
      unit: 's',
      goal: { of: 'value', most: GOAL_S },
    },
  ];
}

async function timesOf(job: Parameters<typeof inChild>[0]): Promise<number[]> {
  const answer = await inChild(job);
  return ('times' in answer ? answer.times : null) ?? [];
}
