/** A person's permission as it is shown. Loads nothing, so that the short way to the status can show it, too. */
import type { Standing } from '../../machines/standing.ts';
import type { PermitView } from './server-views.ts';

/** The permission that is in force at `now` (ms); null without one. */
export function permitView({ authority }: Pick<Standing, 'authority'>, now: number): PermitView | null {
  const { permit } = authority;
  if (permit === null || Date.parse(permit.until) <= now) return null;
  const { commit, until, reason, actor, used } = permit;
  return { commit, until, reason, actor, used };
}
