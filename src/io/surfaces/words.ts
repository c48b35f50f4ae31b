/**
 * A message as people read it in a chat: the same words on every surface, in the marks of that chat. Everything that came
 * from outside stands as code, where no chat looks for mentions, links or marks of its own. Pure.
 */
import { plain } from '../plain-text.ts';
import type { Telling, TellingItem } from './surface.ts';

/** How a chat marks text. Each gets text that is one line and has no control characters. */
export interface Markup {
  /** As code; whatever it holds shows as it is. */
  code(text: string): string;
  strong(text: string): string;
  /** `url` has no character that any chat takes for a mark. */
  link(url: string, label: string): string;
  /** Characters of one message at most, marks included. */
  lengthMax: number;
}

/** What stands before a row, by its tone. */
const SAID = {
  alert: '⚠️ needs attention',
  success: '✅ delivered',
  settled: '☑️ settled',
  info: 'ℹ️ news',
} as const;
/** Rows told one by one in a message of several; the rest is counted. */
const LINES_MAX = 15;
const LINE_TEXT_MAX = 160;
const TEXT_MAX = 1000;
const SUBJECT_MAX = 120;
/** What the frame around the text of a single row needs at most. */
const FRAME = 900;

/** `telling` in the marks of a chat; never longer than it takes. */
export function chatText(telling: Telling, markup: Markup): string {
  const { items, moved } = telling;
  const [first] = items;
  if (first === undefined)
    return `${markup.strong('told anew below')} ${codeOf(moved.join(', '), SUBJECT_MAX, markup)}`;
  return items.length === 1 && moved.length === 0 ? single(first, telling, markup) : several(telling, markup);
}

function single(item: TellingItem, { repoId }: Telling, markup: Markup): string {
  const room = markup.lengthMax - FRAME;
  return [
    `${markup.strong(SAID[item.tone])} ${codeOf(item.subject, SUBJECT_MAX, markup)}`,
    fitted(plain(item.text, TEXT_MAX), room, markup),
    `${codeOf(repoId, 64, markup)} ${codeOf(item.command, SUBJECT_MAX, markup)}`,
    ...(item.link === null ? [] : [markup.link(item.link, item.link)]),
  ].join('\n');
}

function several({ items, moved, repoId }: Telling, markup: Markup): string {
  const tones = (['alert', 'success', 'settled', 'info'] as const).flatMap((tone) => {
    const count = items.filter((item) => item.tone === tone).length;
    return count === 0 ? [] : [`${SAID[tone]}: ${count}`];
  });
  const head = `${markup.strong(tones.join(', '))} ${codeOf(repoId, 64, markup)}`;
  const foot = (left: number) => [
    ...(left === 0 ? [] : [`and ${left} more: ${markup.code('telec notifications --unseen')}`]),
    ...(moved.length === 0 ? [] : [`told anew below: ${codeOf(moved.join(', '), SUBJECT_MAX, markup)}`]),
  ];
  const lines: string[] = [];
  let length = head.length + foot(items.length).join('\n').length + 2;
  for (const item of items.slice(0, LINES_MAX)) {
    const mark = SAID[item.tone].slice(0, SAID[item.tone].indexOf(' '));
    const link = item.link === null ? '' : ` ${markup.link(item.link, 'show')}`;
    const line = `${mark} ${codeOf(item.subject, SUBJECT_MAX, markup)} ${codeOf(item.text, LINE_TEXT_MAX, markup)}${link}`;
    if (length + line.length + 1 > markup.lengthMax) break;
    length += line.length + 1;
    lines.push(line);
  }
  return [head, ...lines, ...foot(items.length - lines.length)].join('\n');
}

const codeOf = (text: string, most: number, markup: Markup): string =>
  markup.code(short(plain(text, most + 100), most));

/** The longest beginning of `text` that takes no more than `room` characters once it is marked. */
function fitted(text: string, room: number, markup: Markup): string {
  let low = 0;
  let high = text.length;
  if (markup.code(text).length <= room) return markup.code(text);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (markup.code(short(text, middle)).length <= room) low = middle;
    else high = middle - 1;
  }
  return markup.code(short(text, low));
}

/** At most `most` characters, none of them cut in two. */
function short(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, Math.max(0, most - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}
