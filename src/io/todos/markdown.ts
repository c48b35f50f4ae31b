/**
 * Markdown as people write it in work items, read as far as telec decides by it: headings, fenced code, comments and
 * task boxes. What stands in code or in a comment is no heading and no task, so that nothing can hide there and
 * nothing shown as an example counts. Pure; never throws.
 */

/** One heading; `line` counts from 1 everywhere in this module. */
export interface Heading {
  kind: 'heading';
  level: number;
  text: string;
  line: number;
}

/** Fenced code. `lang` is the first word of its info string, in lower case; a fence that is never closed ends the file. */
export interface Fence {
  kind: 'fence';
  lang: string;
  code: string;
  line: number;
  closed: boolean;
}

/** A comment that begins its line; it may span several. */
export interface Comment {
  kind: 'comment';
  text: string;
  line: number;
}

/** Any other line, without the marks of a quote around it; empty for a blank one. */
export interface Prose {
  kind: 'prose';
  text: string;
  line: number;
}

export type MarkdownPart = Heading | Fence | Comment | Prose;

/** One task box. */
export interface Task {
  text: string;
  checked: boolean;
  line: number;
  /** False below a heading that is marked optional, or when the task itself is. */
  required: boolean;
}

const FENCE = /^(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const UNDERLINE = /^ {0,3}(=+|-{2,})[ \t]*$/;
const ITEM = /^([-*+]|\d{1,9}[.)])([ \t]+|$)/;
const TASK = /^([-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\](?:[ \t]+(.*))?$/;
const OPTIONAL = /^optional\b|[([]optional[)\]]/i;

/** How deep a line is quoted, and what stands behind the marks. */
function unquoted(line: string): { depth: number; rest: string } {
  let depth = 0;
  let rest = line;
  for (let match = /^ {0,3}> ?/.exec(rest); match; match = /^ {0,3}> ?/.exec(rest)) {
    depth += 1;
    rest = rest.slice(match[0].length);
  }
  return { depth, rest };
}

const widthOf = (line: string): number => (/^[ \t]*/.exec(line)?.[0] ?? '').replace(/\t/g, '    ').length;

/** The parts of a text, in order. */
export function readMarkdown(text: string): MarkdownPart[] {
  const parts: MarkdownPart[] = [];
  /** Where the texts of the list items around a line begin, outermost first. */
  let items: number[] = [];
  let fence: { part: Fence; mark: string; length: number; indent: number; depth: number; code: string[] } | null = null;
  let comment: Comment | null = null;

  const endFence = (closed: boolean): void => {
    if (fence) Object.assign(fence.part, { closed, code: fence.code.join('\n') });
    fence = null;
  };

  for (const [at, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = at + 1;
    const { depth, rest } = unquoted(raw);
    if (fence && depth < fence.depth) endFence(true);
    if (fence) {
      const inside = fence.depth === 0 ? raw : rest;
      const closing = /^[ \t]*(`{3,}|~{3,})[ \t]*$/.exec(inside)?.[1];
      const closes = closing?.[0] === fence.mark && closing.length >= fence.length;
      if (closes && widthOf(inside) - fence.indent <= 3) endFence(true);
      else fence.code.push(inside.replace(new RegExp(`^ {0,${fence.indent}}`), ''));
      continue;
    }
    if (comment) {
      comment.text += `\n${raw}`;
      if (raw.includes('-->')) comment = null;
      continue;
    }
    const indent = widthOf(rest);
    const body = rest.trim();
    if (body !== '') items = items.filter((start) => start <= indent);
    const base = items.at(-1) ?? 0;
    const isCode = indent - base >= 4;
    const opening = isCode ? null : FENCE.exec(body);
    const [, marks = '', info = ''] = opening ?? [];
    if (opening && !(marks[0] === '`' && info.includes('`'))) {
      const lang =
        info
          .trim()
          .split(/[\s,{]/)[0]
          ?.toLowerCase() ?? '';
      const part: Fence = { kind: 'fence', lang, code: '', line, closed: false };
      parts.push(part);
      fence = { part, mark: marks[0] ?? '`', length: marks.length, indent, depth, code: [] };
      continue;
    }
    if (!isCode && body.startsWith('<!--')) {
      const part: Comment = { kind: 'comment', text: body, line };
      parts.push(part);
      if (!body.includes('-->')) comment = part;
      continue;
    }
    const heading = HEADING.exec(rest);
    if (heading) {
      items = [];
      parts.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: (heading[2] ?? '').trim(), line });
      continue;
    }
    const before = parts.at(-1);
    if (UNDERLINE.test(rest) && before?.kind === 'prose' && before.line === line - 1 && isTitle(before.text)) {
      parts.splice(-1, 1, {
        kind: 'heading',
        level: body[0] === '=' ? 1 : 2,
        text: before.text.trim(),
        line: line - 1,
      });
      continue;
    }
    const item = isCode ? null : ITEM.exec(body);
    if (item) items = [...items, indent + item[0].length];
    parts.push({ kind: 'prose', text: isCode ? '' : rest, line });
  }
  endFence(false);
  return parts;
}

/** Whether a line can be the text of an underlined heading. */
function isTitle(text: string): boolean {
  const body = text.trim();
  return body !== '' && !ITEM.test(body) && !body.startsWith('|');
}

/** All task boxes of the text. */
export function tasksIn(text: string): Task[] {
  const tasks: Task[] = [];
  /** Level of the optional heading that the line stands under. */
  let optional: number | null = null;
  for (const part of readMarkdown(text)) {
    if (part.kind === 'heading') {
      if (optional !== null && part.level <= optional) optional = null;
      if (optional === null && OPTIONAL.test(part.text)) optional = part.level;
    }
    const match = part.kind === 'prose' ? TASK.exec(part.text.trim()) : null;
    if (!match) continue;
    const [, , mark, words = ''] = match;
    const required = optional === null && !OPTIONAL.test(words.trim());
    tasks.push({ text: words.trim(), checked: mark !== ' ', line: part.line, required });
  }
  return tasks;
}

/** The parts of the section with that heading (any case), without the heading; null when there is none. */
export function sectionOf(parts: readonly MarkdownPart[], title: string): MarkdownPart[] | null {
  const start = parts.findIndex((part) => part.kind === 'heading' && part.text.toLowerCase() === title.toLowerCase());
  const heading = parts[start];
  if (heading?.kind !== 'heading') return null;
  const rest = parts.slice(start + 1);
  const end = rest.findIndex((part) => part.kind === 'heading' && part.level <= heading.level);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The first heading of level 1, or null. */
export function titleOf(text: string): string | null {
  const heading = readMarkdown(text).find((part) => part.kind === 'heading' && part.level === 1);
  return heading?.kind === 'heading' && heading.text !== '' ? heading.text : null;
}
