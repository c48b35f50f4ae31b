/**
 * `npm run bench`: measures telec beside bare git and bare Redis in one run and says for each number how far it is from
 * the limit and from the goal. Nothing fails for being slow. Options: --quick, --only <part>, --json,
 * --plot <file.svg> for the picture of the part `speculation`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAppends } from './appends.ts';
import { measureAudit } from './audit.ts';
import { measureCommands } from './commands.ts';
import { measureFold } from './fold.ts';
import { measureGrounds } from './grounds.ts';
import { measureGuards } from './guards.ts';
import { measureIntegration } from './integration.ts';
import { judge, type Line, table } from './lines.ts';
import { measureQueue } from './queue.ts';
import { measureSpeculation } from './speculation.ts';

type Part = (dir: string, quick: boolean, say: (text: string) => void, plot: string | null) => Promise<Line[]>;

const PARTS: Record<string, Part> = {
  integration: measureIntegration,
  queue: measureQueue,
  speculation: measureSpeculation,
  grounds: measureGrounds,
  audit: measureAudit,
  appends: measureAppends,
  fold: measureFold,
  commands: measureCommands,
  guards: measureGuards,
};

function first(program: string, args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]?.trim() ?? '';
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      plot: { type: 'string' },
    },
  });
  const chosen = values.only ?? Object.keys(PARTS);
  const unknown = chosen.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined)
    throw new Error(`no part is called ${unknown}; there are ${Object.keys(PARTS).join(', ')}`);
  const began = performance.now();
  const say = (text: string) => {
    const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(4);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
  const machine = {
    cores: availableParallelism(),
    load_before: loadavg()[0] ?? 0,
    node: process.version,
    git: first('git', ['version']),
    redis: first('redis-server', ['--version']).replace(/ sha=.*$/, ''),
  };
  const dir = mkdtempSync(join(tmpdir(), 'telec-bench-'));
  const lines: Line[] = [];
  try {
    for (const name of chosen) {
      say(name);
      lines.push(...((await PARTS[name]?.(dir, values.quick ?? false, say, values.plot ?? null)) ?? []));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
  const judged = lines.map(judge);
  const after = { ...machine, load_after: loadavg()[0] ?? 0, seconds: Math.round((performance.now() - began) / 1000) };
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: after, lines: judged }, null, 2)}\n`);
  else {
    const goals = judged.filter(({ met }) => met !== null);
    const facts = Object.entries(after).map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`);
    process.stdout.write(`${table(judged)}\n\n${goals.filter(({ met }) => met).length} of ${goals.length} goals met. `);
    process.stdout.write(`${facts.join(', ')}.\n`);
  }
}

await main();
