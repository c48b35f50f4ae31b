/** The built program on a real pseudo-terminal, with a screen that can be read, keys, and a size that changes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { TELEC, type World } from './e2e-world.ts';
import { poll } from './redis-server.ts';
import { TestTerminal } from './terminal.ts';

export interface Pty {
  terminal: TestTerminal;
  /** Process of the program itself. */
  pid(): number;
  press(...keys: string[]): Promise<void>;
  resize(columns: number, rows: number): void;
  /** Waits until the screen fits; thrown: what it shows after half a minute. */
  until(fits: (text: string) => boolean): Promise<void>;
  /** Exit status, and everything that was written. */
  ended: Promise<{ code: number | null; raw: string }>;
}

const quoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

let started = 0;

export function startPty(world: World, args: string[], env: Record<string, string> = {}): Pty {
  const terminal = new TestTerminal(80, 24);
  const file = join(world.dir, `pty-${started++}`);
  const command = `tty > ${quoted([`${file}.tty`])}; echo $$ > ${quoted([`${file}.pid`])}; stty rows 24 cols 80; exec ${quoted([process.execPath, TELEC, ...args])}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: world.cloneDir,
    env: { ...world.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    if (existsSync(`${file}.pid`) && child.exitCode === null) kill(pid());
  });
  const pid = () => Number(readFileSync(`${file}.pid`, 'utf8'));
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => terminal.feed(text));
  child.stdin.on('error', () => undefined);
  return {
    terminal,
    pid,
    async press(...keys) {
      for (const key of keys) {
        child.stdin.write(key);
        // Two keys in one piece are two keys, but escape and a letter are another one.
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
    resize(columns, rows) {
      Object.assign(terminal, { columns, rows });
      const tty = readFileSync(`${file}.tty`, 'utf8').trim();
      execFileSync('stty', ['-F', tty, 'rows', String(rows), 'cols', String(columns)]);
    },
    async until(fits) {
      await poll(() => fits(terminal.text()), 30_000).catch((error: unknown) => {
        throw new Error(
          `the screen shows:\n${terminal.text()}\nwritten at last:\n${JSON.stringify(terminal.raw.slice(-300))}`,
          { cause: error },
        );
      });
    },
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, raw: terminal.raw })),
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
