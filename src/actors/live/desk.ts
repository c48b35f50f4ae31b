/** Opens the desk of those who watch a repository: the whole, what changes, and what was. Reads only. */
import { invariant } from '../../errors.ts';
import { beginningOf } from '../archive/beginning.ts';
import type { ActorDetailView, ActorRow, CandidateDetailView } from '../client.ts';
import { candidateActorDetail, candidateActors, envelopeView } from '../commands/reading.ts';
import { tracedActorDetail, tracedActors } from '../commands/traced.ts';
import { surroundings } from '../status-now.ts';
import { candidateDetail, selectCandidate } from '../views.ts';
import { Feed, type FeedParts, logChanged } from './feed.ts';
import { lookNow } from './look.ts';
import { overviewOf, RECENT_MAX } from './overview.ts';
import { Past, type PastParts } from './past.ts';
import { Place } from './place.ts';
import { lookThen } from './then.ts';
import { Timeline } from './timeline.ts';
import type { LiveDesk, Moment, Overview } from './views.ts';

/** `bounds`: of what is kept of the past. */
export function openLiveDesk(parts: FeedParts, bounds: Pick<PastParts, 'stride' | 'near'> = {}): LiveDesk {
  const { host } = parts;
  const { log, catalogue, clock } = host;
  const place = new Place(log, host.dispatcher);
  const feed = new Feed(parts, place);
  const timeline = new Timeline(log, () => beginningOf(log));
  const past = new Past({ log, catalogue, clock, ...bounds });

  /** The newest entries up to that one. */
  const recentOf = async (id: string) => (await log.upTo(id, RECENT_MAX)).map(envelopeView);

  async function now(): Promise<Overview> {
    await host.dispatcher.catchUp();
    const [around, momentOf] = await Promise.all([surroundings(parts), place.open()]);
    let made = null as Overview | null;
    await host.dispatcher.between(() => {
      made = overviewOf(lookNow(parts, around, momentOf), []);
    });
    invariant(made !== null, 'what is done between two entries is done');
    return { ...made, recent: await recentOf(made.moment.id) };
  }

  /** The place of an entry, in the log that this host follows. Thrown: NO_SUCH_ENTRY (1), LOG_CHANGED (6). */
  async function placeOf(at: string): Promise<Moment> {
    if ((await log.logId()) !== host.logId) throw logChanged();
    return timeline.momentOf(at);
  }

  async function then(at: string): Promise<Overview> {
    const [moment, recent] = await Promise.all([placeOf(at), recentOf(at)]);
    return past.at(at, (fold) => overviewOf(lookThen(host.options.repoId, fold, moment), recent));
  }

  return {
    overview: (at) => (at === undefined ? now() : then(at)),
    moment: (index) => timeline.moment(index),
    async candidate(selector, at): Promise<CandidateDetailView> {
      await placeOf(at);
      const { id, view } = await past.at(at, ({ repository }) => {
        const record = selectCandidate(repository, selector);
        return { id: record.id, view: candidateDetail(repository, record) };
      });
      return { ...view, history: await past.steps(id, at) };
    },
    async actors(at): Promise<ActorRow[]> {
      await placeOf(at);
      return past.at(at, ({ repository }) => [
        ...tracedActors(repository.standing.trace),
        ...candidateActors(repository),
      ]);
    },
    async actor(id, at): Promise<ActorDetailView> {
      await placeOf(at);
      return past.at(
        at,
        ({ repository }) =>
          tracedActorDetail(repository, repository.standing.trace, id) ?? candidateActorDetail(repository, id),
      );
    },
    follow: (signal) => feed.follow(signal),
  };
}
