/** The fold at one place of the log with what surrounds it: what every view of a moment is made from. */
import type { StatusView } from '../client.ts';
import type { NotificationBoard } from '../notifications.ts';
import type { Repository } from '../repository.ts';
import { aroundNow, type NowParts, type Surroundings, statusNow } from '../status-now.ts';
import type { Around } from '../waits.ts';
import type { MomentOf } from './place.ts';
import type { Moment } from './views.ts';

export interface Look {
  repository: Repository;
  notifications: NotificationBoard;
  status: StatusView;
  around: Around;
  moment: Moment;
  /** RFC 3339. */
  now: string;
}

/** The living fold; to be called between two entries. */
export function lookNow(parts: NowParts, around: Surroundings, momentOf: MomentOf): Look {
  const { repository, notifications } = parts.host;
  const moment = momentOf(around.stats);
  const status = statusNow(parts, around);
  const { log } = status;
  // Entries that came while it was asked are in the fold already.
  const last_id = moment.index === moment.length ? moment.id : log.last_id;
  return {
    repository,
    notifications,
    status: { ...status, log: { ...log, length: moment.length, last_id } },
    around: aroundNow(parts.host, status, around.narrowed),
    moment,
    now: new Date(around.lease.now).toISOString(),
  };
}
