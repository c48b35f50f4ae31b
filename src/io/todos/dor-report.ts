/**
 * The verdict in a work item's `dor-report.md`: written between a heading and a mark of its own, so that what people
 * wrote around it stays, and read back. A section of that name that telec did not write is kept under another name.
 * Pure: texts in, texts out.
 */
import { type Heading, readMarkdown, sectionOf } from './markdown.ts';
import { DOR_GATES, type DorGate, type TodoState } from './state-file.ts';

type Dor = NonNullable<TodoState['dor']>;

const HEADING = 'Gate Verdict';
/** Ends what telec wrote; text behind it is the reader's own. */
const END = '<!-- end of the verdict; the next one replaces what stands between the heading and this line -->';

/** The section of a report that nobody has judged yet. */
export function draftSection(slug: string): string {
  return [
    `## ${HEADING}`,
    '',
    'None yet: this is a draft. Another session than the one that drafted it judges it, with',
    `\`telec todo gate ${slug} --score N --status pass|needs_work|needs_decision\`.`,
    '',
    END,
  ].join('\n');
}

/** How people read the gates. */
export const GATE_TITLES: Readonly<Record<DorGate, string>> = {
  intent_and_success: 'Intent & Success',
  scope_and_size: 'Scope & Size',
  verification: 'Verification',
  approach_known: 'Approach Known',
  research_complete: 'Research Complete',
  dependencies_and_preconditions: 'Dependencies & Preconditions',
  integration_safety: 'Integration Safety',
  tooling_impact: 'Tooling Impact',
};

const DECISIONS: Readonly<Record<Dor['status'], string>> = {
  pass: '**Ready** to be built',
  needs_work: '**Not ready**: the blockers below are to be mended, then it is judged again',
  needs_decision: '**Not ready**: somebody has to decide on the blockers below',
};

/** Marks of a part that another command of telec writes; what stands in it is replaced by that command alone. */
const FOREIGN_BEGIN = /^<!-- telec [a-z ]+: begin\b/;
const FOREIGN_END = /^<!-- telec [a-z ]+: end\b/;

/** The report with this verdict; null for a missing report. */
export function withVerdict(report: string | null, slug: string, dor: Dor): string {
  const section = sectionText(dor);
  const before = report ?? `# Readiness report: ${slug}\n`;
  const lines = before.split('\n');
  const { headings, foreign } = outlineOf(before);
  const at = headings.findIndex(({ text }) => text.toLowerCase() === HEADING.toLowerCase());
  const heading = headings[at];
  if (!heading) {
    if (foreign === null) return `${before.replace(/\n*$/, '\n\n')}${section}\n`;
    return [...lines.slice(0, foreign - 1), section, '', ...lines.slice(foreign - 1)].join('\n');
  }
  const next = headings.slice(at + 1).find(({ level }) => level <= heading.level);
  const stop = next ? next.line - 1 : lines.length;
  const end = lines.findIndex((line, index) => index >= heading.line && index < stop && line.trim() === END);
  if (end >= 0) return [...lines.slice(0, heading.line - 1), section, ...lines.slice(end + 1)].join('\n');
  const kept = lines.slice();
  kept[heading.line - 1] = `${'#'.repeat(heading.level)} ${HEADING}, as it was written before`;
  return [...lines.slice(0, heading.line - 1), section, '', ...kept.slice(heading.line - 1)].join('\n');
}

/** Headings outside the parts of other commands, and the line where the first such part begins. */
function outlineOf(report: string): { headings: Heading[]; foreign: number | null } {
  const headings: Heading[] = [];
  let foreign: number | null = null;
  let inside = false;
  for (const part of readMarkdown(report)) {
    if (part.kind === 'heading' && !inside) headings.push(part);
    if (part.kind !== 'comment') continue;
    if (FOREIGN_BEGIN.test(part.text)) {
      inside = true;
      foreign ??= part.line;
    } else if (FOREIGN_END.test(part.text)) inside = false;
  }
  return { headings, foreign };
}

function sectionText(dor: Dor): string {
  const { status, score, gates, blockers, session_id, assessed_at, via } = dor;
  const rows = DOR_GATES.map((name) => {
    const gate = gates.find((each) => each.name === name);
    return `| ${GATE_TITLES[name]} | ${gate ? gate.verdict : 'not judged'} | ${gate ? cell(gate.reason) : ''} |`;
  });
  const open = blockers.map(({ gate, text, remedy }, index) => {
    const name = gate === null ? 'No gate' : GATE_TITLES[gate];
    return `${index + 1}. **${name}:** ${cell(text)}. Remedy: ${cell(remedy)}`;
  });
  const how = via === 'dispatched' ? 'in a session started for it' : 'directly';
  return [
    `## ${HEADING}`,
    '',
    `- Status: \`${status}\``,
    `- Score: \`${score}/10\``,
    `- Ready Decision: ${DECISIONS[status]}`,
    `- Judged by: \`${cell(session_id ?? 'unknown')}\`, ${how}${assessed_at === null ? '' : `, ${assessed_at}`}`,
    '',
    '### Gates',
    '',
    '| Gate | Verdict | Reason |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '### Blockers',
    '',
    ...(open.length === 0 ? ['None.'] : open),
    '',
    END,
  ].join('\n');
}

/** One line that breaks neither a table nor a comment. */
function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`|]/g, (char) => `\\${char}`)
    .replaceAll('<', '&lt;')
    .trim()
    .replace(/\.$/, '');
}

/** What the report says; null when it has no verdict. */
export function verdictIn(report: string): { status: Dor['status']; score: number } | null {
  const section = sectionOf(readMarkdown(report), HEADING);
  const prose = (section ?? []).flatMap((part) => (part.kind === 'prose' ? [part.text] : [])).join('\n');
  const status = /^\s*[-*]?\s*\**status:?\**:?\s*`?(pass|needs_work|needs_decision)\b/im.exec(prose)?.[1];
  const score = /^\s*[-*]?\s*\**score:?\**:?\s*`?(10|\d)(?!\d)/im.exec(prose)?.[1];
  return status && score ? { status: status.toLowerCase() as Dor['status'], score: Number(score) } : null;
}
