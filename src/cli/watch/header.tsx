/** The head of the view: what main, the integrator and the lease do, and what a person has to know. */
import { Box } from 'ink';
import { span } from '../messages.ts';
import { type CellOf, Row, type Signs } from './look.tsx';
import { clockOf, type Scene } from './model.ts';
import type { Known } from './store.ts';
import { alerts, holdLine, integratorLine, leaseLine, radarLine, shown, testsLine } from './words.ts';

/** Alerts shown beside a hold on a small screen, and on a large one. */
const ALERTS_SMALL = 1;
const ALERTS_LARGE = 4;
const LARGE_ROWS = 30;
/** Columns below which only the lease itself is told, and from which there is room for more. */
const NARROW = 60;
const ROOMY = 100;

interface Size {
  columns: number;
  rows: number;
}

/** The lines of the head; `local`: the local clock, ms. */
export function headOf({ scene, lost }: Known, local: number, size: Size, signs: Signs): CellOf[][] {
  if (!scene) return [[{ text: 'telec', strong: true }]];
  const { status } = scene;
  const now = clockOf(scene, local);
  const { daemon, integrator, main } = status;
  const doing = integratorLine(integrator);
  const lease = leaseLine(status.lease, now);
  const totals = totalsOf(scene, size.columns);
  const live = status.mode === 'live';
  const mode = live ? ' LIVE ' : ' SHADOW ';
  const place = `${shown(status.repo_id)}  ${mainOf(main)}`;
  const door = daemon.running ? `${signs.on} daemon` : `${signs.off} no daemon`;
  const lines: CellOf[][] = [
    [
      { text: mode, width: mode.length, inverse: true, strong: true, tone: live ? 'good' : 'warn' },
      { text: ` ${place}`, strong: true },
      { text: door, width: door.length, tone: daemon.running ? 'good' : 'dim' },
    ],
    [
      { text: 'integrator ', width: 11, tone: 'dim' },
      { text: `${doing.state} `, width: Math.min(doing.state.length + 1, 40), tone: busy(scene) ? 'warn' : 'strong' },
      { text: doing.text, tone: 'dim' },
    ],
    [
      { text: 'lease      ', width: 11, tone: 'dim' },
      { text: lease.text, tone: lease.tone },
      { text: totals, width: totals.length, tone: 'dim' },
    ],
  ];
  const tests = testsLine(status.tests);
  if (tests) lines.push([{ text: 'tests      ', width: 11, tone: 'dim' }, tests]);
  const radar = radarLine(scene.overview.radar);
  if (radar) lines.push([{ text: 'radar      ', width: 11, tone: 'dim' }, radar]);
  if (lost)
    lines.push([
      {
        text: `NOT CONNECTED, again in ${span(Math.max(1000, lost.againAt - local))}; below is from before: ${shown(lost.text)}`,
        tone: 'bad',
        strong: true,
      },
    ]);
  if (status.hold) lines.push([{ ...holdLine(status.hold, now), strong: true }]);
  const most = size.rows >= LARGE_ROWS ? ALERTS_LARGE : ALERTS_SMALL;
  for (const alert of alerts(status).slice(0, most)) lines.push([alert]);
  return lines;
}

const busy = ({ status }: Scene) => status.integrator.candidate !== null;

const mainOf = ({ ref, sha }: Scene['status']['main']) => `${shown(ref)} ${sha?.slice(0, 10) ?? 'not seen yet'}`;

function totalsOf({ status: { counts } }: Scene, columns: number): string {
  if (columns < NARROW) return '';
  const landed = ` ${counts.completed} landed`;
  return columns < ROOMY ? landed : `${landed}, ${counts.superseded} superseded`;
}

export function Header({ lines }: { lines: CellOf[][] }) {
  return (
    <Box flexDirection="column" height={lines.length} flexShrink={0}>
      {lines.map((cells, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of the head are told apart by their place alone
        <Row key={place} cells={cells} />
      ))}
    </Box>
  );
}
