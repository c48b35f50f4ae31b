/**
 * The page docs/acceptance.md: every demand of docs/acceptance.yaml with the tests that show it. A test shows a demand
 * when its title, the title of a group around it, or the comment directly above it names the id.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ID = /\b(?:S[0-4]|Spec|Card)-[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*/g;

export interface Demand {
  id: string;
  says: string;
  /** Path of the document that answers it, beside or instead of a test. */
  document: string | null;
  shownBy: { title: string; file: string }[];
}

/** All demands in the order of the data file, with what shows them. */
export function demands(): Demand[] {
  const data = parse(readFileSync(`${root}docs/acceptance.yaml`, 'utf8')) as {
    demands: Record<string, string>;
    documents: Record<string, string>;
  };
  const shown = shownTests();
  return Object.entries(data.demands).map(([id, says]) => ({
    id,
    says,
    document: data.documents[id] ?? null,
    shownBy: shown.get(id) ?? [],
  }));
}

/** Ids that some test names and the data file does not have. */
export function unknownIds(): string[] {
  const known = new Set(demands().map(({ id }) => id));
  return [...shownTests().keys()].filter((id) => !known.has(id));
}

function shownTests(): Map<string, { title: string; file: string }[]> {
  const shown = new Map<string, { title: string; file: string }[]>();
  for (const name of readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.ts')) continue;
    for (const { title, ids } of testsOf(readFileSync(`${root}test/${name}`, 'utf8'))) {
      for (const id of ids) shown.set(id, [...(shown.get(id) ?? []), { title, file: `test/${name}` }]);
    }
  }
  return shown;
}

/** The tests of a file with the ids they name; ids of a group stand for its first test. */
function testsOf(text: string): { title: string; ids: Set<string> }[] {
  const source = ts.createSourceFile('test.ts', text, ts.ScriptTarget.Latest, true);
  const found: { title: string; ids: Set<string> }[] = [];
  const visit = (node: ts.Node): void => {
    const kind = ts.isCallExpression(node) ? calleeOf(node.expression) : null;
    const first = ts.isCallExpression(node) ? node.arguments[0] : undefined;
    if (kind === null || !first || !(ts.isStringLiteralLike(first) || ts.isTemplateExpression(first))) {
      ts.forEachChild(node, visit);
      return;
    }
    const title = ts.isStringLiteralLike(first) ? first.text : first.getText().slice(1, -1);
    const comment = (ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [])
      .map(({ pos, end }) => text.slice(pos, end))
      .join(' ');
    const ids = new Set(`${title} ${comment}`.match(ID));
    if (kind === 'test') found.push({ title, ids });
    const before = found.length;
    ts.forEachChild(node, visit);
    if (kind === 'describe' && found[before]) for (const id of ids) found[before].ids.add(id);
  };
  visit(source);
  return found;
}

/** `test`, `test.each(...)`, `describe(...)`: what a call of them declares; null for any other call. */
function calleeOf(callee: ts.Expression): 'test' | 'describe' | null {
  if (ts.isIdentifier(callee)) {
    if (callee.text === 'test' || callee.text === 'it') return 'test';
    return callee.text === 'describe' ? 'describe' : null;
  }
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee) || ts.isTaggedTemplateExpression(callee))
    return calleeOf(ts.isTaggedTemplateExpression(callee) ? callee.tag : callee.expression);
  return null;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');

function evidence({ document, shownBy }: Demand): string {
  const parts = shownBy.map(({ title, file }) => `shown by ${cell(title)} (${file})`);
  if (document !== null) parts.push(`document: ${document}`);
  return parts.join('; ') || 'not yet';
}

export function render(): string {
  const all = demands();
  const answered = all.filter(({ shownBy, document }) => shownBy.length > 0 || document !== null).length;
  return [
    '<!-- Made by `npm run docs` from docs/acceptance.yaml and the titles of the tests; edit those, not this page. -->',
    '# Acceptance',
    `${answered} of ${all.length} demands are answered. What is met in another way than it was asked stands in [deferrals](deferrals.md).`,
    [
      '| Id | Demand | Shown |',
      '| --- | --- | --- |',
      ...all.map((demand) => `| ${demand.id} | ${cell(demand.says)} | ${evidence(demand)} |`),
    ].join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}
