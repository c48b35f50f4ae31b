/**
 * What a benchmark says: one line a number, beside the limit it was measured against in the same run, with the goal and
 * whether it was met. Owns medians and the table; measures nothing. A missed goal is shown, never an error.
 */

export interface Line {
  /** What was measured. */
  name: string;
  measured: number;
  unit: string;
  /** The limit it is compared with, in the same unit; null for a number that stands alone. */
  limit?: number;
  /** What the limit is. */
  against?: string;
  /** The goal: `ratio` bounds measured / limit, `value` bounds measured. */
  goal?: { of: 'ratio' | 'value'; least?: number; most?: number };
  /** What a reader must know to judge it. */
  note?: string;
}

export interface JudgedLine extends Line {
  ratio: number | null;
  met: boolean | null;
}

/** The middle of the values; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}

/** Adds the ratio and the verdict; `met` is null where there is no goal. */
export function judge(line: Line): JudgedLine {
  const ratio = line.limit === undefined ? null : line.measured / line.limit;
  if (line.goal === undefined) return { ...line, ratio, met: null };
  const { of, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = line.goal;
  const value = of === 'ratio' ? (ratio ?? Number.NaN) : line.measured;
  return { ...line, ratio, met: value >= least && value <= most };
}

/** The table as Markdown, so that it can be pasted into a page as it is. */
export function table(lines: readonly JudgedLine[]): string {
  const rows = lines.map((line) => [
    line.name,
    `${digits(line.measured)} ${line.unit}`,
    line.limit === undefined ? '' : `${digits(line.limit)} ${line.unit}${line.against ? ` (${line.against})` : ''}`,
    line.ratio === null ? '' : line.ratio.toFixed(2),
    goalText(line),
    line.met === null ? '' : line.met ? 'met' : '**missed**',
    line.note ?? '',
  ]);
  const head = ['what', 'measured', 'limit in the same run', 'ratio', 'goal', '', 'note'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function goalText({ goal, unit }: Line): string {
  if (goal === undefined) return '';
  const suffix = goal.of === 'ratio' ? 'x' : ` ${unit}`;
  return goal.most === undefined ? `>= ${goal.least}${suffix}` : `<= ${goal.most}${suffix}`;
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return 'not measured';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
