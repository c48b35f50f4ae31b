/**
 * Any program that takes HTTP: each message is one POST of JSON. It cannot be edited, so what changes is told again
 * with the same rows. Never follows a redirect: the address is the secret, and another host has no part in it.
 */
import { createHash } from 'node:crypto';
import { faultCode, pauseOf, type Surface, type SurfaceAnswer, type Telling } from './surface.ts';

/** Statuses that a person has to mend: no right, no such place. */
const GONE = new Set([401, 403, 404, 410]);
const PER_MINUTE = 60;

/** The surface at `url`, an http(s) address; null when it is none. */
export function openWebhook(url: string): Surface | null {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return null;
  const post = async (telling: Telling, signal: AbortSignal): Promise<SurfaceAnswer> => {
    let response: Response;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'telec', 'idempotency-key': telling.id },
        body: JSON.stringify(bodyOf(telling)),
        redirect: 'manual',
        signal,
      });
      // An answer of any length is of no interest.
      await response.body?.cancel();
    } catch (error) {
      return { kind: 'failed', detail: faultCode(error) };
    }
    const { status } = response;
    if (status >= 200 && status < 300) return { kind: 'taken', message: null };
    if (status === 429 || status === 503)
      return { kind: 'limited', retryAfterMs: pauseOf(secondsOf(response.headers)) };
    if (status >= 300 && status < 400)
      return { kind: 'gone', detail: `it answers ${status}, a redirect, which is not followed` };
    if (GONE.has(status)) return { kind: 'gone', detail: `it answers ${status}` };
    return { kind: status >= 500 || status === 408 ? 'failed' : 'refused', detail: `it answers ${status}` };
  };
  return {
    name: 'webhook',
    place: createHash('sha256').update(url).digest('hex').slice(0, 12),
    perMinute: PER_MINUTE,
    send: post,
    edit: (_message, telling, signal) => post(telling, signal),
  };
}

/** Version 1 of what is posted. */
function bodyOf({ id, repoId, items }: Telling): Record<string, unknown> {
  return { version: 1, id, repo_id: repoId, notifications: items };
}

/** `Retry-After` in seconds; an instant is waited for half a minute instead, for clocks differ. */
function secondsOf(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : 30;
}
