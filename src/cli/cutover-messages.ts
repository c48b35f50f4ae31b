/** The cutover in words for people. What comes from outside is escaped and capped. */
import type { CutoverView, EnabledView, RolledBackView } from '../actors/modes/views.ts';
import { type Paint, plain } from './output.ts';

const TEXT_MAX = 400;

export function cutoverText(view: CutoverView, paint: Paint): string {
  const { mode, reason, cutover, rollback, go, missing, in_flight: inFlight, permit } = view;
  const lines = [
    `mode: ${mode === 'live' ? paint('good', 'live') : paint('warn', `shadow: nothing is pushed; ${plain(reason ?? '', TEXT_MAX)}`)}`,
    ...(cutover
      ? [`${mode === 'live' ? 'live since' : 'was live from'}: ${cutover.at} (${plain(cutover.evidence, TEXT_MAX)})`]
      : []),
    ...(rollback
      ? [
          `${mode === 'live' ? 'taken back before that' : 'taken back'}: ${rollback.at}, ${rollback.trigger}: ${plain(rollback.reason, TEXT_MAX)}`,
        ]
      : []),
    ...(view.rollback_required ? [paint('bad', 'a rollback is required: a person has to decide')] : []),
    ...(permit
      ? [
          paint(
            'warn',
            `by hand: ${permit.commit.slice(0, 12)} may go to main until ${permit.until}; ${plain(permit.reason, TEXT_MAX)}`,
          ),
        ]
      : []),
  ];
  const flight = inFlight.map(({ slug, branch }) => `  ${plain(slug)} on ${plain(branch, 200)}`);
  const begun = flight.length === 0 ? [] : ['begun under an older flow:', ...flight];
  if (mode === 'live') return [...lines, ...begun].join('\n');
  const points = go.flatMap((point) => [
    `  ${point.met ? paint('good', 'met    ') : paint('bad', 'missing')}  ${plain(point.asks, TEXT_MAX)}`,
    ...(point.met ? [`           ${plain(point.evidence ?? '', TEXT_MAX)}`] : []),
    ...point.missing.map((one) => `           ${plain(one, TEXT_MAX)}`),
  ]);
  const verdict = missing.length === 0 ? 'go: telec cutover enable --reason "..."' : `no-go: ${missing.length} missing`;
  return [...lines, 'evidence:', ...points, ...begun, verdict].join('\n');
}

export function enabledText(view: EnabledView): string {
  if (!view.changed) return 'live already; nothing changed';
  const dropped = view.cutover?.dropped ?? [];
  return [
    'live: from here on telec alone moves main',
    ...(dropped.length > 0 ? [`given up: ${dropped.map((slug) => plain(slug)).join(', ')}`] : []),
    'the way back: telec cutover rollback --reason "..."',
  ].join('\n');
}

export function rolledBackText({ drill, in_hand: inHand }: RolledBackView): string {
  if (drill) return 'in shadow already: the way back was tried, nothing changed, and it is recorded';
  return [
    'back to shadow: nothing moves main any more; the guards stay on',
    ...(inHand.length > 0
      ? [`in hand, sent back or settled by its session: ${inHand.map((key) => plain(key, 200)).join(', ')}`]
      : []),
    'next: telec cutover status',
  ].join('\n');
}
