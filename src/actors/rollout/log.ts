/**
 * What the log of a repository says to a rollout: what was delivered and approved. Reads only, and only in a clone that
 * telec is registered in; elsewhere, or while Redis cannot be reached, a rollout is judged from its files alone.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { CommandContext } from '../client.ts';
import type { Host } from '../host.ts';
import type { Repository } from '../repository.ts';
import { actorOf, findPlace, redisUrl } from '../workspace.ts';

export interface RolloutLog {
  /** `none`: the clone is not registered. `unreachable`: it is, and the log cannot be read now. */
  state: 'read' | 'none' | 'unreachable';
  /** Why it cannot be read. */
  fault: unknown;
  /** Null until telec was set up to move main. */
  mode: 'live' | null;
  /** Number of candidates that are on main. */
  deliveries: number;
  /** Where the delivery of a slug stands; null while it is not delivered. */
  delivered(slug: string): string | null;
  /** Where the approval of a slug stands; null while its newest review is none. */
  approved(slug: string): string | null;
}

/** A log that says nothing. */
export function silentLog(state: 'none' | 'unreachable', fault: unknown = null): RolloutLog {
  return { state, fault, mode: null, deliveries: 0, delivered: () => null, approved: () => null };
}

/** Reads the log to its end. Thrown: what is no fault of reach, as it came. */
export async function readRolloutLog(context: CommandContext): Promise<RolloutLog> {
  const place = findPlace(context);
  if (!place) return silentLog('none');
  const { openHost } = await import('../host.ts');
  let host: Host | null = null;
  try {
    host = await openHost({
      repoId: place.repoId,
      folder: place.folder,
      redisUrl: await redisUrl(place, context.env),
      source: actorOf(context).source,
      onWait: (word) => context.say(word),
      readOnly: true,
    });
    await host.dispatcher.catchUp();
    return logOf(host.repository);
  } catch (error) {
    if (!(error instanceof TelecError && error.exit === EXIT.unreachable)) throw error;
    return silentLog('unreachable', error);
  } finally {
    await host?.close();
  }
}

/** The log as it is folded. */
export function logOf(repository: Repository): RolloutLog {
  return {
    state: 'read',
    fault: null,
    mode: repository.standing.mode,
    deliveries: repository.counts().completed,
    delivered(slug) {
      const record = repository.ofSlug(slug).findLast(({ state }) => state === 'completed');
      const delivery = record?.context.delivery;
      return delivery ? `the log: merged as ${delivery.merge_commit.slice(0, 12)}` : null;
    },
    approved(slug) {
      const review = repository.review(slug);
      return review?.verdict === 'approved' ? `the log: review round ${review.round} approved it` : null;
    },
  };
}
