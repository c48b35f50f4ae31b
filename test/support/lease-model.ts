/** What may happen to a lease: the answers of Redis, and the calls of the session. Every kind of outcome is here. */
import type { SnapshotFrom } from 'xstate';
import {
  type AcquireLeaseOutcome,
  type LeaseContext,
  type LeaseEvent,
  type LeaseInput,
  leaseMachine,
  type RenewLeaseOutcome,
} from '../../src/machines/lease.ts';
import { type Answers, type InnerEvent, innerEvents, pathOf } from './exploration.ts';

export type LeaseSnapshot = SnapshotFrom<typeof leaseMachine>;

export const LEASE_INPUT: LeaseInput = { sessionId: 'integrator-1', ttlMs: 120_000, renewMs: 30_000, retryMs: 1000 };

const acquired: { [K in AcquireLeaseOutcome['kind']]: Extract<AcquireLeaseOutcome, { kind: K }> } = {
  granted: { kind: 'granted', token: 't-1', fence: 1, validForMs: 119_000, replacedStale: false },
  busy: { kind: 'busy', holder: 'integrator-0', fence: 1, expiresAt: 1 },
};
const renewed: { [K in RenewLeaseOutcome['kind']]: Extract<RenewLeaseOutcome, { kind: K }> } = {
  renewed: { kind: 'renewed', validForMs: 118_000 },
  missing: { kind: 'missing' },
  stolen: { kind: 'stolen' },
  expired: { kind: 'expired' },
};
const each = (outcomes: Record<string, unknown>) => () =>
  Object.entries(outcomes).map(([name, output]) => ({ name, output }));

const answers: Answers<LeaseContext> = {
  acquireLease: each(acquired),
  renewLease: each(renewed),
  releaseLease: each({ 'given back': true, 'was not ours': false }),
};

export const LEASE_CALLS: readonly (LeaseEvent & { name: string })[] = [
  { type: 'lease.acquire', floor: 0, name: 'lease.acquire' },
  { type: 'lease.release', name: 'lease.release' },
];

export function leaseEventsAt(snapshot: LeaseSnapshot): InnerEvent[] {
  return [...LEASE_CALLS, ...innerEvents(leaseMachine, snapshot, answers)];
}

export function leaseEssence({ value, context }: LeaseSnapshot): string {
  const { grant, busy, lostBecause, error } = context;
  return JSON.stringify([pathOf(value), grant?.validForMs, busy !== null, lostBecause, error !== null]);
}
