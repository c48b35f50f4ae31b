/** Measures what a person waits for at the command line, beside starting node for nothing, in turns. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { git, initBare } from '../test/support/git-repo.ts';
import { node } from './fold.ts';
import { type Line, median } from './lines.ts';

const ROUNDS = 11;
const QUICK_ROUNDS = 5;
const PROGRAM = fileURLToPath(new URL('../src/cli/telec.js', import.meta.url));

export async function measureCommands(dir: string, quick: boolean, say: (text: string) => void): Promise<Line[]> {
  const remote = initBare(join(dir, 'commands.git'));
  const clone = join(dir, 'commands');
  const home = join(dir, 'home');
  mkdirSync(home);
  git('/', 'clone', '--quiet', remote, clone);
  git(clone, 'checkout', '--quiet', '-b', 'main');
  writeFileSync(join(clone, 'file.txt'), 'one\n');
  git(clone, 'add', '.');
  git(clone, 'commit', '--quiet', '-m', 'first');
  git(clone, 'push', '--quiet', 'origin', 'main');
  const env = { PATH: process.env['PATH'], HOME: home, TELEC_HOME: join(dir, 'telec-home'), LC_ALL: 'C' };
  const telec = (...args: string[]) => node([PROGRAM, ...args], env, clone);
  const times: Record<string, number[]> = {};
  const measure = async (what: Record<string, () => Promise<unknown>>) => {
    for (let round = 0; round < (quick ? QUICK_ROUNDS : ROUNDS); round += 1) {
      for (const [name, body] of Object.entries(what)) {
        const before = performance.now();
        await body();
        times[name] = [...(times[name] ?? []), performance.now() - before];
      }
    }
  };
  const nothing = () => node(['-e', '0'], env, clone);
  await telec('init');
  let daemon = false;
  try {
    await measure({ nothing, help: () => telec('--help'), alone: () => telec('status') });
    daemon = await telec('up').then(
      () => true,
      () => false,
    );
    if (daemon) await measure({ nothingBeside: nothing, beside: () => telec('status') });
    else say('the daemon did not start: status beside it is not measured');
  } finally {
    await telec('down', '--redis').catch(() => undefined);
  }
  const line = (name: string, key: string, against: string, most: number): Line => ({
    name,
    measured: median(times[key] ?? []),
    unit: 'ms',
    limit: median(times[against] ?? []),
    against: 'node -e 0',
    goal: { of: 'ratio', most },
  });
  return [
    line('telec --help', 'help', 'nothing', 2.5),
    line('telec status, no daemon', 'alone', 'nothing', 4),
    ...(daemon ? [line('telec status beside a daemon', 'beside', 'nothingBeside', 2.5)] : []),
  ];
}
