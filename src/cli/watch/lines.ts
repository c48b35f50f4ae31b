/**
 * What changed, a line a change, for where there is no terminal: a scene and a message in, lines out. Uses the words of
 * the view. Pure; whoever prints puts the instant before it.
 */
import type { StatusView } from '../../actors/client.ts';
import type { CandidateRow, LiveMessage } from '../../actors/live/views.ts';
import type { RadarRow } from '../../actors/radar/views.ts';
import { foreseenWords } from '../../machines/radar-words.ts';
import { TONES } from '../messages.ts';
import type { Paint } from '../output.ts';
import type { Scene } from './model.ts';
import { alerts, holdLine, integratorLine, nameOf, noticeKind, restOf, shown } from './words.ts';

/** `before`: what was known when the message came. */
export function linesOf(before: Scene | null, message: LiveMessage, paint: Paint): string[] {
  if (message.kind === 'overview') {
    const { status, candidates, now } = message.overview;
    return [
      `${shown(status.repo_id)}: ${status.mode}, main ${status.main.sha?.slice(0, 10) ?? 'not seen yet'}`,
      ...(status.hold ? [painted(paint, holdLine(status.hold, Date.parse(now)))] : []),
      ...alerts(status).map((alert) => painted(paint, alert)),
      integratorText(status),
      ...candidates.filter(isOpen).map((row) => candidateText(row, null, paint)),
    ];
  }
  const lines: string[] = [];
  const known = before?.status;
  const { status } = message;
  if (known && known.mode !== status.mode) lines.push(`mode: ${known.mode} -> ${status.mode}`);
  if (JSON.stringify(known?.hold ?? null) !== JSON.stringify(status.hold))
    lines.push(status.hold ? painted(paint, holdLine(status.hold, Date.parse(message.now))) : 'merging is free');
  const told = new Set(known ? alerts(known).map(({ text }) => text) : []);
  for (const alert of alerts(status)) if (!told.has(alert.text)) lines.push(painted(paint, alert));
  const doing = integratorText(status);
  if (!known || doing !== integratorText(known)) lines.push(doing);
  for (const row of message.candidates) {
    const old = before?.candidates.get(row.key) ?? null;
    if (old === null || old.state !== row.state || standsFor(old) !== standsFor(row))
      lines.push(candidateText(row, old, paint));
  }
  const foreseen = new Set(before?.overview.radar.map(radarText));
  for (const row of message.radar ?? []) {
    const text = radarText(row);
    if (!foreseen.has(text)) lines.push(paint('warn', `foreseen: ${text}`));
  }
  for (const row of message.notifications) {
    const old = before?.notifications.get(row.id);
    if (row.family === 'system' && noticeKind(row) === 'alert' && old?.text !== row.text)
      lines.push(paint('bad', `alarm: ${shown(row.text)}`));
  }
  return lines;
}

const radarText = (row: RadarRow): string => shown(`${row.branch} ${foreseenWords(row)}`);

const painted = (paint: Paint, { text, tone }: { text: string; tone: Parameters<Paint>[0] }) => paint(tone, text);

const isOpen = ({ state }: CandidateRow) => state !== 'completed' && state !== 'superseded';

function integratorText({ integrator }: StatusView): string {
  const { state, text } = integratorLine(integrator);
  return `integrator: ${state}${text ? `: ${text}` : ''}`;
}

/** What makes it worth a line: in the queue everybody moves up all the time, which is none. */
const standsFor = (row: CandidateRow): string =>
  row.state === 'ready' ? row.waiting_for.map(({ code }) => code).join() : restOf(row);

function candidateText(row: CandidateRow, old: CandidateRow | null, paint: Paint): string {
  const from = old && old.state !== row.state ? `${old.state} -> ` : '';
  return `${nameOf(row)}  ${from}${paint(TONES[row.state], row.state)}  ${restOf(row)}`;
}
