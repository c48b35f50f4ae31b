/**
 * The page's line to the daemon: enters with a ticket, follows `/v1/live`, and after a break comes back by itself with
 * growing pauses. Tells the store alone.
 */
import type { LiveMessage } from '../../actors/live/views.ts';
import { linkOf, readEnter } from '../../machines/links.ts';
import { ask, enter, forgetToken, onEntered, Refused, readToken } from './api.ts';
import { currentState, takeMessage, update } from './store.ts';

/** Pause before the first try after a break and at most, ms. */
const PAUSE = { first: 500, most: 8000 };

let tries = 0;
let timer: number | undefined;
let socket: WebSocket | null = null;

/** Begins; for the life of the page. */
export async function connect(): Promise<void> {
  window.addEventListener('online', tryNow);
  onEntered(tryNow);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') tryNow();
  });
  await enterByAddress();
  open();
}

/** A page that is open already gets a ticket when `telec web` opens it again. */
export async function enterByAddress(): Promise<boolean> {
  const found = readEnter(location.hash);
  if (found === null) return false;
  // Out of the address at once: it is kept in the history.
  history.replaceState(null, '', found.link === null ? location.pathname : linkOf(found.link));
  try {
    await enter(found.ticket);
  } catch (error) {
    if (error instanceof Refused && readToken() === null)
      update({ connection: { kind: 'signed_out', why: 'ticket_refused' } });
  }
  return true;
}

/** Does not wait for the pause to be over. */
export function tryNow(): void {
  if (currentState().connection.kind === 'live' || socket !== null) return;
  window.clearTimeout(timer);
  open();
}

function open(): void {
  const token = readToken();
  if (token === null) {
    if (currentState().connection.kind !== 'signed_out')
      update({ connection: { kind: 'signed_out', why: currentState().live === null ? 'no_token' : 'wrong_token' } });
    return;
  }
  const made = new WebSocket(`ws://${location.host}/v1/live`, ['telec.v1', `telec.token.${token}`]);
  socket = made;
  made.onmessage = ({ data }: MessageEvent<string>) => {
    tries = 0;
    takeMessage(JSON.parse(data) as LiveMessage);
  };
  made.onclose = () => {
    socket = null;
    void afterBreak();
  };
}

/** A browser does not say why a socket was refused; a question does. */
async function afterBreak(): Promise<void> {
  const { connection } = currentState();
  const token = readToken();
  const pause = Math.min(PAUSE.most, PAUSE.first * 2 ** tries) * (0.75 + Math.random() / 2);
  tries += 1;
  const since = connection.kind === 'lost' ? connection.since : Date.now();
  update({ connection: { kind: 'lost', since, retryAt: Date.now() + pause } });
  try {
    await ask('/v1/status');
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      if (token !== null) forgetToken(token);
      update({ connection: { kind: 'signed_out', why: 'wrong_token' } });
      return;
    }
  }
  timer = window.setTimeout(open, pause);
}
