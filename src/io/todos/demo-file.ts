/**
 * A work item's `demo.md`: what of it runs, what is passed over and why, and what is wrong with it. Pure; runs nothing.
 */
import type { Problem } from '../../errors.ts';
import { type Fence, type MarkdownPart, readMarkdown, sectionOf, titleOf } from './markdown.ts';
import { DEMO_TEMPLATE_CODE } from './templates.ts';

/** One block of the section Validation. */
export interface DemoBlock {
  /** Line of its fence. */
  line: number;
  code: string;
  /** Why it is not to be run; null when it is. */
  skipped: string | null;
}

export interface DemoReading {
  /** Without a leading `Demo:`; null without a heading. */
  title: string | null;
  /** Why the work item has no demo; null when it should have one. */
  exempt: string | null;
  blocks: DemoBlock[];
  /** `path` is the line. */
  problems: Problem[];
}

/** Languages of blocks that bash runs. */
const LANGUAGES = new Set(['bash', 'sh', 'shell']);
/** Lines in which an exemption counts. */
const EXEMPT_WITHIN = 10;
/** Characters of one block; a command line takes little more. */
const BLOCK_MAX = 100_000;

const NO_DEMO = /^<!--\s*no-demo:([\s\S]*?)-->/;
const SKIP = /^<!--\s*skip-validation\s*(?::([\s\S]*?))?-->/;

/** What the text says; null for a missing file. Never throws. */
export function readDemo(text: string | null): DemoReading {
  if (text === null) {
    return { title: null, exempt: null, blocks: [], problems: [{ path: '', message: 'there is no demo.md' }] };
  }
  const parts = readMarkdown(text);
  const problems: Problem[] = [];
  const exempt = exemptionIn(parts, problems);
  const section = sectionOf(parts, 'Validation');
  const blocks = section ? blocksOf(section, problems) : [];
  const title = titleOf(text)?.replace(/^demo:\s*/i, '') ?? null;
  if (exempt !== null) return { title, exempt, blocks, problems: [] };
  if (!section) problems.push({ path: '', message: 'has no section Validation' });
  else if (isTemplate(section)) problems.push({ path: '', message: 'is the unchanged template' });
  else if (!blocks.some(({ skipped }) => skipped === null))
    problems.push({ path: '', message: 'has no bash block to run in its section Validation' });
  return { title, exempt, blocks, problems };
}

function exemptionIn(parts: readonly MarkdownPart[], problems: Problem[]): string | null {
  for (const part of parts) {
    if (part.kind !== 'comment' || part.line > EXEMPT_WITHIN) continue;
    const reason = NO_DEMO.exec(part.text)?.[1]?.trim();
    if (reason) return reason;
    if (reason === '') problems.push({ path: `line ${part.line}`, message: 'no-demo gives no reason' });
  }
  return null;
}

function blocksOf(section: readonly MarkdownPart[], problems: Problem[]): DemoBlock[] {
  const blocks: DemoBlock[] = [];
  let skip: { reason: string; line: number } | null = null;
  for (const part of section) {
    if (part.kind === 'comment') {
      const match = SKIP.exec(part.text);
      if (match) skip = { reason: (match[1] ?? '').trim(), line: part.line };
      continue;
    }
    if (part.kind === 'prose' && part.text.trim() === '') continue;
    if (part.kind === 'fence' && LANGUAGES.has(part.lang) && isCommand(part)) {
      const at = `line ${part.line}`;
      if (!part.closed) problems.push({ path: at, message: 'the block is never closed' });
      if (part.code.length > BLOCK_MAX) problems.push({ path: at, message: `is longer than ${BLOCK_MAX} characters` });
      if (part.code.includes('\0')) problems.push({ path: at, message: 'the block has a NUL character' });
      if (skip?.reason === '') problems.push({ path: `line ${skip.line}`, message: 'skip-validation gives no reason' });
      blocks.push({ line: part.line, code: part.code, skipped: skip?.reason || null });
    }
    skip = null;
  }
  return blocks;
}

/** Whether any line of it does something. */
function isCommand({ code }: Fence): boolean {
  return code.split('\n').some((line) => !/^\s*(#|$)/.test(line));
}

function isTemplate(section: readonly MarkdownPart[]): boolean {
  const fences = section.filter((part) => part.kind === 'fence');
  return fences.length > 0 && fences.every(({ code }) => code.trim() === DEMO_TEMPLATE_CODE);
}
