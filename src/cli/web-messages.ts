/** `telec web` in words. */
import type { WebView } from '../actors/web-entry.ts';
import type { Paint } from './output.ts';

export function webText({ url, opened }: WebView, paint: Paint): string {
  const how = opened
    ? 'the web view opens in your browser; should it not, open this address'
    : 'open this address in a browser of this machine';
  return `${how} (good once, within a minute):\n  ${paint('strong', url)}`;
}
