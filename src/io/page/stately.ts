/**
 * Shows the running actors in the inspector of somebody else, once a person asked for it: loads that page into a frame
 * and hands it the daemon's feed, message by message. What is in the frame can neither read this page nor speak to the
 * daemon; nothing is loaded before the press, and after the end nothing stays.
 */
import { readToken } from './api.ts';
import { applyTheme } from './theme.ts';

/** The place that is told, and no other: a message for it reaches nobody the frame was led on to. */
const STATELY = 'https://stately.ai';
const INSPECTOR = `${STATELY}/inspect`;

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const say = (text: string) => {
  element('state').textContent = text;
};

let frame: HTMLIFrameElement | null = null;
let feed: WebSocket | null = null;

function begin(): void {
  const token = readToken();
  if (token === null) {
    say('This browser has not been let in yet. Run telec web in the repository, then come back to this page.');
    return;
  }
  const made = document.createElement('iframe');
  made.title = "Stately's inspector";
  made.referrerPolicy = 'no-referrer';
  // It may not lead this page elsewhere.
  made.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups');
  made.src = INSPECTOR;
  frame = made;
  element('place').replaceChildren(made);
  show(true);
  say('Waiting for stately.ai. It has to be reachable from this machine.');
}

/** The inspector says when it is ready, again after it was loaded anew; then it gets everything from the beginning. */
function greeted(event: MessageEvent<unknown>): void {
  if (frame === null || event.source !== frame.contentWindow || event.origin !== STATELY) return;
  const { type } = (event.data ?? {}) as { type?: unknown };
  if (type === '@statelyai.connected') relay(frame, readToken() ?? '');
}

function relay(into: HTMLIFrameElement, token: string): void {
  stopFeed();
  let told = 0;
  const made = new WebSocket(`ws://${location.host}/v1/inspect`, ['telec.v1', `telec.token.${token}`]);
  feed = made;
  made.onopen = () => say('Connected. There are actors only while there are candidates that are not final.');
  made.onmessage = ({ data }: MessageEvent<string>) => {
    told += 1;
    into.contentWindow?.postMessage(JSON.parse(data), STATELY);
    say(`Connected; ${told} messages handed on.`);
  };
  made.onclose = () => {
    if (feed !== made) return;
    end();
    say('The daemon is gone or was started anew. Run telec web in the repository, then press again.');
  };
}

function stopFeed(): void {
  const old = feed;
  feed = null;
  old?.close();
}

function end(): void {
  stopFeed();
  frame?.contentWindow?.postMessage({ type: '@statelyai.disconnected' }, STATELY);
  frame = null;
  element('place').replaceChildren();
  show(false);
  say('');
}

function show(running: boolean): void {
  element('asking').hidden = running;
  element('showing').hidden = !running;
  element(running ? 'end' : 'begin').focus();
}

applyTheme();
window.addEventListener('message', greeted);
element('begin').addEventListener('click', begin);
element('end').addEventListener('click', end);
