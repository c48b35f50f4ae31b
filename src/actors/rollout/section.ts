/**
 * The part of a report that telec writes, between two marks; what people wrote around it stays byte for byte. Pure:
 * texts in, texts out. Writing the same part again changes nothing.
 */
import { EXIT, TelecError } from '../../errors.ts';

const BEGIN =
  '<!-- telec rollout report: begin. Made from files and log; the next one replaces it up to the end mark. -->';
const END = '<!-- telec rollout report: end -->';
const BEGINS = /^<!-- telec rollout report: begin\b.*-->[ \t]*\r?$/;
const ENDS = /^<!-- telec rollout report: end\b.*-->[ \t]*\r?$/;

/** Where the part stands, as line indexes; null when there is none. Thrown: REPORT_MARKS (2) when the marks do not pair. */
function placeIn(path: string, lines: readonly string[]): { begin: number; end: number } | null {
  const begins = lines.flatMap((line, at) => (BEGINS.test(line) ? [at] : []));
  const ends = lines.flatMap((line, at) => (ENDS.test(line) ? [at] : []));
  const [begin, end] = [begins[0], ends[0]];
  if (begin === undefined && end === undefined) return null;
  if (begins.length === 1 && ends.length === 1 && begin !== undefined && end !== undefined && begin < end)
    return { begin, end };
  throw new TelecError('REPORT_MARKS', EXIT.usage, `the marks of telec's part in ${path} do not pair`, {
    hint: 'keep one begin mark with one end mark behind it, or remove all of them; then write the report again',
  });
}

/** The text without telec's part: what people and other commands wrote. */
export function withoutPart(path: string, text: string): string {
  const lines = text.split('\n');
  const place = placeIn(path, lines);
  return place === null ? text : [...lines.slice(0, place.begin), ...lines.slice(place.end + 1)].join('\n');
}

/** Whether the text has a part of telec's. */
export function hasPart(path: string, text: string): boolean {
  return placeIn(path, text.split('\n')) !== null;
}

/** The text with `part` in telec's place, behind all else when it has none yet; `title` heads a new file. */
export function withPart(path: string, text: string | null, title: string, part: string): string {
  const body = text ?? `# ${title}\n`;
  const newline = body.includes('\r\n') ? '\r\n' : '\n';
  const own = [BEGIN, '', ...part.split('\n'), '', END];
  const lines = body.split('\n');
  const place = placeIn(path, lines);
  if (place === null) {
    const gap = body === '' || body.endsWith('\n') ? newline : newline.repeat(2);
    return `${body}${body === '' ? '' : gap}${own.join(newline)}${newline}`;
  }
  // The end mark keeps the line end it has, which may be none at the end of the file.
  const tail = lines[place.end]?.endsWith('\r') ? '\r' : '';
  const block = `${own.join(newline)}${tail}`;
  return [...lines.slice(0, place.begin), block, ...lines.slice(place.end + 1)].join('\n');
}
