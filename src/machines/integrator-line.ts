/**
 * The line of a session: the train and the chain behind it, those set aside, and the worklist of what is built again. Here
 * is decided what may land, what is taken apart when one falls out, and whether there is room for one more. Pure.
 *
 * Invariants: everybody stands in one of the four and once; the order is that of the dequeues.
 */
import type { CheckInput, Member, Taken } from './effects.ts';
import { type CandidateKey, candidateKey } from './identity.ts';
import type { IntegratorContext, IntegratorInput } from './integrator-context.ts';
import {
  type Aside,
  capacity,
  companyAt,
  type Entry,
  isAwaited,
  landable,
  nextToTest,
  running,
} from './speculation.ts';

export const asTaken = ({ slug, branch, sha, attempt, dequeuedAt }: Taken): Taken => ({
  slug,
  branch,
  sha,
  attempt,
  dequeuedAt,
});

/** Everything in hand that is built on each other, the train first. */
export const lineOf = ({ train, chain }: Pick<IntegratorContext, 'train' | 'chain'>): Member[] => [...train, ...chain];

type Line = Pick<IntegratorContext, 'worklist' | 'train' | 'chain' | 'aside' | 'order'>;

/** Takes the line apart from the first of `keys` on: those behind are built again, those named are gone. */
export function without(context: Line, keys: readonly string[], cutAt: number): Partial<IntegratorContext> {
  const { order, train, chain, aside, worklist } = context;
  const place = (taken: Taken) => order.indexOf(candidateKey(taken));
  const isBehind = (taken: Taken) => place(taken) >= cutAt;
  const again = [...train, ...chain, ...aside].filter(isBehind).map(asTaken);
  return {
    train: train.filter((one) => !isBehind(one)),
    chain: chain.filter((one) => !isBehind(one)),
    aside: aside.filter((one) => !isBehind(one)),
    worklist: [...worklist, ...again]
      .filter((one) => !keys.includes(candidateKey(one)))
      .sort((a, b) => place(a) - place(b)),
    order: order.filter((key) => !keys.includes(key)),
  };
}

/** Takes everything apart that is not on main: all of it is built again. */
export const uncoupled = (context: Line, gone: readonly string[] = []) => without(context, gone, 0);

export const forgetInHand = ({ order, candidate }: IntegratorContext) => ({
  candidate: null,
  merged: null,
  order: candidate ? order.filter((key) => key !== candidateKey(candidate)) : order,
});

/** Whether one more may be built: there may be one, and the window and the chain have room for it. */
export function hasRoom(context: IntegratorContext): boolean {
  const { chain, window, stopping, more, worklist } = context;
  if (stopping || (!more && worklist.length === 0)) return false;
  return running(chain) < window.size && chain.length < capacity(chain, context);
}

/** How many deliveries land now. Tested ones do not wait for company; free ones do while they alone are there and may grow. */
export function landingNow(context: IntegratorContext): number {
  const { chain } = context;
  const landing = landable(context);
  const mayGrow = landing === chain.length && hasRoom(context) && !isAwaited(context, landing);
  const isTested = chain.slice(0, landing).some(({ verdict }) => verdict !== 'free');
  return isTested || !mayGrow ? landing : 0;
}

/** The one set aside with nobody left before it: its turn has come. */
export function dueAside({ aside, chain, order }: IntegratorContext): Aside | null {
  const [first] = aside;
  const [head] = chain;
  if (!first) return null;
  return !head || order.indexOf(candidateKey(first)) < order.indexOf(candidateKey(head)) ? first : null;
}

export const toTest = (context: IntegratorContext): number => nextToTest(context, !hasRoom(context));

/**
 * Deliveries that share a test now: no more than one push may bring, and than it takes to let everybody who waits be tested
 * at once.
 */
function together({ chain, batch, window, behind, trainLimit }: IntegratorContext, count: number): number {
  const free = Math.max(1, window.size - running(chain));
  return Math.min(batch, trainLimit, Math.ceil((count + behind) / free));
}

/** What `checking` tests: the delivery that was chosen, else the one that was just built. */
export function checkInput(context: IntegratorContext): CheckInput {
  const { chain, chosen } = context;
  const at = chosen === null ? chain.length - 1 : chain.findIndex(({ tip }) => tip === chosen);
  const entry = chain[at] as Entry;
  const batch = chain.slice(at - companyAt(context, at), at);
  return { entry, batch, closed: chosen !== null || batch.length + 1 >= together(context, batch.length + 1) };
}

export const hasSome = ({ chain, aside }: IntegratorContext): boolean => chain.length + aside.length > 0;

/** Those told to have left that are still in the chain or aside. */
export function leftBehind({ left, chain, aside }: IntegratorContext): CandidateKey[] {
  const here = new Set([...chain, ...aside].map(candidateKey));
  return left.filter((key) => here.has(key));
}

/** What a session knows when it begins. */
export const freshContext = (input: IntegratorInput): IntegratorContext => ({
  ...input,
  fence: null,
  worklist: [],
  candidate: null,
  base: null,
  merged: null,
  uncleaned: 0,
  train: [],
  chain: [],
  aside: [],
  order: [],
  chosen: null,
  more: true,
  behind: 0,
  woken: false,
  left: [],
  clear: null,
  violations: [],
  trainLimit: input.pushBatch,
  refusal: null,
  suspect: null,
  lostRaces: 0,
  graceOver: false,
  stopping: false,
  stop: null,
  fault: null,
});
