/** Words from files as Markdown that stays harmless: no line, cell, comment or mark of a report is broken by them. Pure. */

/** Characters of one value; the whole stands in its file. */
const VALUE_MAX = 600;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** A text as part of one line. */
export function inline(text: string): string {
  const line = text.replace(CONTROL, ' ').replace(/ {2,}/g, ' ').trim();
  const cut = line.length > VALUE_MAX ? `${line.slice(0, VALUE_MAX)}…` : line;
  return cut.replace(/[\\`|[\]]/g, (char) => `\\${char}`).replaceAll('<', '&lt;');
}

/** A name or command as code. */
export const code = (text: string): string =>
  `\`${text.replace(CONTROL, ' ').replace(/[`|<]/g, '').slice(0, VALUE_MAX)}\``;

export const numbered = (lines: readonly string[]): string => lines.map((line, at) => `${at + 1}. ${line}`).join('\n');

export const table = (heading: readonly string[], rows: readonly string[][]): string =>
  [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
