/**
 * The focused work item that gathers the evidence a cutover lacks: its papers, its row in the roadmap, and the
 * dependency that lets the cutover wait for it. Asked again it brings the one that is open up to date.
 */
import { ROADMAP_FILE, stateFile, todoFile } from '../../io/todos/paths.ts';
import { withAfter, withRow } from '../../io/todos/roadmap.ts';
import { withState } from '../../io/todos/state-file.ts';
import type { GoDecision } from '../../machines/rollout-evidence.ts';
import type { Papers } from '../todos/papers.ts';
import { code, inline, numbered } from './markdown.ts';
import { withPart } from './section.ts';

const SLUG_MAX = 100;

/** Texts to write by path, and the slug of the work item. */
export interface EvidenceTodo {
  slug: string;
  texts: Map<string, string>;
}

/** What opens or renews the work item for the missing points of `go`. Pure but for what it reads of the papers. */
export function evidenceTodo(papers: Papers, go: GoDecision, container: string): EvidenceTodo {
  const { files, todos, delivered, roadmap } = papers;
  const open = todos.find((todo) => todo.state.evidence_for === go.cutover && !todo.delivered);
  const slug =
    open?.slug ?? freeSlug(go.cutover, (name) => delivered.has(name) || todos.some((todo) => todo.slug === name));
  const texts = new Map<string, string>();
  const requirements = todoFile(slug, 'requirements.md');
  const plan = todoFile(slug, 'implementation-plan.md');
  texts.set(
    requirements,
    withPart(requirements, files.read(requirements), `Requirements: ${slug}`, goal(go, container)),
  );
  // Plan and state are written once: from then on they are the work of whoever takes it up.
  if (!open) {
    texts.set(plan, `# Implementation plan: ${slug}\n\n${steps(go)}\n`);
    texts.set(
      stateFile(slug),
      withState(stateFile(slug), null, { build: 'pending', review: 'pending', evidence_for: go.cutover }),
    );
  }
  const after = roadmap.find((row) => row.slug === go.cutover)?.after ?? null;
  const before = files.read(ROADMAP_FILE);
  let text = before ?? '';
  const listed = roadmap.some((row) => row.slug === slug);
  if (!listed && before !== null) {
    const description = `Evidence that ${go.cutover} lacks`;
    text = withRow(before, { slug, group: null, after: [], description }, after === null ? {} : { before: go.cutover });
  }
  if (after !== null && !after.includes(slug)) text = withAfter(text, go.cutover, [...after, slug]);
  if (before !== null) texts.set(ROADMAP_FILE, text);
  return { slug, texts };
}

function freeSlug(cutover: string, isTaken: (slug: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const tail = number === 1 ? '-evidence' : `-evidence-${number}`;
    const slug = `${cutover.slice(0, SLUG_MAX - tail.length).replace(/-+$/, '')}${tail}`;
    if (!isTaken(slug)) return slug;
  }
}

function goal({ cutover, points }: GoDecision, container: string): string {
  const missing = points.filter(({ met }) => !met);
  return [
    '## Goal',
    `Gather what ${code(cutover)} of ${code(container)} lacks, so that it can be judged again. Nothing else belongs here.`,
    '## Missing evidence',
    numbered(missing.map((one) => `${inline(one.asks)}: ${one.missing.map(inline).join('; ')}`)),
    '## Success',
    `${code(`telec rollout gate ${cutover}`)} names none of these points any more.`,
  ].join('\n\n');
}

function steps({ cutover, points }: GoDecision): string {
  const missing = points.filter(({ met }) => !met);
  return [
    '## Tasks',
    missing.map(({ asks }) => `- [ ] Make it seen in the log or in a document: ${inline(asks)}`).join('\n'),
    '## Gates',
    [
      "- [ ] Test gate: the project's tests pass",
      '- [ ] Lint gate: format, lint and types are clean',
      `- [ ] ${code(`telec rollout report ${cutover} --write`)}, then have ${code(cutover)} judged again`,
    ].join('\n'),
  ].join('\n\n');
}
