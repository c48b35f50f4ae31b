/**
 * The keeper of one lease: acquires it, renews it beside the work, and knows by the local monotonic clock when it can
 * no longer be trusted. Redis decides who holds it; this machine decides when its holder must stop.
 *
 * Invariant: while it is in `holding`, the lease was granted or renewed by a request sent less than `ttlMs` ago.
 */
import { assign, fromPromise, setup } from 'xstate';
import { notProvided } from './effects.ts';

export interface LeaseInput {
  sessionId: string;
  ttlMs: number;
  renewMs: number;
  /** Pause after a renewal that could not reach Redis, ms. */
  retryMs: number;
}

/** A grant or renewal: `validForMs` is what is left of the time to live, counted from when the request was sent. */
export interface LeaseGrant {
  token: string;
  fence: number;
  validForMs: number;
}

export interface AcquireLeaseInput {
  sessionId: string;
  ttlMs: number;
  floor: number;
}

/** What renewing and releasing are told. */
export interface HeldLeaseInput {
  sessionId: string;
  token: string;
  ttlMs: number;
}

export type AcquireLeaseOutcome =
  | ({ kind: 'granted'; replacedStale: boolean } & LeaseGrant)
  | { kind: 'busy'; holder: string; fence: number; expiresAt: number };

export type RenewLeaseOutcome =
  | { kind: 'renewed'; validForMs: number }
  | { kind: 'missing' }
  | { kind: 'stolen' }
  | { kind: 'expired' };

export type LeaseLossReason = 'missing' | 'stolen' | 'expired' | 'deadline';

export interface LeaseContext extends LeaseInput {
  grant: LeaseGrant | null;
  replacedStale: boolean;
  busy: { holder: string; fence: number; expiresAt: number } | null;
  lostBecause: LeaseLossReason | null;
  error: string | null;
}

export type LeaseEvent =
  /** `floor` is the fence found on the remote; the grant is above it. */
  { type: 'lease.acquire'; floor: number } | { type: 'lease.release' };

type LeaseEffectOutcome = AcquireLeaseOutcome | RenewLeaseOutcome;

/** The outcome that an effect's done event carries, if it is of that kind. */
function outcome<K extends LeaseEffectOutcome['kind']>(event: unknown, kind: K) {
  const { output } = event as { output?: LeaseEffectOutcome };
  return output?.kind === kind ? (output as Extract<LeaseEffectOutcome, { kind: K }>) : null;
}

export const leaseMachine = setup({
  types: { context: {} as LeaseContext, events: {} as LeaseEvent, input: {} as LeaseInput },
  actors: {
    acquireLease: fromPromise<AcquireLeaseOutcome, AcquireLeaseInput>(notProvided('acquireLease')),
    renewLease: fromPromise<RenewLeaseOutcome, HeldLeaseInput>(notProvided('renewLease')),
    releaseLease: fromPromise<boolean, HeldLeaseInput>(notProvided('releaseLease')),
  },
  guards: {
    wasGranted: ({ event }) => outcome(event, 'granted') !== null,
    wasRenewed: ({ event }) => outcome(event, 'renewed') !== null,
  },
  actions: {
    rememberGrant: assign(({ event }) => {
      const granted = outcome(event, 'granted');
      if (!granted) return {};
      const { token, fence, validForMs, replacedStale } = granted;
      return { grant: { token, fence, validForMs }, replacedStale };
    }),
    rememberHolder: assign(({ event }) => ({ busy: outcome(event, 'busy') })),
    rememberRenewal: assign(({ context, event }) => {
      const renewed = outcome(event, 'renewed');
      return renewed && context.grant ? { grant: { ...context.grant, validForMs: renewed.validForMs } } : {};
    }),
    rememberRefusal: assign(({ event }) => {
      const { output } = event as { output?: { kind?: LeaseLossReason } };
      return { lostBecause: output?.kind ?? null };
    }),
    rememberDeadline: assign({ lostBecause: 'deadline' as const }),
    rememberError: assign(({ event }) => {
      const { error } = event as { error?: unknown };
      return { error: error instanceof Error ? error.message : String(error) };
    }),
    forgetGrant: assign({ grant: null }),
  },
  delays: {
    renewal: ({ context }) => context.renewMs,
    retry: ({ context }) => context.retryMs,
    validity: ({ context }) => Math.max(0, context.grant?.validForMs ?? 0),
  },
}).createMachine({
  id: 'lease',
  description: 'Who may move main: one holder at a time, ordered by a fence that never repeats.',
  initial: 'free',
  context: ({ input }) => ({
    ...input,
    grant: null,
    replacedStale: false,
    busy: null,
    lostBecause: null,
    error: null,
  }),
  states: {
    free: {
      description: 'Not asked for yet.',
      meta: { endsBy: 'lease.acquire by the session' },
      on: { 'lease.acquire': 'acquiring' },
    },
    acquiring: {
      description: 'Redis is asked for the lease.',
      meta: { endsBy: 'the answer of Redis or its time limit' },
      invoke: {
        id: 'acquireLease',
        src: 'acquireLease',
        input: ({ context, event }) => ({
          sessionId: context.sessionId,
          ttlMs: context.ttlMs,
          floor: event.type === 'lease.acquire' ? event.floor : 0,
        }),
        onDone: [
          {
            guard: 'wasGranted',
            target: 'holding',
            actions: 'rememberGrant',
          },
          { target: 'busy', actions: 'rememberHolder' },
        ],
        onError: { target: 'failed', actions: 'rememberError' },
      },
    },
    holding: {
      description: 'The lease is ours; it is renewed beside the work.',
      tags: ['live'],
      meta: { endsBy: 'lease.release by the session, or the end of its validity' },
      initial: 'resting',
      after: { validity: { target: 'lost', actions: 'rememberDeadline' } },
      on: { 'lease.release': 'releasing' },
      states: {
        resting: {
          description: 'Nothing to do until the next renewal.',
          tags: ['live'],
          meta: { endsBy: 'the renewal interval' },
          after: { renewal: 'renewing' },
        },
        renewing: {
          description: 'Redis is asked to prolong the lease.',
          tags: ['live'],
          meta: { endsBy: 'the answer of Redis or the end of validity' },
          invoke: {
            id: 'renewLease',
            src: 'renewLease',
            input: ({ context }) => ({
              sessionId: context.sessionId,
              token: context.grant?.token ?? '',
              ttlMs: context.ttlMs,
            }),
            onDone: [
              {
                guard: 'wasRenewed',
                target: '#lease.holding',
                reenter: true,
                actions: 'rememberRenewal',
              },
              {
                target: '#lease.lost',
                actions: 'rememberRefusal',
              },
            ],
            onError: {
              target: 'retrying',
              actions: 'rememberError',
            },
          },
        },
        retrying: {
          description: 'Redis could not be reached; the renewal is tried again while the lease is still valid.',
          tags: ['live'],
          meta: { endsBy: 'the retry interval or the end of validity' },
          after: { retry: 'renewing' },
        },
      },
    },
    releasing: {
      description: 'The lease is given back.',
      meta: { endsBy: 'the answer of Redis or its time limit' },
      invoke: {
        id: 'releaseLease',
        src: 'releaseLease',
        input: ({ context }) => ({
          sessionId: context.sessionId,
          token: context.grant?.token ?? '',
          ttlMs: context.ttlMs,
        }),
        onDone: { target: 'released', actions: 'forgetGrant' },
        onError: { target: 'failed', actions: 'rememberError' },
      },
    },
    busy: { type: 'final', description: 'Another session holds it.' },
    released: { type: 'final', description: 'Given back; free for the next session.' },
    lost: { type: 'final', description: 'No longer ours: the holder must stop before its next side effect.' },
    failed: { type: 'final', description: 'Redis could not be reached; the lease ends by its own expiry.' },
  },
});
