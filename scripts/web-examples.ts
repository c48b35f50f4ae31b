/** Answers about the web view, as `--json` and the daemon print them; part of `examples.ts`. */
import type { TicketView, WebView } from '../src/actors/web-entry.ts';

const url = 'http://127.0.0.1:7433/#enter=5f1d0c3b7e9a42685f1d0c3b7e9a42685f1d0c3b7e9a42685f1d0c3b7e9a4268';
const expires_at = '2026-01-01T10:01:00.000Z';

export const ticket: TicketView = {
  url,
  file: '/home/ann/.local/state/telec/app-0123456789ab/web-enter-0123456789abcdef.html',
  expires_at,
};

export const web: WebView = { url, opened: true, expires_at };
