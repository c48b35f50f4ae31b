/**
 * Runs the lease machine for one session and hands out the permission to act as a value: a `LeaseProof` exists only
 * here, and what moves main takes one. Renewal runs beside the work, on the machine's own timers.
 */
import { type AnyMachineSnapshot, createActor, fromPromise, waitFor } from 'xstate';
import type { Clock } from '../io/clock.ts';
import type { LeaseStore } from '../io/redis/lease.ts';
import {
  type AcquireLeaseInput,
  type AcquireLeaseOutcome,
  type HeldLeaseInput,
  type LeaseLossReason,
  leaseMachine,
  type RenewLeaseOutcome,
} from '../machines/lease.ts';
import type { InspectionSink } from './inspection.ts';

declare const proven: unique symbol;

/** Permission to act for the holder of the live lease. Made only by a lease keeper. */
export interface LeaseProof {
  readonly [proven]: true;
  readonly sessionId: string;
  readonly token: string;
  readonly fence: number;
  /** Throws `LeaseLost` unless the lease is still surely ours by the local monotonic clock. */
  assertHeld(): void;
}

/** Thrown when something is about to be done under a lease that is no longer surely held. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
  readonly reason: string;

  constructor(reason: string) {
    super(`the lease is lost: ${reason}`);
    this.reason = reason;
  }
}

export type AcquireResult =
  | { kind: 'granted'; proof: LeaseProof; replacedStale: boolean }
  | { kind: 'busy'; holder: string; fence: number; expiresAt: number };

export interface LeaseKeeperOptions {
  store: LeaseStore;
  clock: Clock;
  sessionId: string;
  /** Makes a fresh token, one a grant. */
  makeToken(): string;
  ttlMs: number;
  renewMs: number;
  inspect?: InspectionSink;
  /** Called once, when a lease that was granted is ours no more without having been released. */
  onLost(reason: LeaseLossReason): void;
}

export interface LeaseKeeper {
  /** Asks for the lease with a fence above `floor`. Throws when Redis cannot be reached. */
  acquire(floor: number): Promise<AcquireResult>;
  /** Gives the lease back; a keeper that holds none does nothing. */
  release(): Promise<void>;
  /** The actor of the lease that is held; none without one. */
  actors(): { id: string; machine: 'lease'; snapshot: AnyMachineSnapshot; since: string }[];
}

export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { store, clock, sessionId, ttlMs, renewMs } = options;
  let current: ReturnType<typeof start> | null = null;
  let since = '';

  function start(token: string) {
    /** Monotonic instant until which the lease is surely ours; moved by grants and renewals only. */
    let validUntil = 0;
    /** What asking for the lease threw; the machine keeps only its words. */
    let fault: unknown = null;
    const machine = leaseMachine.provide({
      actors: {
        acquireLease: fromPromise<AcquireLeaseOutcome, AcquireLeaseInput>(async ({ input }) => {
          const sentAt = clock.monotonic();
          const outcome = await store.acquire(sessionId, token, ttlMs, input.floor).catch((error: unknown) => {
            fault = error;
            throw error;
          });
          if (outcome.kind === 'busy') {
            const { ownerSessionId: holder, fence, expiresAt } = outcome.record;
            return { kind: 'busy', holder, fence, expiresAt };
          }
          // `held` answers a repeat of our own request, whose first answer was lost: the grant is as old as it says.
          validUntil = sentAt + ttlMs;
          const validForMs = validUntil - clock.monotonic();
          const replacedStale = outcome.kind === 'acquired' && outcome.replacedStale !== null;
          return { kind: 'granted', token, fence: outcome.record.fence, validForMs, replacedStale };
        }),
        renewLease: fromPromise<RenewLeaseOutcome, HeldLeaseInput>(async () => {
          const sentAt = clock.monotonic();
          const outcome = await store.renew(sessionId, token, ttlMs);
          if (outcome.kind !== 'renewed') return { kind: outcome.kind };
          validUntil = sentAt + ttlMs;
          return { kind: 'renewed', validForMs: validUntil - clock.monotonic() };
        }),
        releaseLease: fromPromise<boolean, HeldLeaseInput>(() => store.release(sessionId, token)),
      },
    });
    const actor = createActor(machine, {
      id: `lease:${sessionId}`,
      clock,
      input: { sessionId, ttlMs, renewMs, retryMs: Math.max(50, Math.floor(renewMs / 4)) },
      ...(options.inspect ? { inspect: options.inspect } : {}),
    });
    actor.subscribe((snapshot) => {
      if (snapshot.matches('lost')) options.onLost(snapshot.context.lostBecause ?? 'deadline');
    });
    actor.start();
    return { actor, validUntil: () => validUntil, fault: () => fault };
  }

  return {
    async acquire(floor) {
      const running = start(options.makeToken());
      const { actor } = running;
      actor.send({ type: 'lease.acquire', floor });
      const snapshot = await waitFor(actor, (state) => !state.matches('acquiring'), {
        timeout: Number.POSITIVE_INFINITY,
      });
      if (snapshot.context.busy) return { kind: 'busy', ...snapshot.context.busy };
      since = new Date(clock.now()).toISOString();
      const { grant, replacedStale } = snapshot.context;
      if (!grant) throw running.fault() ?? new Error(snapshot.context.error ?? 'the lease could not be asked for');
      current = running;
      const proof = {
        sessionId,
        token: grant.token,
        fence: grant.fence,
        assertHeld() {
          const state = actor.getSnapshot();
          if (!state.matches('holding')) throw new LeaseLost(state.context.lostBecause ?? 'released');
          if (clock.monotonic() >= running.validUntil()) throw new LeaseLost('deadline');
        },
      } as LeaseProof;
      return { kind: 'granted', proof, replacedStale };
    },
    actors: () =>
      current ? [{ id: current.actor.id, machine: 'lease', snapshot: current.actor.getSnapshot(), since }] : [],
    async release() {
      if (!current) return;
      const { actor } = current;
      current = null;
      // A lease that was lost has nothing to give back.
      if (actor.getSnapshot().status !== 'active') return;
      actor.send({ type: 'lease.release' });
      await waitFor(actor, (state) => state.status === 'done', { timeout: Number.POSITIVE_INFINITY });
    },
  };
}
