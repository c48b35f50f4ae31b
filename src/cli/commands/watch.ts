/**
 * `watch`: the repository as it changes. On a terminal a view with keys, elsewhere a line a change, with `--json` a
 * document a message. It reads the log itself, so it needs no daemon; when the connection breaks it says so and goes on.
 */

import { EXIT } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Call, Handler } from '../call.ts';
import { INTERRUPTED } from '../exit.ts';
import { jsonLine, ReaderGone } from '../output.ts';
import { Feed, type Heard } from '../watch/feed.ts';
import type { Scene } from '../watch/model.ts';

export const watch: Handler = async (call) => {
  const runtime = await call.runtime();
  const feed = await Feed.open({ open: () => runtime.openClient(call.context) });
  try {
    if (call.output.json) return await told(call, feed, documentsOf(call));
    if (flagOption(call.options, 'plain') || !call.terminal) return await told(call, feed, await linesFor(call));
    return await view(call, feed);
  } finally {
    await feed.close();
  }
};

type Teller = (heard: Heard) => Promise<void>;

const lostText = ({ text, againMs }: Extract<Heard, { kind: 'lost' }>) =>
  `not connected: ${text}; trying again in ${againMs} ms`;

function documentsOf({ output }: Call): Teller {
  return async (heard) => {
    if (heard.kind === 'lost') output.say(lostText(heard));
    else await output.raw(jsonLine(heard.message));
  };
}

async function linesFor({ output, now }: Call): Promise<Teller> {
  const { linesOf } = await import('../watch/lines.ts');
  const { take } = await import('../watch/model.ts');
  let scene: Scene | null = null;
  return async (heard) => {
    if (heard.kind === 'lost') return output.say(lostText(heard));
    const { message } = heard;
    const lines = linesOf(scene, message, output.paint);
    scene = take(scene, message, now());
    const at = message.kind === 'overview' ? message.overview.now : message.now;
    if (lines.length > 0) await output.raw(lines.map((line) => `${output.paint('dim', at)}  ${line}\n`).join(''));
  };
}

async function told(call: Call, feed: Feed, tell: Teller): Promise<number> {
  const { signal } = call.context;
  for await (const heard of feed.follow(signal)) await tell(heard);
  return signal.aborted ? INTERRUPTED : EXIT.done;
}

async function view(call: Call, feed: Feed): Promise<number> {
  const { terminal, context, output, now } = call;
  if (!terminal) return EXIT.bug;
  // What ink and React read when they are loaded: no development build, no devtools, a view in a CI job too.
  process.env['NODE_ENV'] ??= 'production';
  delete process.env['DEV'];
  const { runView } = await import('../watch/run.tsx');
  const { WatchStore } = await import('../watch/store.ts');
  const { lookOf } = await import('../watch/look.tsx');
  const { actsOf } = await import('../watch/acts.ts');
  const store = new WatchStore(now);
  const end = new AbortController();
  const abort = () => end.abort();
  context.signal.addEventListener('abort', abort, { once: true });
  if (context.signal.aborted) abort();
  const fed = (async () => {
    for await (const heard of feed.follow(end.signal)) store.hear(heard);
  })();
  // A bug while following ends the view, and is told once the terminal is back.
  fed.catch(abort);
  try {
    const acts = actsOf(call, () => feed.client, output.paint);
    const look = lookOf(output.colour, context.env);
    const how = await runView({ store, acts, look, now, signal: end.signal, ...terminal });
    return how === 'interrupted' ? INTERRUPTED : EXIT.done;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'EPIPE' || code === 'EIO' || code === 'ERR_STREAM_DESTROYED' ? new ReaderGone() : error;
  } finally {
    context.signal.removeEventListener('abort', abort);
    abort();
    await fed;
  }
}
