/** Worlds whose deliveries are tested: one script as the check, steered by files of the tree and by gates of the test. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeWorld, shortType, type World, type WorldOptions } from './e2e-world.ts';
import { poll } from './redis-server.ts';

/**
 * Writes down that it ran, then obeys the tree: `<name>.wait` waits for the gate of that name, `<name>.once` fails until
 * it has failed once, `<name>.bad` fails, with what is in it on its output.
 */
const SCRIPT = (dir: string) => `
echo "$TELEC_CHECK $TELEC_TREE $$" >> '${dir}/ran'
for f in *.stubborn; do [ -e "$f" ] && trap '' TERM; done
for f in *.wait *.stubborn; do
  [ -e "$f" ] || continue
  while [ ! -e '${dir}/gates/'"$f" ]; do sleep 0.02; done
done
for f in *.once; do
  [ -e "$f" ] || continue
  if mkdir '${dir}/gates/'"$f" 2> /dev/null; then echo "for once: $f"; exit 3; fi
done
for f in *.bad; do
  [ -e "$f" ] || continue
  cat "$f"
  exit 1
done
exit 0
`;

export interface ChecksWorld extends World {
  /** Lets `<name>` of the waiting ones go on. */
  open(name: string): void;
  /** Name of the check and tree of each run that began, in order. */
  ran(): string[];
  /** Ids of the processes of those runs. */
  processes(): number[];
  /** Waits until so many runs began. */
  began(count: number): Promise<void>;
  /** The words of the log about runs: slug, check, number of the run, what happened. */
  runs(): Promise<string[]>;
}

export interface ChecksOptions extends Omit<WorldOptions, 'config'> {
  /** Keys of the one check `unit` beside its command, as YAML. */
  check?: string;
  /** Further checks, each a line of YAML flow; `RUN` stands for the script. */
  checks?: string[];
  /** Keys of `speculation`, as YAML. */
  speculation?: string;
  /** Whole lines of YAML. */
  config?: string;
  /** Main has the configuration in its own file. */
  onMain?: boolean;
}

/** The configuration as YAML, with the script of `dir`. */
export function checksConfig(dir: string, options: ChecksOptions = {}): string {
  const checks = [`{name: unit, run: RUN, ${options.check ?? ''}}`, ...(options.checks ?? [])];
  const lines = checks.map((check) => `  - ${check.replace('RUN', JSON.stringify(`sh '${dir}/check.sh'`))}\n`).join('');
  const speculation = options.speculation ?? 'window: 4, parallel: 4';
  return `checks:\n${lines}speculation: {${speculation}}\n${options.config ?? 'integration: {grace_ms: 0}\n'}`;
}

export async function checksWorld(options: ChecksOptions = {}): Promise<ChecksWorld> {
  const { check: _, checks: __, speculation: ___, config: ____, onMain, ...rest } = options;
  const world = await makeWorld({ raw: true, ...rest });
  const { dir } = world;
  // A test that failed may leave a command that waits at its gate for ever.
  onTestFinished(() => endTesting(world));
  mkdirSync(join(dir, 'gates'));
  writeFileSync(join(dir, 'ran'), '');
  writeFileSync(join(dir, 'check.sh'), SCRIPT(dir));
  world.writeConfig(checksConfig(dir, options));
  if (onMain) world.foreign({ 'telec.yaml': checksConfig(dir, options) });
  const init = await world.run(['init', ...(rest.shadow ? ['--shadow'] : [])]);
  if (init.code !== 0) throw new Error(init.stderr);
  const lines = () =>
    readFileSync(join(dir, 'ran'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' '));
  return {
    ...world,
    first: world.main(),
    open: (name) => writeFileSync(join(dir, 'gates', name), ''),
    ran: () => lines().map(([check, tree]) => `${check} ${tree}`),
    processes: () => lines().map(([, , pid]) => Number(pid)),
    began: async (count) => {
      await poll(() => lines().length >= count, 30_000);
    },
    async runs() {
      return (await world.events())
        .filter(({ event }) => shortType(event).startsWith('integration.checks.'))
        .map(({ event, payload }) => {
          const { slug, check, run, cached, flaked, final, kind } = payload;
          const what = shortType(event).slice('integration.checks.'.length);
          const words = [cached && 'cached', flaked && 'flaked', kind, final === false && 'again'].filter(Boolean);
          return [slug, check, run, what, ...words].join(' ');
        });
    },
  };
}

/** Of these processes, those that still run; one that nobody asks about its end is over, too. */
export const alive = (pids: readonly number[]): number[] =>
  pids.filter((pid) => {
    try {
      return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });

/** Ids of the processes that run as a check of the world, whoever began them. */
export function testing({ dir }: Pick<World, 'dir'>): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return alive(pids).filter((pid) => {
    try {
      const env = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return env.some((line) => line.startsWith('TELEC_CHECK_CACHE=') && line.includes(dir));
    } catch {
      return false;
    }
  });
}

/** Ends what still runs as a check of the world. */
export function endTesting(world: Pick<World, 'dir'>): void {
  for (const pid of testing(world)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
}
