/** A simulation in words for people. */
import type { LoadView, SimulateRow, SimulateView } from '../actors/simulate/views.ts';
import { type Paint, table } from './output.ts';

const share = (value: number): string => `${Math.round(value * 1000) / 10} %`;

/** `1h 20m`, `3m 05s`, `4.2s`, `60ms`: two units at most. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${pad(Math.floor((ms % 60_000) / 1000))}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${pad(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
}

const pad = (value: number): string => String(value).padStart(2, '0');

function loadLine(load: LoadView): string {
  const coming = load.rate_per_hour === null ? 'all ready at once' : `${load.rate_per_hour} an hour`;
  const wrong = [
    `${share(load.failure_rate)} fail their checks`,
    `${share(load.conflict_rate)} do not merge`,
    `${share(load.flake_rate)} ${load.source === 'generated' ? 'of the runs flake' : 'have flaked'}`,
  ];
  const left = load.left_out === 0 ? '' : `; ${load.left_out} without an end left out`;
  const what = load.source === 'generated' ? 'generated' : 'of the log';
  return `${load.candidates} deliveries ${what}, ${coming}, checks ${span(load.check_ms)}: ${wrong.join(', ')}${left}`;
}

/** What a row differs in; the width of the window always, the others where not all rows have the same. */
function settingsOf(row: SimulateRow, rows: readonly SimulateRow[]): string {
  if (row.kind === 'serial') return 'serial gate';
  const differs = (key: keyof SimulateRow) =>
    rows.some((other) => other.kind === 'setting' && other[key] !== rows.find(({ kind }) => kind === 'setting')?.[key]);
  const said = [`window ${row.window}`];
  if (row.kind === 'setting' && (row.batch > 1 || differs('batch'))) said.push(`batch ${row.batch}`);
  if (row.kind === 'setting' && (row.patience > 0 || differs('patience'))) said.push(`patience ${row.patience}`);
  if (row.parallel !== null || differs('parallel')) said.push(`parallel ${row.parallel ?? 'all'}`);
  if (differs('push_batch')) said.push(`push batch ${row.push_batch}`);
  if (row.kind === 'setting' && (row.retries > 0 || differs('retries'))) said.push(`retries ${row.retries}`);
  return `${row.kind === 'oracle' ? 'oracle, ' : ''}${said.join(', ')}`;
}

export function simulateText({ load, rows }: SimulateView, paint: Paint): string {
  const cells = rows.map((row) => [
    settingsOf(row, rows),
    row.landed,
    row.blocked.checks + row.blocked.conflict,
    { text: String(row.blocked.wrongly), tone: row.blocked.wrongly > 0 ? ('bad' as const) : ('dim' as const) },
    span(row.wait_ms.mean),
    span(row.wait_ms.p50),
    span(row.wait_ms.p95),
    span(row.wait_ms.max),
    row.throughput_per_hour.toFixed(1),
    `${row.times_serial.toFixed(2)}x`,
    row.kind === 'serial' || row.landed === 0 ? '-' : `${row.times_oracle.toFixed(2)}x`,
    row.check_runs,
    span(row.check_ms),
    share(row.check_ms === 0 ? 0 : row.wasted_ms / row.check_ms),
    row.window_size.mean.toFixed(1),
    row.longest_queue,
  ]);
  const heading = [
    'SETTINGS',
    'LANDED',
    'BLOCKED',
    'WRONGLY',
    'WAIT',
    'HALF',
    '95 %',
    'LONGEST',
    'AN HOUR',
    'SERIAL',
    'ORACLE',
    'RUNS',
    'CHECKED',
    'WASTED',
    'WINDOW',
    'QUEUE',
  ];
  const legend =
    'WAIT: mean from ready to on main; SERIAL: throughput beside the serial gate; ORACLE: mean wait beside one that knows who fails; WASTED: checks that led to nothing';
  return [loadLine(load), '', table(heading, cells, paint), '', paint('dim', legend)].join('\n');
}
