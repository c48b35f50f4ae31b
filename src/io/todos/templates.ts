/**
 * The papers of a work item as they begin: short, with the questions its gates will ask. Pure. A demo that still has
 * the commands of its template was not filled in; `demo-file.ts` refuses it.
 */
import { draftSection } from './dor-report.ts';
import type { Paper } from './paths.ts';

/** What is known of a work item before anybody wrote about it. */
export interface TemplateFacts {
  slug: string;
  description: string | null;
  /** Whether somebody wrote down where it came from (input.md). */
  hasInput: boolean;
  /** Work items it holds; none for one that is work itself. */
  children: readonly string[];
}

/** The code of the one block of an unchanged demo; a comment alone, so that nothing would run. */
export const DEMO_TEMPLATE_CODE = '# Replace this line by commands that show it at work; each has to exit 0.';

const nameOf = (slug: string): string => {
  const words = slug.replaceAll('-', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
};

function requirements({ slug, description, hasInput }: TemplateFacts): string {
  const source = hasInput ? '\nIt goes back to `input.md`, which stays as it is.\n' : '';
  return `# Requirements: ${nameOf(slug)}

## Goal

${description ?? 'What will be better, and for whom.'}
${source}
## Success

How anybody can see that the goal is reached: what is measured, and what it has to be.

- [ ]

## In scope

-

## Out of scope

-

## Constraints

What it depends on, what must not change, what it means for main while it lands.
`;
}

function plan(facts: TemplateFacts): string {
  const { slug } = facts;
  if (facts.children.length > 0) return planOfContainer(facts);
  return `# Implementation plan: ${nameOf(slug)}

## Approach

How it is done, and what was looked at before that was decided.

## Tasks

- [ ] Name the files that change and how they change
- [ ] Build it
- [ ] Cover it with tests that fail without it

## Gates

- [ ] Test gate: all tests pass on the branch
- [ ] Lint gate: formatting, lint and types are clean
- [ ] \`telec todo demo validate ${slug}\` succeeds

## Optional

- [ ] What would be good to have and holds nothing up
`;
}

/** What a container is there for: its parts are prepared, agree and come in order. */
function planOfContainer({ slug, children }: TemplateFacts): string {
  return `# Implementation plan: ${nameOf(slug)}

This work item holds others and is not built itself. Its parts, in the order in which they come:

${children.map((child, index) => `${index + 1}. \`${child}\``).join('\n')}

## Preparation

- [ ] The parts are all there, and each waits for what it needs
- [ ] Each part has its papers
- [ ] Each part was judged, and what is open is written down

## Gates

- [ ] Test gate: each part's plan names its tests
- [ ] Lint gate: each part's plan names its lint
- [ ] \`telec todo demo validate ${slug}\` and \`telec todo validate\` find nothing
`;
}

function demo({ slug }: TemplateFacts): string {
  return `# Demo: ${nameOf(slug)}

## Validation

\`\`\`bash
${DEMO_TEMPLATE_CODE}
\`\`\`

## Guided Presentation

1. What to look at first, and what to see there.
`;
}

function report({ slug }: TemplateFacts): string {
  return `# Readiness report: ${nameOf(slug)}

${draftSection(slug)}

## Notes

What a judge should know.
`;
}

const TEMPLATES: Readonly<Record<Paper, (facts: TemplateFacts) => string>> = {
  'requirements.md': requirements,
  'implementation-plan.md': plan,
  'demo.md': demo,
  'dor-report.md': report,
};

/** The text a paper begins with. */
export function templateOf(paper: Paper, facts: TemplateFacts): string {
  return TEMPLATES[paper](facts);
}
