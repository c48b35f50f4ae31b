/**
 * Measures the work trees in which checks run, on a large repository: made for the first time, made fit for the next
 * delivery, used again as they are, and with nothing but the paths of one check in them.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openGround } from '../src/io/checks/ground.ts';
import type { CheckGround } from '../src/io/checks/port.ts';
import { readConfig } from '../src/io/config.ts';
import { git, hermeticEnv } from '../test/support/git-repo.ts';
import { generate, SIZES } from './generated.ts';
import { type Line, median } from './lines.ts';

const FILES = SIZES[2];
const CANDIDATES = 8;
const ROUNDS = 5;

export async function measureGrounds(dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  say(`work trees of ${FILES} files`);
  const repository = join(dir, 'grounds.git');
  const { groups } = generate(repository, FILES, [{ name: 'tree', candidates: CANDIDATES }]);
  const trees = (groups.get('tree') ?? []).map(({ sha }) => git(repository, 'rev-parse', `${sha}^{tree}`));
  const ground = await openGround({
    folder: join(dir, 'grounds'),
    repository,
    env: process.env,
    scrub: (text) => text,
  });
  try {
    return linesOf(await prepared(ground, trees, quick ? 1 : ROUNDS), worktreeMs(repository, join(dir, 'plain')));
  } finally {
    await ground.close();
  }
}

interface Prepared {
  fresh: number;
  next: number[];
  same: number[];
  scoped: number;
  scopedNext: number[];
}

/** Times of making the work tree, ms; the command itself does nothing. */
async function prepared(ground: CheckGround, trees: readonly string[], rounds: number): Promise<Prepared> {
  const whole = '{"checks": [{"name": "whole", "run": ":"}, {"name": "part", "run": ":", "paths": ["part-3/**"]}]}';
  const [all, part] = readConfig({ main: null, workTree: whole, env: {} }).config.checks;
  const make = async (definition: typeof all, tree: string | undefined): Promise<number> => {
    if (!definition || tree === undefined) throw new Error('nothing to make a work tree of');
    const began = performance.now();
    const seen = await ground.seen(definition, tree);
    const { ended, preparedMs } = await ground.run({
      definition,
      tree: seen,
      logName: definition.name,
      signal: new AbortController().signal,
    });
    if (ended !== 'passed') throw new Error(`the empty check ended ${ended}`);
    return Math.max(preparedMs, performance.now() - began);
  };
  const times: Prepared = { fresh: await make(all, trees[0]), next: [], same: [], scoped: 0, scopedNext: [] };
  for (let round = 1; round <= rounds; round += 1) {
    times.next.push(await make(all, trees[round % trees.length]));
    times.same.push(await make(all, trees[round % trees.length]));
  }
  times.scoped = await make(part, trees[0]);
  for (let round = 1; round <= rounds; round += 1) times.scopedNext.push(await make(part, trees[round % trees.length]));
  return times;
}

/** What git itself takes for a new work tree, ms. */
function worktreeMs(repository: string, path: string): number {
  const began = performance.now();
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', path, 'main'], { cwd: repository, env: hermeticEnv });
  return performance.now() - began;
}

function linesOf({ fresh, next, same, scoped, scopedNext }: Prepared, plain: number): Line[] {
  const against = { limit: plain, against: 'git worktree add', unit: 'ms' };
  const size = `${FILES.toLocaleString('en-US')} files`;
  return [
    { name: `${size}: a work tree for checks, made and proven for the first time`, measured: fresh, ...against },
    { name: `${size}: made fit for the next delivery`, measured: median(next), ...against },
    { name: `${size}: the same tree again, after a run`, measured: median(same), ...against },
    { name: 'a check that sees 2,500 of them, the first time', measured: scoped, ...against },
    { name: 'a check that sees 2,500 of them, the next delivery', measured: median(scopedNext), ...against },
  ];
}
