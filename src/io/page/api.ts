/**
 * Asking the daemon: the token, the routes, and what a refusal says. Keeps the token in the storage of this origin, where
 * another port cannot read it. Decides nothing of what is shown.
 */

import type { CandidateDetailView, HoldView, NotificationRow } from '../../actors/client.ts';
import type { EnvelopeView } from '../../actors/event-views.ts';
import type { LiveDesk } from '../../actors/live/views.ts';
import type { CheckLogView } from '../../actors/tests/views.ts';

const TOKEN_KEY = 'telec.token';

/** What the daemon refused, in its words. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;

  constructor(status: number, code: string, message: string, hint: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

export const readToken = (): string | null => localStorage.getItem(TOKEN_KEY);
/** Forgets that one; another tab may have got a newer one meanwhile. */
export function forgetToken(token: string): void {
  if (readToken() === token) localStorage.removeItem(TOKEN_KEY);
}

/** Calls back when another tab of this door was let in. */
export function onEntered(entered: () => void): void {
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === TOKEN_KEY && newValue !== null) entered();
  });
}

/** Trades the ticket of `telec web` for the token of the running daemon. Thrown: `Refused`. */
export async function enter(ticket: string): Promise<void> {
  const { token } = await send<{ token: string }>('/v1/web/enter', { ticket }, null);
  localStorage.setItem(TOKEN_KEY, token);
}

/** Asks; thrown: `Refused`, and `TypeError` when nobody answers. */
export function ask<Answer>(path: string, query: Record<string, string> = {}): Promise<Answer> {
  const search = new URLSearchParams(query).toString();
  return send<Answer>(search === '' ? path : `${path}?${search}`, undefined, readToken());
}

async function send<Answer>(path: string, body: unknown, token: string | null): Promise<Answer> {
  const answer = await fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
  });
  const value = (await answer.json()) as Answer & { error?: { code: string; message: string; hint: string | null } };
  if (answer.ok) return value;
  const { code = 'UNKNOWN', message = `the daemon answered ${answer.status}`, hint = null } = value.error ?? {};
  throw new Refused(answer.status, code, message, hint);
}

const act = <Answer>(path: string, body: unknown) => send<Answer>(path, body, readToken());

/** Questions about the past and about one thing. */
export const look = {
  overview: (at: string) => ask<Awaited<ReturnType<LiveDesk['overview']>>>('/v1/overview', { at }),
  moment: (index: number) => ask<Awaited<ReturnType<LiveDesk['moment']>>>('/v1/moment', { index: String(index) }),
  candidate: (selector: string, at: string | null) =>
    ask<CandidateDetailView>('/v1/candidate', { selector, ...(at === null ? {} : { at }) }),
  checkLog: (selector: string, check: string) => ask<CheckLogView>('/v1/checks/log', { selector, check }),
  unseen: () => ask<NotificationRow[]>('/v1/notifications', { unseen: '1' }),
  events: (from: string, count: number) => ask<EnvelopeView[]>('/v1/events', { from, count: String(count) }),
};

/** What a person does. */
export const deeds = {
  hold: (question: { reason: string | null; for_ms: number | null; main_busy: boolean }) =>
    act<{ hold: HoldView }>('/v1/hold', question),
  unhold: (reason: string | null) => act<{ hold: HoldView | null }>('/v1/unhold', { reason }),
  resume: (question: { slug: string; force: boolean; reason: string | null }) => act<unknown>('/v1/resume', question),
  mark: (mark: 'seen' | 'claim' | 'resolve', ids: string[]) =>
    act<NotificationRow[]>(`/v1/notifications/${mark}`, { ids }),
};

/** A fault as one sentence with what to do. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Refused) return error.hint === null ? error.message : `${error.message}; ${error.hint}`;
  return 'the daemon does not answer';
}
