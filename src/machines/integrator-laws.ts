/**
 * What holds in every state an integrator session can reach: for its lease, its line, its window and its end. The line is
 * the train and the chain behind it, each delivery built on the one before. Pure.
 */
import { candidateKey } from './identity.ts';
import type { IntegratorContext } from './integrator-context.ts';
import { lineOf } from './integrator-line.ts';
import { type Law, where } from './invariants.ts';
import { CREDIT_TIMES, running } from './speculation.ts';

const HOLDS_LEASE = /^(reconciling|draining\.)/;
/** Everybody in hand; only who is rechecked to the end of its books is in none of the lists. */
const inHand = ({ worklist, candidate, train, chain, aside }: IntegratorContext): string[] =>
  [...train, ...chain, ...aside, ...(candidate ? [candidate] : []), ...worklist].map(candidateKey);
/** Steps on the way to main, and those behind it. */
const MOVES_MAIN =
  /\.(merging|bookkeeping|checking|testing|ejecting|pushing|rebuilding|refusing|auditing|recording|cleaning|followingUp)$/;

export const INTEGRATOR_LAWS: readonly Law<IntegratorContext>[] = [
  {
    id: 'work-needs-a-fence',
    says: 'nothing is reconciled or drained without a fence',
    holds: (state, { fence }) => where(HOLDS_LEASE.test(state), () => fence !== null),
  },
  {
    id: 'one-in-hand',
    says: 'what is rechecked or merged is the candidate in hand, and what is merged has a base',
    holds: (state, { candidate, base }) =>
      where(/\.(rechecking|merging)$/.test(state), () => candidate !== null) &&
      where(state.endsWith('.merging'), () => base !== null),
  },
  {
    id: 'line-shares-its-base',
    says: 'each delivery of the train and the chain is merged into the tip of the one before it',
    holds: (_, context) => lineOf(context).every(({ base }, at, line) => at === 0 || base === line[at - 1]?.tip),
  },
  {
    id: 'line-is-in-order',
    says: 'the train, the chain, who is in hand and what is built again stand in the order of their dequeues',
    holds: (_, { train, chain, candidate, worklist, order }) => {
      const places = [...train, ...chain, ...(candidate ? [candidate] : []), ...worklist].map((one) =>
        order.indexOf(candidateKey(one)),
      );
      return places.every((place, at) => at === 0 || (places[at - 1] ?? 0) < place);
    },
  },
  {
    id: 'order-is-of-those-in-hand',
    says: 'the order names everybody in hand, and nobody else',
    holds: (_, context) => [...context.order].sort().join() === inHand(context).sort().join(),
  },
  {
    id: 'aside-waits-for-its-seniors',
    says: 'who was set aside was tried on the tip of the last one before it, or on what the line begins on',
    holds: (_, context) => {
      const { aside, order } = context;
      const line = lineOf(context);
      const place = (one: Parameters<typeof candidateKey>[0]) => order.indexOf(candidateKey(one));
      return aside.every((one) => {
        const senior = line.findLast((member) => place(member) < place(one));
        return line.length === 0 ? one.base === aside[0]?.base : one.base === (senior?.tip ?? line[0]?.base);
      });
    },
  },
  {
    id: 'waits-for-a-verdict',
    says: 'a session that waits for verdicts has a delivery whose checks run',
    holds: (state, { chain }) => where(state.endsWith('.testing'), () => running(chain) > 0),
  },
  {
    id: 'window-within-bounds',
    says: 'the window is one to as wide as configured, and no more than that is tested at a time',
    holds: (_, { window, chain }) =>
      window.size === Math.min(window.max, window.credit) &&
      window.credit >= 1 &&
      window.credit <= CREDIT_TIMES * window.max &&
      running(chain) <= window.max,
  },
  {
    id: 'window-of-one-is-a-serial-gate',
    says: 'with a window of one, and no batches, nothing is built on what is still tested',
    holds: (_, { window, batch, chain }) =>
      where(window.max === 1 && batch === 1, () =>
        chain.every(({ verdict }, at) => verdict !== 'running' || at === chain.length - 1),
      ),
  },
  {
    id: 'pushed-was-proven',
    says: 'what is pushed passed as that very tree or had nothing to pass, itself or, in its batch or redeemed, a later one',
    holds: (_, { train, patience }) =>
      train.every(({ verdict }, at) => {
        if (verdict === 'free' || verdict === 'passed') return true;
        const isCovered = train.slice(at + 1).some((later) => later.verdict === 'passed');
        return isCovered && (verdict === 'untested' || (verdict === 'failed' && patience > 0));
      }),
  },
  {
    id: 'train-within-limit',
    says: 'a train is never longer than the limit of one push',
    holds: (_, { train, trainLimit, pushBatch }) => train.length <= trainLimit && trainLimit <= pushBatch,
  },
  {
    id: 'push-has-members',
    says: 'what is pushed or recorded has at least one member',
    holds: (state, { train }) => where(/\.(pushing|recording)$/.test(state), () => train.length > 0),
  },
  {
    id: 'refusal-is-of-one',
    says: 'only a delivery that was refused alone is blocked for it',
    holds: (state, { train, refusal }) =>
      where(state.endsWith('.refusing'), () => train.length === 1 && refusal !== null),
  },
  {
    id: 'nobody-twice',
    says: 'a candidate is in the train, the chain, aside, in hand or on the worklist, and only once',
    holds: (_, context) => new Set(inHand(context)).size === inHand(context).length,
  },
  {
    id: 'shadow-moves-nothing',
    says: 'in shadow nothing is made for main, pushed, recorded, cleaned up or followed up; judged is in shadow alone',
    holds: (state, { mode, train, chain, aside, worklist }) =>
      where(MOVES_MAIN.test(state), () => mode === 'live') &&
      where(state.endsWith('.judging'), () => mode === 'shadow') &&
      where(mode === 'shadow', () => train.length + chain.length + aside.length + worklist.length === 0),
  },
  {
    id: 'races-are-bounded',
    says: 'a session that goes on has lost fewer races than it may',
    holds: (state, { lostRaces, pushAttempts }) => where(HOLDS_LEASE.test(state), () => lostRaces < pushAttempts),
  },
  {
    id: 'rest-is-rest',
    says: 'who waits for the grace window or a hold has nobody in hand',
    holds: (state, context) => where(/\.(waiting|holding)$/.test(state), () => inHand(context).length === 0),
  },
  {
    id: 'early-end-has-reason',
    says: 'a session that ends without a reason has drained: it has nobody in hand',
    holds: (state, context) =>
      where((state === 'ended' || state === 'releasing') && context.stop === null, () => inHand(context).length === 0),
  },
];
