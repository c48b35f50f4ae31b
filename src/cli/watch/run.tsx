/** Puts the view on a terminal: loads ink, takes the screen, gives it back whatever happened. The one place of both. */
import { render } from 'ink';
import type { Acts } from './acts.ts';
import type { Look } from './look.tsx';
import { Reader } from './reader.ts';
import { Screen, type Terminal } from './screen.ts';
import type { WatchStore } from './store.ts';
import { WatchView } from './view.tsx';

export interface ViewRun {
  store: WatchStore;
  acts: Acts;
  look: Look;
  terminal: Terminal;
  stdin: NodeJS.ReadStream;
  now(): number;
  /** Aborted: the view ends. */
  signal: AbortSignal;
}

/** Shows the view until the reader leaves or the signal aborts. Thrown: what the terminal or the view failed with. */
export async function runView(parts: ViewRun): Promise<'quit' | 'interrupted'> {
  const { store, acts, look, terminal, stdin, now, signal } = parts;
  let end: (how: 'quit' | 'interrupted') => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const ended = new Promise<'quit' | 'interrupted'>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  const screen = new Screen(terminal, (error) => fail(error));
  const abort = () => end('interrupted');
  const continued = () => takeKeys(stdin);
  signal.addEventListener('abort', abort, { once: true });
  const reader = new Reader({ store, acts, leave: (how) => end(how) });
  screen.open();
  // `debug` hands every frame over whole; the screen writes what changed of it.
  const instance = render(<WatchView {...{ store, reader, look, now }} />, {
    stdout: screen as unknown as NodeJS.WriteStream,
    stderr: screen as unknown as NodeJS.WriteStream,
    stdin,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  instance.waitUntilExit().then(undefined, fail);
  process.on('SIGCONT', continued);
  if (signal.aborted) abort();
  try {
    return await ended;
  } finally {
    process.off('SIGCONT', continued);
    signal.removeEventListener('abort', abort);
    screen.close();
    reader.close();
    instance.unmount();
    instance.cleanup();
  }
}

/** A shell sets its terminal back while a program is stopped. Node believes that it is raw still, hence off and on. */
function takeKeys(stdin: NodeJS.ReadStream): void {
  if (!stdin.isRaw) return;
  stdin.setRawMode(false);
  stdin.setRawMode(true);
}
