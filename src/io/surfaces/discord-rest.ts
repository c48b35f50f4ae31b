/**
 * Discord's HTTP interface, asked once for each question: its client's own waiting and repeating is turned off, and of
 * its errors, which hold the address with its token, only codes come out.
 */
import { DiscordAPIError, HTTPError, RateLimitError, REST } from '@discordjs/rest';
import { faultCode, pauseOf } from './surface.ts';

const TIMEOUT_MS = 20_000;

/** `unknown` and `refused` carry Discord's own number for what is wrong. */
export type DiscordFault =
  | { kind: 'limited'; retryAfterMs: number }
  | { kind: 'failed'; detail: string }
  | { kind: 'refused'; status: number; code: number; detail: string };

/** A client of the interface at `api` (`https://discord.com/api`), which signs with `token` where there is one. */
export function openRest(api: string, token?: string): REST {
  const rest = new REST({
    api,
    version: '10',
    retries: 0,
    timeout: TIMEOUT_MS,
    rejectOnRateLimit: () => true,
    // No timers of its own: what it would sweep is small.
    hashSweepInterval: 0,
    handlerSweepInterval: 0,
  });
  return token === undefined ? rest : rest.setToken(token);
}

/** What a failed question says. Discord's words are those of its documentation; they repeat nothing of the question. */
export function faultOf(error: unknown): DiscordFault {
  if (error instanceof RateLimitError) return { kind: 'limited', retryAfterMs: pauseOf(error.retryAfter / 1000) };
  if (error instanceof DiscordAPIError) {
    const { status } = error;
    const code = Number(error.code);
    const said = 'message' in error.rawError ? error.rawError.message : '';
    const detail = `${status}: ${String(said).slice(0, 120)} (${code})`;
    return status >= 500 ? { kind: 'failed', detail } : { kind: 'refused', status, code, detail };
  }
  if (error instanceof HTTPError) return { kind: 'failed', detail: `it answers ${error.status}` };
  return { kind: 'failed', detail: faultCode(error) };
}
