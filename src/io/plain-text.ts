/**
 * Text from outside made harmless: for a terminal that would obey it, and for a file that people read. Owns which
 * characters are never shown as they are. Pure.
 */

/** Control characters, invisible ones and those that turn the direction of writing: a terminal must not obey them. */
export const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;

/** Characters a person is shown of one value; the whole stands in `--json`. */
const SHOWN_MAX = 2000;

/** `text` as one line without anything a terminal would obey, cut to `most` characters. */
export function plain(text: string, most = SHOWN_MAX): string {
  const cut = text.length > most ? `${text.slice(0, most)}… (${text.length - most} more characters)` : text;
  return cut.replace(UNSAFE, (char) => {
    if (char === '\t' || char === '\n' || char === '\r') return char === '\r' ? '' : ' ';
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The lines of a text, each made plain; at most `most` of them, with a word on the rest. */
export function plainLines(text: string, most = 40): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  const shown = lines.slice(0, most).map((line) => plain(line));
  return lines.length > most ? [...shown, `… (${lines.length - most} more lines)`] : shown;
}
