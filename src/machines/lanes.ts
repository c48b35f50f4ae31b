/**
 * Lanes: one that has nothing in common with those before it may go first. Which lane a delivery is of, who may be let
 * past, and what the line is afterwards. Pure; the world shows by an effect that the two have nothing in common.
 *
 * Invariants: nobody is let past one that was set aside or that failed; who was passed keeps the order among themselves.
 */
import type { OvertakeInput } from './effects.ts';
import { candidateKey } from './identity.ts';
import type { IntegratorContext } from './integrator-context.ts';
import { uncoupled } from './integrator-line.ts';

/** The lane that covers all paths; null when none does, more than one does, or there is no path. */
export function laneOf<L extends { name: string }>(
  lanes: readonly L[],
  covers: (lane: L, path: string) => boolean,
  paths: readonly string[],
): string | null {
  if (paths.length === 0) return null;
  const [first, ...others] = lanes.filter((lane) => paths.every((path) => covers(lane, path)));
  return first && others.length === 0 ? first.name : null;
}

/** What one delivery is known to change, and where. */
export interface InLane {
  lane: string | null;
  paths: readonly string[];
}

/** Whether the delivery and all those before it are of other lanes than its own, without a path in common. */
export function isApart(own: InLane, before: readonly InLane[]): boolean {
  const paths = new Set(own.paths);
  return (
    own.lane !== null &&
    before.every(
      ({ lane, paths: others }) => lane !== null && lane !== own.lane && !others.some((path) => paths.has(path)),
    )
  );
}

/** The entry that was found clear to go first, with those it would pass; null when there is none in the line. */
export function overtaker({ clear, chain, aside, order, stopping }: IntegratorContext): OvertakeInput | null {
  const at = chain.findIndex(({ tip }) => tip === clear);
  const entry = chain[at];
  const before = chain.slice(0, Math.max(0, at));
  const [first] = before;
  if (!entry || !first || stopping || aside.length > 0) return null;
  if (before.some(({ verdict }) => verdict === 'failed')) return null;
  // Somebody who is still to be built again may stand between them.
  const isNext = order.indexOf(candidateKey(entry)) - order.indexOf(candidateKey(first)) === at;
  return isNext ? { entry, before } : null;
}

/**
 * The line once the entry with that tip stands first: all of it is built again in the new order. The log says so by then:
 * it is done whatever has become known meanwhile, as that one before it failed or another one is clear, too.
 */
export function movedToFront(context: IntegratorContext, tip: string | null): Partial<IntegratorContext> {
  const [first] = context.chain;
  const entry = context.chain.find((one) => one.tip === tip);
  if (!first || !entry) return { clear: null };
  const key = candidateKey(entry);
  const at = context.order.indexOf(candidateKey(first));
  const rest = context.order.filter((other) => other !== key);
  const order = [...rest.slice(0, at), key, ...rest.slice(at)];
  return { ...uncoupled({ ...context, order }), clear: null };
}

/** The state in which it is shown, and told, that the entry may go first. */
export const OVERTAKING = {
  description:
    'Shows that a delivery has nothing in common with those before it and passed its checks, and lets it go first.',
  tags: ['working'],
  meta: { endsBy: 'the outcome of the effect letPast' },
  invoke: {
    id: 'letPast',
    src: 'letPast',
    input: ({ context }: { context: IntegratorContext }) => overtaker(context) as OvertakeInput,
    onDone: [
      { guard: 'wasLetPast', target: 'testing', actions: 'moveToFront' },
      { guard: 'wasKept', target: 'testing', actions: 'forgetClear' },
      { target: '#integrator.releasing', actions: 'rememberStop' },
    ],
    onError: { target: '#integrator.releasing', actions: 'rememberFault' },
  },
} as const;
