/**
 * The keeper of one lease: acquires it, renews it beside the work, and knows by the local monotonic clock when it can
 * no longer be trusted. Redis decides who holds it; this machine decides when its holder must stop.
 *
 * Invariant: while it is in `holding`, the lease was granted or renewed by a request sent less than `ttlMs` ago.
 */
import { assign, fromPromise, setup } from 'xstate';

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

const notProvided = (effect: string) => (): never => {
  throw new Error(`effect ${effect} was not provided`);
};

export const leaseMachine = setup({
  types: { context: {} as LeaseContext, events: {} as LeaseEvent, input: {} as LeaseInput },
  actors: {
    acquireLease: fromPromise<AcquireLeaseOutcome, { sessionId: string; ttlMs: number; floor: number }>(
      notProvided('acquireLease'),
    ),
    renewLease: fromPromise<RenewLeaseOutcome, { sessionId: string; token: string; ttlMs: number }>(
      notProvided('renewLease'),
    ),
    releaseLease: fromPromise<boolean, { sessionId: string; token: string }>(notProvided('releaseLease')),
  },
  guards: {
    wasGranted: (_, outcome: AcquireLeaseOutcome) => outcome.kind === 'granted',
    wasRenewed: (_, outcome: RenewLeaseOutcome) => outcome.kind === 'renewed',
  },
  actions: {
    rememberGrant: assign((_, outcome: AcquireLeaseOutcome) =>
      outcome.kind === 'granted'
        ? {
            grant: { token: outcome.token, fence: outcome.fence, validForMs: outcome.validForMs },
            replacedStale: outcome.replacedStale,
          }
        : {},
    ),
    rememberHolder: assign((_, outcome: AcquireLeaseOutcome) =>
      outcome.kind === 'busy'
        ? { busy: { holder: outcome.holder, fence: outcome.fence, expiresAt: outcome.expiresAt } }
        : {},
    ),
    rememberRenewal: assign(({ context }, outcome: RenewLeaseOutcome) =>
      outcome.kind === 'renewed' && context.grant
        ? { grant: { ...context.grant, validForMs: outcome.validForMs } }
        : {},
    ),
    rememberLoss: assign((_, reason: LeaseLossReason) => ({ lostBecause: reason })),
    rememberRefusal: assign((_, outcome: RenewLeaseOutcome) =>
      outcome.kind === 'renewed' ? {} : { lostBecause: outcome.kind },
    ),
    rememberError: assign((_, error: unknown) => ({ error: error instanceof Error ? error.message : String(error) })),
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
            guard: { type: 'wasGranted', params: ({ event }) => event.output },
            target: 'holding',
            actions: { type: 'rememberGrant', params: ({ event }) => event.output },
          },
          { target: 'busy', actions: { type: 'rememberHolder', params: ({ event }) => event.output } },
        ],
        onError: { target: 'failed', actions: { type: 'rememberError', params: ({ event }) => event.error } },
      },
    },
    holding: {
      description: 'The lease is ours; it is renewed beside the work.',
      tags: ['live'],
      meta: { endsBy: 'lease.release by the session, or the end of its validity' },
      initial: 'resting',
      after: { validity: { target: 'lost', actions: { type: 'rememberLoss', params: 'deadline' } } },
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
                guard: { type: 'wasRenewed', params: ({ event }) => event.output },
                target: '#lease.holding',
                reenter: true,
                actions: { type: 'rememberRenewal', params: ({ event }) => event.output },
              },
              {
                target: '#lease.lost',
                actions: { type: 'rememberRefusal', params: ({ event }) => event.output },
              },
            ],
            onError: {
              target: 'retrying',
              actions: { type: 'rememberError', params: ({ event }) => event.error },
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
        input: ({ context }) => ({ sessionId: context.sessionId, token: context.grant?.token ?? '' }),
        onDone: { target: 'released', actions: 'forgetGrant' },
        onError: { target: 'failed', actions: { type: 'rememberError', params: ({ event }) => event.error } },
      },
    },
    busy: { type: 'final', description: 'Another session holds it.' },
    released: { type: 'final', description: 'Given back; free for the next session.' },
    lost: { type: 'final', description: 'No longer ours: the holder must stop before its next side effect.' },
    failed: { type: 'final', description: 'Redis could not be reached; the lease ends by its own expiry.' },
  },
});
