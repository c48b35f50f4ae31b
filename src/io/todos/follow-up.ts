/**
 * The papers of a follow-up, as telec writes them for a blocked candidate; docs/follow-ups.md shows them. Pure: data
 * and texts in, texts out.
 *
 * What came from outside (evidence, paths, words of the remote, names of branches) stands in indented blocks and
 * nowhere else, made plain and cut: there Markdown reads no heading, list, fence, link or HTML. The state file is
 * written by the YAML library, never by hand.
 */
import { plainLines } from '../plain-text.ts';
import { stateFile } from './paths.ts';
import { type TodoState, withState } from './state-file.ts';

/** What a follow-up says of the block it was opened for. */
export interface FollowUpPapers {
  /** The follow-up itself. */
  slug: string;
  source: { slug: string; branch: string; sha: string };
  /** RFC 3339; names the block. */
  blockedAt: string;
  kind: string;
  evidence: readonly string[];
  diagnostics: readonly string[];
  nextAction: string;
  /** One command line that shows it again. */
  reproduce: string | null;
}

/** Findings of one list that are written down, and lines of one finding; the event has the others. */
const ITEMS_MAX = 50;
const LINES_MAX = 40;

/** `requirements.md`: what stands in the way of the source, and what to do about it. */
export function requirementsText(papers: FollowUpPapers): string {
  const { slug, source } = papers;
  return `# ${slug}

## Goal

Take away what keeps \`${source.slug}\` off main, so that it becomes ready again and is delivered.

## Source candidate

${block([
  `slug        ${source.slug}`,
  `branch      ${source.branch}`,
  `commit      ${source.sha}`,
  `blocked at  ${papers.blockedAt}`,
  `kind        ${papers.kind}`,
])}

## Evidence

${block(papers.evidence)}

## Diagnostics

${diagnosticsBlock(papers)}

## Next action

${block([papers.nextAction])}
`;
}

/** `requirements.md` after another block: what people wrote stays, a dated section follows it. */
export function withBlockedAgain(text: string, papers: FollowUpPapers): string {
  return `${text.replace(/\s*$/, '\n')}
## Blocked again, ${papers.blockedAt}

What stands above is about earlier attempts.

### Evidence

${block(papers.evidence)}

### Diagnostics

${diagnosticsBlock(papers)}

### Next action

${block([papers.nextAction])}
`;
}

/** `implementation-plan.md`: the way from here back to the queue. */
export function planText({ slug, source }: Pick<FollowUpPapers, 'slug' | 'source'>): string {
  return `# ${slug}: plan

- [ ] Resolve what the evidence in \`requirements.md\` names, on the branch of the source candidate.
- [ ] Push the branch and confirm that its conditions hold: \`telec why ${source.slug}\` names those that do not.
- [ ] Resume it: \`telec resume ${slug}\` once this follow-up is resolved; a new commit is handed over by \`telec submit\` instead.
- [ ] Verify that it is in the queue again: \`telec queue\`.
`;
}

/** `state.yaml`: to be built and reviewed (again), with the link to its source. Null for a file that is not there. */
export function followUpState(text: string | null, { slug, source, blockedAt }: FollowUpPapers): string {
  const link = { slug: source.slug, branch: source.branch, sha: source.sha, blocked_at: blockedAt };
  const first: Partial<TodoState> = text === null ? { schema_version: 1 } : {};
  return withState(stateFile(slug), text, { ...first, build: 'pending', review: 'pending', follow_up: link });
}

function diagnosticsBlock({ diagnostics, reproduce }: FollowUpPapers): string {
  return block([...diagnostics, ...(reproduce === null ? [] : [`see it again: ${reproduce}`])]);
}

/** An indented block; an empty line inside would be one outside. */
function block(texts: readonly string[]): string {
  const left = texts.length - ITEMS_MAX;
  const lines = texts.slice(0, ITEMS_MAX).flatMap((text) => plainLines(text, LINES_MAX));
  if (left > 0) lines.push(`… (${left} more; telec candidate has them all)`);
  return lines.map((line) => `    ${line.trim() === '' ? '·' : line}`).join('\n');
}
