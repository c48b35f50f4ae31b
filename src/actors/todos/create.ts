/**
 * Makes work items: a folder with what it is about and a fresh state, and a row of the roadmap. Writes in the current
 * work tree only, and nothing before everything was checked.
 */
import { EXIT, type Problem, TelecError } from '../../errors.ts';
import { ICEBOX_FILE, ROADMAP_FILE, stateFile, TODOS_FOLDER, todoFile } from '../../io/todos/paths.ts';
import { cycleIn, type RoadmapRow, readRoadmap, withRow } from '../../io/todos/roadmap.ts';
import { FRESH_STATE, withState } from '../../io/todos/state-file.ts';
import { SLUG_LENGTH_MAX, SLUG_PATTERN } from '../../machines/identity.ts';
import { containersOf } from './dependencies.ts';
import { checkSlug, type Desk } from './desk.ts';
import type { TodoCreateRequest, TodoCreateView } from './flow.ts';
import { groupProblem } from './papers.ts';

/** Characters of a description in the roadmap, where it is one line; the whole stands in the folder. */
const ROW_TEXT_MAX = 200;
const DESCRIPTION_MAX = 64 * 1024;

export function createTodo(desk: Desk, request: TodoCreateRequest): TodoCreateView {
  const { files, papers } = desk;
  const { slug, description, group } = request;
  checkSlug(slug);
  const after = [...new Set(request.after)];
  refuseBroken(desk);
  refuseTaken(desk, slug);
  const problems = requestProblems(desk, { ...request, after });
  if (problems.length > 0) {
    throw new TelecError('INVALID_TODO', EXIT.usage, `${slug} cannot be made`, {
      hint: 'telec roadmap list shows what there is',
      problems,
    });
  }
  const line = description === null ? null : (description.split(/\r?\n/)[0] ?? '').trim().slice(0, ROW_TEXT_MAX);
  const row: RoadmapRow = { slug, group, after, description: line === '' ? null : line };
  const cycle = cycleIn([...papers.roadmap, row]);
  if (cycle) {
    throw new TelecError('DEPENDENCY_CYCLE', EXIT.domain, `the roadmap would wait for itself: ${cycle.join(' -> ')}`, {
      hint: 'leave one of these dependencies out',
    });
  }
  const paths = [todoFile(slug, 'input.md'), stateFile(slug), ROADMAP_FILE] as const;
  files.write(paths[0], `# ${slug}\n\n${(description ?? 'What is wanted, and why.').trim()}\n`);
  const { schema_version, kind, build, review } = FRESH_STATE;
  files.write(paths[1], withState(paths[1], null, { schema_version, kind, build, review }));
  // The row comes last: what stands in the roadmap has its folder.
  files.write(paths[2], withRow(files.read(ROADMAP_FILE), row));
  const next = {
    command: `telec todo draft ${slug}`,
    text: `say in ${paths[0]} what is wanted, then draft its papers`,
  };
  return { slug, files: [...paths], next };
}

/** A file that cannot be read is not edited. */
function refuseBroken({ papers, files }: Desk): void {
  const icebox = readRoadmap(files.read(ICEBOX_FILE), ICEBOX_FILE).problems;
  const problems = [...papers.problems, ...icebox];
  if (problems.length === 0) return;
  throw new TelecError('TODOS_BROKEN', EXIT.domain, 'the files of work items cannot be read', {
    hint: 'telec todo validate',
    problems,
  });
}

function refuseTaken({ files, papers, host, isDelivered }: Desk, slug: string): void {
  const known = papers.todos.find((facts) => facts.slug === slug);
  const where = [
    ...(known?.hasFolder || files.has(`${TODOS_FOLDER}/${slug}`) ? [`${TODOS_FOLDER}/${slug}`] : []),
    ...(known?.row ? [ROADMAP_FILE] : []),
    ...(isDelivered(slug) ? ['what is delivered'] : []),
    ...(readRoadmap(files.read(ICEBOX_FILE), ICEBOX_FILE).rows.some((row) => row.slug === slug) ? [ICEBOX_FILE] : []),
  ];
  const hasCandidate = (host?.repository.ofSlug(slug).length ?? 0) > 0;
  if (where.length === 0 && !hasCandidate) return;
  const parts = [...where, ...(hasCandidate && where.length === 0 ? ['the candidates'] : [])];
  throw new TelecError('SLUG_TAKEN', EXIT.domain, `${slug} is taken: it stands in ${parts.join(', ')}`, {
    hint: `telec todo show ${slug}, or choose another name`,
  });
}

function requestProblems(
  { papers, host, isDelivered }: Desk,
  { slug, group, after, description }: TodoCreateRequest,
): Problem[] {
  const isSlug = (text: string) => SLUG_PATTERN.test(text) && text.length <= SLUG_LENGTH_MAX;
  const exists = (other: string) =>
    other === slug ||
    isDelivered(other) ||
    papers.todos.some((facts) => facts.slug === other) ||
    (host?.repository.ofSlug(other).length ?? 0) > 0;
  const problems: Problem[] = after
    .filter((other) => !isSlug(other) || !exists(other))
    .map((other) => ({
      path: '--after',
      message: `${JSON.stringify(other)} is ${isSlug(other) ? 'no work item that is known' : 'no slug'}`,
    }));
  if (group !== null && !isSlug(group))
    problems.push({ path: '--group', message: `${JSON.stringify(group)} is no slug` });
  else if (group === slug) problems.push({ path: '--group', message: 'a work item is not its own container' });
  const notInto = group === null || group === slug || !isSlug(group) ? null : groupProblem(papers, group);
  if (notInto !== null) problems.push({ path: '--group', message: `${group} ${notInto}` });
  for (const other of group === null ? [] : [group, ...containersOf(group, papers.roadmap)])
    if (other !== slug && after.includes(other))
      problems.push({ path: '--after', message: `${other} holds ${slug}, and is delivered only after it` });
  if ((description?.length ?? 0) > DESCRIPTION_MAX)
    problems.push({ path: '--description', message: `is longer than ${DESCRIPTION_MAX} characters` });
  return problems;
}
