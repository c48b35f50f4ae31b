/**
 * The sender of one surface: when it tells what is worth telling, when it waits, and when it stops asking a surface that
 * refuses. Knows no row and no text; what is due is looked up by its effect each time, so the newest state always wins
 * and nothing piles up while a surface is down. Pure; chance comes in with what failed, instants with what happened.
 *
 * Invariant: within a minute no more messages go out than the surface takes.
 */
import { assign, fromPromise, setup } from 'xstate';
import { backoffMs } from './delivery-rules.ts';
import { notProvided } from './effects.ts';

export interface DeliveryInput {
  /** Name of the surface, as `telegram`. */
  surface: string;
  /** How long news is gathered so that what comes together is told together, ms. */
  gatherMs: number;
  /** Messages within a minute at most. */
  perMinute: number;
  /** Pause before a surface that refused for good is asked again, ms. */
  recheckMs: number;
}

/** What became of the next message. Instants are on the monotonic clock, ms. */
export type DeliveryOutcome =
  /** `more`: something else is due. */
  | { kind: 'sent'; at: number; more: boolean }
  | { kind: 'nothing' }
  /** Another daemon has the turn, for `leftMs` more. */
  | { kind: 'others'; leftMs: number }
  | { kind: 'limited'; retryAfterMs: number }
  /** `roll`: chance, from 0 to 1. */
  | { kind: 'failed'; detail: string; roll: number }
  | { kind: 'gone'; detail: string };

export interface DeliveryContext extends DeliveryInput {
  /** When the messages of the last minute went out. */
  sentAt: readonly number[];
  /** Failures since the last message that went out. */
  failures: number;
  /** How long the wait in hand lasts, ms. */
  pauseMs: number;
  /** What the surface said last when it did not take a message; null since one went out. */
  fault: string | null;
  /** News came while a message was on its way. */
  again: boolean;
}

export type DeliveryEvent = { type: 'delivery.due'; at: number } | { type: 'delivery.stop' };

const MINUTE_MS = 60_000;
/** A surface may ask for a longer pause than anybody would wait; it is asked again after this long. */
const PAUSE_MAX_MS = 3_600_000;

function outcome<K extends DeliveryOutcome['kind']>(event: unknown, kind: K) {
  const { output } = event as { output?: DeliveryOutcome };
  return output?.kind === kind ? (output as Extract<DeliveryOutcome, { kind: K }>) : null;
}

/** Those of the instants that are less than a minute before `at`. */
const within = (sentAt: readonly number[], at: number) => sentAt.filter((each) => at - each < MINUTE_MS);
const instantOf = (event: unknown): number =>
  outcome(event, 'sent')?.at ?? (event as { at?: number }).at ?? Number.POSITIVE_INFINITY;
/** All messages of the minute, the one that just went out included. */
const spent = ({ sentAt, perMinute }: DeliveryContext, event: unknown): readonly number[] => {
  const sent = outcome(event, 'sent');
  return within(sent ? [...sentAt, sent.at] : sentAt, instantOf(event)).slice(-perMinute);
};

export const deliveryMachine = setup({
  types: { context: {} as DeliveryContext, events: {} as DeliveryEvent, input: {} as DeliveryInput },
  actors: { sendNext: fromPromise<DeliveryOutcome>(notProvided('sendNext')) },
  guards: {
    isOthers: ({ event }) => outcome(event, 'others') !== null,
    isLimited: ({ event }) => outcome(event, 'limited') !== null,
    hasFailed: ({ event }) => outcome(event, 'failed') !== null,
    isGone: ({ event }) => outcome(event, 'gone') !== null,
    isMinuteSpent: ({ context, event }) => spent(context, event).length >= context.perMinute,
    hasMoreBeyondMinute: ({ context, event }) =>
      ((outcome(event, 'sent')?.more ?? false) || context.again) && spent(context, event).length >= context.perMinute,
    hasMore: ({ context, event }) => (outcome(event, 'sent')?.more ?? false) || context.again,
  },
  actions: {
    noteNews: assign({ again: true }),
    forgetNews: assign({ again: false }),
    rememberSent: assign(({ context, event }) => {
      const sent = outcome(event, 'sent');
      return sent ? { sentAt: spent(context, event), failures: 0, fault: null } : { failures: 0, fault: null };
    }),
    rememberMinute: assign(({ context, event }) => {
      const sent = spent(context, event);
      return { sentAt: sent, pauseMs: Math.max(0, (sent[0] ?? 0) + MINUTE_MS - instantOf(event)) };
    }),
    rememberTurn: assign(({ event }) => ({ pauseMs: outcome(event, 'others')?.leftMs ?? 0 })),
    rememberLimit: assign(({ event }) => ({
      pauseMs: Math.min(PAUSE_MAX_MS, outcome(event, 'limited')?.retryAfterMs ?? 0),
    })),
    rememberFailure: assign(({ context, event }) => {
      const { output, error } = event as { output?: DeliveryOutcome; error?: unknown };
      const failed = output?.kind === 'failed' ? output : null;
      return {
        failures: context.failures + 1,
        pauseMs: backoffMs(context.failures, failed?.roll ?? 1),
        fault: failed?.detail ?? (error instanceof Error ? error.message : 'it failed'),
      };
    }),
    rememberRefusal: assign(({ event }) => ({ fault: outcome(event, 'gone')?.detail ?? null })),
  },
  delays: {
    gathering: ({ context }) => context.gatherMs,
    pause: ({ context }) => context.pauseMs,
    recheck: ({ context }) => context.recheckMs,
  },
}).createMachine({
  id: 'delivery',
  description: 'Tells one surface what is worth telling: together what comes together, never faster than it takes.',
  initial: 'sending',
  context: ({ input }) => ({ ...input, sentAt: [], failures: 0, pauseMs: 0, fault: null, again: false }),
  on: { 'delivery.stop': '.stopped' },
  states: {
    idle: {
      description: 'Everything worth telling was told.',
      meta: { endsBy: 'delivery.due, when a row changed' },
      on: {
        'delivery.due': [
          { guard: 'isMinuteSpent', target: 'pacing', actions: 'rememberMinute' },
          { target: 'gathering' },
        ],
      },
    },
    gathering: {
      description: 'News came; what comes with it goes into the same message.',
      meta: { endsBy: 'the short time for gathering' },
      after: { gathering: 'sending' },
    },
    sending: {
      description: 'The next message is on its way.',
      meta: { endsBy: 'the answer of the surface or its time limit' },
      entry: 'forgetNews',
      on: { 'delivery.due': { actions: 'noteNews' } },
      invoke: {
        id: 'sendNext',
        src: 'sendNext',
        onDone: [
          { guard: 'isOthers', target: 'standby', actions: 'rememberTurn' },
          { guard: 'isLimited', target: 'limited', actions: 'rememberLimit' },
          { guard: 'hasFailed', target: 'backingOff', actions: 'rememberFailure' },
          { guard: 'isGone', target: 'gone', actions: 'rememberRefusal' },
          { guard: 'hasMoreBeyondMinute', target: 'pacing', actions: ['rememberMinute', 'rememberSent'] },
          { guard: 'hasMore', target: 'gathering', actions: 'rememberSent' },
          { target: 'idle', actions: 'rememberSent' },
        ],
        onError: { target: 'backingOff', actions: 'rememberFailure' },
      },
    },
    standby: {
      description: 'Another daemon tells this surface; it is asked for its turn again when that runs out.',
      meta: { endsBy: 'the end of the turn of the other' },
      after: { pause: 'sending' },
    },
    limited: {
      description: 'The surface asked for a pause.',
      meta: { endsBy: 'the pause that the surface named' },
      after: { pause: 'sending' },
    },
    pacing: {
      description:
        'As many messages went out within a minute as the surface takes; the next goes when the minute is over.',
      meta: { endsBy: 'the end of the minute' },
      after: { pause: 'sending' },
    },
    backingOff: {
      description: 'The surface could not be reached; it is tried again, after a longer pause each time.',
      meta: { endsBy: 'the pause, ten minutes at most' },
      after: { pause: 'sending' },
    },
    gone: {
      description: 'The surface refuses for good, as with a wrong token; a person has to mend that.',
      meta: { endsBy: 'a look each hour, or a new start of the daemon' },
      after: { recheck: 'sending' },
    },
    stopped: { type: 'final', description: 'The daemon ended.' },
  },
});
