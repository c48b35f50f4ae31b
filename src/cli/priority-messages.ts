/** What `telec priority` says, and how the queue shows priorities. */
import type { QueueRow, TurnView } from '../actors/client.ts';
import type { PriorityView } from '../actors/turns/views.ts';
import { type Paint, plain } from './output.ts';

const count = (overtaken: number): string => (overtaken === 1 ? 'one older' : `${overtaken} older`);

export function priorityText(
  { slug, priority, changed, decided, place, overtakes }: PriorityView,
  paint: Paint,
): string {
  const head = `${paint('strong', plain(slug, 120))} is ${priority}${changed ? '' : ' already'}`;
  const lines = [head];
  if (decided) lines.push(`  ${plain(decided.reason)} (set by ${plain(decided.actor, 200)})`);
  if (place === null) lines.push('  no candidate of it waits in the queue now');
  else lines.push(`  place ${place} in the queue${overtakes > 0 ? `, ahead of ${count(overtakes)}` : ''}`);
  return lines.join('\n');
}

/** Empty for a candidate in its plain turn. */
export function turnCell({ priority, overtakes }: Pick<QueueRow, 'priority' | 'overtakes'>): string {
  const ahead = overtakes > 0 ? `ahead of ${count(overtakes)}` : '';
  if (priority === 'normal') return ahead;
  return ahead ? `${priority}, ${ahead}` : priority;
}

/** How its turn differed from first in, first out; none for a candidate whose did not. */
export function turnLines(turn: TurnView | null): string[] {
  const { ahead = null, behind = null } = turn ?? {};
  const why = ({ by, reason, actor }: { by: string; reason: string; actor: string }) =>
    `by ${by}: ${plain(reason)} (${plain(actor, 200)})`;
  return [
    ...(ahead ? [`  went ahead of ${count(ahead.overtaken)} ${why(ahead)}`] : []),
    ...(behind
      ? [
          `  let ${plain(behind.key, 400)} go first${behind.times > 1 ? ` and ${behind.times - 1} more` : ''} ${why(behind)}`,
        ]
      : []),
  ];
}
