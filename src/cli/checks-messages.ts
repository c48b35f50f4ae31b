/** Checks in words for people: their runs, the chain of the session, how each did, and a kept log. Made plain here. */
import type {
  CheckLogView,
  CheckRow,
  CheckRunDetail,
  CheckRunView,
  ChecksView,
  TestsView,
} from '../actors/tests/views.ts';
import { chainWords, placeWords, runWords, shortSpan } from '../machines/check-words.ts';
import { type Cell, type Paint, plain, plainLines, type Tone, table } from './output.ts';

/** Lines of the end of an output that are shown beside a candidate. */
const TAIL_LINES = 15;
/** Rows of the chain that `telec status` names. */
const NAMED_MAX = 10;
/** Characters shown of one line of a log. */
const LINE_MAX = 4000;

const TONES: Record<CheckRunView['state'], Tone> = { running: 'warn', passed: 'good', failed: 'bad' };

const short = (sha: string) => sha.slice(0, 10);
const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
const nameOf = (key: string): string => plain(key.slice(0, key.indexOf('/')), 120);

/** The runs of a candidate, one a line, with the end of what a failed one wrote. */
export function runLines(runs: readonly (CheckRunView & Partial<CheckRunDetail>)[], paint: Paint): string[] {
  return runs.flatMap((run) => {
    const { check, tree, state, since, failure, output_tail: tail = null } = run;
    const when = state === 'running' ? ` since ${plain(since, 40)}` : '';
    const said = paint(TONES[state], `${plain(check, 64)} ${runWords(run)}`);
    const lines = [`  check: ${said}${when}, on tree ${short(tree)}`];
    if (tail !== null && tail.trim() !== '')
      lines.push(...endLines(tail, TAIL_LINES).map((line) => `    ${paint('dim', line)}`));
    if (failure?.log) lines.push(`    all of it: ${plain(failure.log)}`);
    return lines;
  });
}

function endLines(text: string, most: number): string[] {
  const lines = plainLines(text, Number.POSITIVE_INFINITY);
  return lines.length > most ? [`… (${lines.length - most} lines before)`, ...lines.slice(-most)] : lines;
}

/** For a column: what its checks do, or did. */
export const runsCell = (runs: readonly CheckRunView[]): string =>
  runs.map((run) => `${plain(run.check, 64)} ${runWords(run)}`).join('; ');

/** Rows of `telec status`. */
export function testRows(tests: TestsView, paint: Paint): [string, string][] {
  const said = chainWords(tests);
  if (said === null) return [];
  const tone: Tone | null = tests.configured === true ? null : 'dim';
  const rows: [string, string][] = [['tests', tone === null ? said : paint(tone, said)]];
  for (const { key, verdict, because } of tests.chain.slice(0, NAMED_MAX))
    rows.push(['', `${nameOf(key)} ${paint(verdictTone(verdict), placeWords(verdict, because))}`]);
  if (tests.chain.length > NAMED_MAX) rows.push(['', `and ${tests.chain.length - NAMED_MAX} behind them`]);
  return rows;
}

export function verdictTone(verdict: TestsView['chain'][number]['verdict']): Tone {
  if (verdict === 'passed' || verdict === 'landing') return 'good';
  if (verdict === 'failed' || verdict === 'aside') return 'bad';
  return verdict === 'running' ? 'warn' : 'dim';
}

export function checksText(view: ChecksView, paint: Paint): string {
  const { checks, failing, window, failure_rate: rate } = view;
  if (checks.length === 0) return 'no checks are configured: what lands is merged, not tested';
  const rows = table(
    ['CHECK', 'RUNS', 'PASSED', 'FLAKY', 'MEAN', 'KNOWN', 'COMMAND'],
    checks.map((row) => [
      row.check,
      row.passed + row.failed,
      rateCell(row),
      row.flaked === 0 ? '-' : { text: `${row.flaked} (${percent(row.flake_rate ?? 0)})`, tone: 'warn' },
      row.mean_ms === null ? '-' : shortSpan(row.mean_ms),
      row.cached,
      row.run === null ? { text: 'configured no more', tone: 'dim' } : commandOf(row),
    ]),
    paint,
  );
  const wide = window === null ? [] : [`window ${window.size} of ${window.max}`];
  const stopped = rate === null ? [] : [`${percent(rate)} of tested deliveries were stopped by their checks`];
  const foot = [...wide, ...stopped].join('; ');
  return [rows, ...(foot === '' ? [] : ['', foot]), ...failingText(failing, paint)].join('\n');
}

function rateCell({ pass_rate: rate, failed }: CheckRow): Cell {
  return rate === null ? '-' : { text: percent(rate), tone: failed === 0 ? 'good' : 'strong' };
}

const commandOf = ({ run, paths }: CheckRow): string => `${run}${paths === null ? '' : ` (sees ${paths.join(', ')})`}`;

function failingText(failing: ChecksView['failing'], paint: Paint): string[] {
  if (failing.length === 0) return [];
  const rows = table(
    ['FAILED', 'CHECK', 'STATE', 'AT', 'HOW'],
    failing.map((row) => [
      `${row.slug}@${row.sha.slice(0, 7)}`,
      row.check,
      row.candidate_state,
      row.since,
      runWords(row),
    ]),
    paint,
  );
  return ['', rows, '', 'all that one wrote: telec checks log <slug> <check>'];
}

/** The whole log, line by line; nothing in it is obeyed by a terminal. */
export function checkLogText({ text }: CheckLogView): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => plain(line.replace(/\t/g, '    '), LINE_MAX))
    .join('\n');
}
