/**
 * `status`, `up`, `down`: the daemon of this repository. `up` starts this very program again, detached, and waits for
 * the one line in which it says that it answers, or why it cannot.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, TelecError } from '../../errors.ts';
import { daemonEnvironment } from '../../io/acting.ts';
import { flagOption } from '../arguments.ts';
import { askDaemon, type Call, daemonFile, type Handler, read, route, withClient } from '../call.ts';
import { Interrupted } from '../exit.ts';
import { statusText } from '../messages.ts';

/** Redis may load for 30 s; the daemon's own start is short. */
const START_MAX_MS = 60_000;
/** The train in hand has 30 s to end. */
const STOP_MAX_MS = 40_000;
const STOP_LOOK_MS = 50;
/** Pause before looking again at a daemon that holds the lock but does not answer yet. */
const OTHER_LOOK_MS = 100;

interface DaemonChange {
  running: boolean;
  pid: number | null;
  changed: boolean;
}

const changeText = ({ running, pid, changed }: DaemonChange) => {
  if (running) return `the daemon runs as process ${pid}${changed ? '' : '; nothing changed'}`;
  return changed ? 'stopped' : 'the daemon does not run; nothing changed';
};

export const status: Handler = async (call) => {
  const view = await read(call, route('status'), (client) => client.status());
  await call.output.answer(view, (value, paint) => statusText(value, call.now(), paint));
  return undefined;
};

/** The pid of the daemon when it answers, else null. */
async function runningPid(call: Call): Promise<number | null> {
  const pid = daemonFile(call)?.pid ?? null;
  return (await askDaemon(call, { path: route('status') })) ? pid : null;
}

export const up: Handler = async (call) => {
  if (flagOption(call.options, 'foreground')) return serve(call);
  const pid = await runningPid(call);
  const change = pid === null ? await start(call) : { running: true, pid, changed: false };
  await call.output.answer(change, changeText);
  return undefined;
};

async function serve(call: Call): Promise<undefined> {
  const runtime = await call.runtime();
  let told: Promise<void> = Promise.resolve();
  await runtime.serve(call.context, ({ pid }) => {
    // The reader of this line may be gone by now; the daemon stays all the same.
    told = call.output.answer({ running: true, pid, changed: true }, changeText).catch(() => undefined);
  });
  await told;
  return undefined;
}

/** Starts the daemon detached. Another one that was faster is as good, also while it is still starting or ending. */
async function start(call: Call): Promise<DaemonChange> {
  const deadline = performance.now() + START_MAX_MS;
  const env = daemonEnvironment(call.context.env, await isLive(call));
  for (;;) {
    const change = await tryStart(call, env);
    if (change instanceof TelecError) {
      if (change.code !== 'DAEMON_RUNNING' || performance.now() > deadline) throw change;
      await pause(OTHER_LOOK_MS);
      continue;
    }
    return change;
  }
}

/** Whether the log says live. What keeps it from being read is told by the daemon itself, which needs it as well. */
async function isLive(call: Call): Promise<boolean> {
  try {
    return (await withClient(call, (client) => client.status())).mode === 'live';
  } catch (error) {
    if (error instanceof TelecError) return false;
    throw error;
  }
}

/** One start: what came of it, or why it was refused. */
async function tryStart(call: Call, env: NodeJS.ProcessEnv): Promise<DaemonChange | TelecError> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, call.entry, '-C', call.context.cwd, '--json', 'up', '--foreground'],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env, cwd: '/' },
  );
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!/^(error|hint): |^ {2}/.test(line)) call.output.say(line);
  });
  const answer = await firstLine(child, call.context.signal);
  const said = parse(answer);
  // What refused to start is about to end, and its status is the kind of its fault.
  if (said?.['error']) await once(child, 'exit').catch(() => undefined);
  const { pid, exitCode } = child;
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
  child.unref();
  if (said?.['running'] === true && pid !== undefined) return { running: true, pid, changed: true };
  if (call.context.signal.aborted) throw new Interrupted();
  const other = await runningPid(call);
  if (other !== null) return { running: true, pid: other, changed: false };
  return startFault(said, exitCode);
}

/** The first line the child writes, or null when it ended or took too long; then it is ended. */
function firstLine(child: ReturnType<typeof spawn>, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const settle = (line: string | null) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(line);
    };
    const giveUp = () => {
      child.kill('SIGTERM');
      settle(null);
    };
    const timer = setTimeout(giveUp, START_MAX_MS);
    signal.addEventListener('abort', giveUp, { once: true });
    if (child.stdout) {
      const lines = createInterface({ input: child.stdout });
      lines.once('line', settle);
      lines.once('close', () => settle(null));
    }
    child.once('error', () => settle(null));
  });
}

function parse(line: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What the child said of itself, as the fault of this command. */
function startFault(said: Record<string, unknown> | null, status: number | null): TelecError {
  const error = said?.['error'] as Record<string, unknown> | undefined;
  if (!error)
    return new TelecError('DAEMON_START', EXIT.unreachable, 'the daemon ended before it answered', {
      hint: '`telec up --foreground` shows what it says',
    });
  const { code, message, hint, problems } = error;
  return new TelecError(String(code), status || EXIT.unreachable, String(message), {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(Array.isArray(problems) ? { problems } : {}),
  });
}

export const down: Handler = async (call) => {
  const pid = daemonFile(call)?.pid ?? null;
  const asked = await askDaemon(call, { method: 'POST', path: route('stop'), body: {} });
  if (asked && pid !== null) await ended(pid);
  const redis = flagOption(call.options, 'redis') && (await (await call.runtime()).stopRedis(call.context));
  await call.output.answer({ running: false, pid: null, changed: asked !== null || redis }, changeText);
  return undefined;
};

/** Waits until nobody answers and the process is gone. Thrown: DAEMON_BUSY (5). */
async function ended(pid: number): Promise<void> {
  for (let waited = 0; waited < STOP_MAX_MS; waited += STOP_LOOK_MS) {
    if (!isAlive(pid)) return;
    await pause(STOP_LOOK_MS);
  }
  throw new TelecError('DAEMON_BUSY', EXIT.timeout, `the daemon was asked to stop and still runs as process ${pid}`, {
    hint: `look again with telec status, or end it with: kill ${pid}`,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
