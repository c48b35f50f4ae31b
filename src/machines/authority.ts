/**
 * What the log says of the guards: what they refused, when they were tried, whom a person let pass, and up to where main
 * was audited. A pure fold; it guards nothing itself.
 */
import type { DomainEvent, PayloadOf } from './events.ts';

/** A person may bring main to `commit`, and to nothing else, until then, or until the next live session begins. */
export interface Permit {
  id: string;
  commit: string;
  until: string;
  actor: string;
  reason: string;
  /** A guard has let it pass. */
  used: boolean;
}

export interface Authority {
  /** Refusals so far, and the newest. */
  refusals: number;
  lastRefusal: { at: string; code: string; route: string; actor: string } | null;
  /** The newest trial of the guards against a scratch remote. */
  trial: (Omit<PayloadOf<'integration.guard.tried'>, 'command_id'> & { id: string; at: string }) | null;
  /** The newest permission, whether or not it is over. */
  permit: Permit | null;
  /** Commits of the newest permissions, oldest first, whether or not they are over: what they brought is not foreign. */
  permitted: readonly string[];
  /** Main as it was audited last, and the entry that says so; null before the first time. */
  audited: { id: string; main: string } | null;
}

export const FRESH_AUTHORITY: Authority = {
  refusals: 0,
  lastRefusal: null,
  trial: null,
  permit: null,
  permitted: [],
  audited: null,
};

/** Permissions remembered by their commit. */
const PERMITTED_MAX = 50;

/** After one more event; the same object when it does not concern the guards. */
export function foldAuthority(authority: Authority, event: DomainEvent): Authority {
  switch (event.type) {
    case 'integration.guard.refused': {
      const { code, route, actor } = event.payload;
      const lastRefusal = { at: event.timestamp, code, route, actor };
      return { ...authority, refusals: authority.refusals + 1, lastRefusal };
    }
    case 'integration.guard.tried': {
      const { command_id: _, ...trial } = event.payload;
      return { ...authority, trial: { ...trial, id: event.id, at: event.timestamp } };
    }
    case 'integration.guard.permitted': {
      const { commit, until, actor, reason } = event.payload;
      const permitted = [...authority.permitted, commit].slice(-PERMITTED_MAX);
      return { ...authority, permitted, permit: { id: event.id, commit, until, actor, reason, used: false } };
    }
    case 'integration.guard.passed': {
      const { permit } = authority;
      if (permit?.commit !== event.payload.commit) return authority;
      return { ...authority, permit: { ...permit, used: true } };
    }
    case 'integration.session.started': {
      const { permit } = authority;
      // The fence of a live session takes the place of the one that let it pass.
      if (event.payload.mode !== 'live' || permit === null || Date.parse(permit.until) <= Date.parse(event.timestamp))
        return authority;
      return { ...authority, permit: { ...permit, until: event.timestamp } };
    }
    case 'integration.main.audited':
      return { ...authority, audited: { id: event.id, main: event.payload.to } };
    default:
      return authority;
  }
}
