/** `telec priority`: how urgent a slug is, decided and recorded. Takes nothing from the queue and stops nothing under way. */
import { EXIT, TelecError } from '../../errors.ts';
import { deviationOf, priorityOf, settingOf } from '../../machines/priority.ts';
import { type Opened, say } from '../commands/session.ts';
import type { Repository } from '../repository.ts';
import { actorOf } from '../workspace.ts';
import type { PriorityRequest, PriorityView } from './views.ts';

/**
 * Sets the priority of a slug that the log knows. Thrown: NOT_FOUND (1); PRIORITIES_OFF (6) while main's configuration
 * does not have them on: nothing but the order in which candidates became ready counts then.
 */
export async function setPriority(
  { context, host }: Opened,
  { slug, priority, reason }: PriorityRequest,
): Promise<PriorityView> {
  const { repository } = host;
  const { priorities } = repository.standing;
  if (!priorities.on) {
    throw new TelecError('PRIORITIES_OFF', EXIT.refused, 'priorities are off: the queue is first in, first out', {
      hint: 'deliver a telec.yaml with speculation: {priorities: true} to main; sessions that begin after that go by it',
    });
  }
  if (repository.ofSlug(slug).length === 0 && repository.review(slug) === undefined) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `nothing is known of ${JSON.stringify(slug)}`, {
      hint: 'telec candidates',
    });
  }
  const before = settingOf(priorities, slug);
  const changed = (before?.priority ?? 'normal') !== priority || (before !== null && before.reason !== reason);
  if (changed) {
    const actor = actorOf(context).source;
    await say(host, 'integration.priority.set', { slug, priority, actor, reason, command_id: host.ids.ulid() });
  }
  return { changed, ...viewOf(repository, slug) };
}

function viewOf({ queue, standing: { priorities } }: Repository, slug: string): Omit<PriorityView, 'changed'> {
  const setting = settingOf(priorities, slug);
  const at = queue.findIndex(({ context }) => context.slug === slug);
  const own = queue[at];
  const behind = queue.slice(at + 1).map(({ context }) => context);
  return {
    slug,
    priority: priorityOf(priorities, slug),
    decided: setting && { actor: setting.actor, reason: setting.reason, since: setting.since },
    place: own ? at + 1 : null,
    overtakes: own ? (deviationOf(priorities, own.context, behind)?.overtaken.length ?? 0) : 0,
  };
}
