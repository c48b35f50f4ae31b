/**
 * What contradicts itself or is missing in a rollout: container against slices, list against roadmap against breakdown,
 * reports against state files. Pure. A slice that merely waits is no problem.
 */
import { inOrder, isOrdered, type JudgedRollout, type RolloutFacts, type SliceFacts } from './rollout.ts';
import { BUILD_SCORE_MIN } from './todo.ts';

/** One contradiction: stable code, the work item it is about, sentence for people. */
export interface RolloutProblem {
  code: string;
  slug: string;
  text: string;
}

/** All problems, those of the container first, then slice by slice in order. */
export function rolloutProblems(facts: RolloutFacts, judged: JudgedRollout): RolloutProblem[] {
  const slices = inOrder(facts);
  return [
    ...ofContainer(facts, judged),
    ...ofNames(facts, slices),
    ...ofOrder(facts, slices),
    ...slices.flatMap((slice, at) => ofSlice(facts, slice, slices.slice(0, at), judged)),
  ];
}

const names = (slugs: readonly string[]) => slugs.join(', ');

function ofContainer(facts: RolloutFacts, { go }: JudgedRollout): RolloutProblem[] {
  const { container, slices, declared, listed } = facts;
  const found: RolloutProblem[] = [];
  const add = (code: string, text: string) => found.push({ code, slug: container.slug, text });
  const open = slices.filter(({ delivered }) => delivered === null).map(({ slug }) => slug);
  if (container.delivered !== null && open.length > 0)
    add('container_delivered', `it is delivered, but ${names(open)} ${open.length > 1 ? 'are' : 'is'} not`);
  if (container.build !== 'pending') add('container_built', `its build is ${container.build}; a container is no work`);
  if (declared && (listed ?? []).length === 0) add('no_list', 'its input.md lists no slices in order');
  for (const role of ['shadow', 'cutover'] as const) {
    const named = declared?.[role];
    if (named && !slices.some(({ slug }) => slug === named))
      add('unknown_role', `its ${role} slice ${named} is none of its slices`);
  }
  if (go?.shadow && inOrder(facts).findIndex(({ slug }) => slug === go.shadow) > cutoverAt(facts))
    add('roles_reversed', `${go.shadow} runs in shadow, but comes after the cutover ${go.cutover}`);
  if (container.delivered === null) found.push(...ofPapers(facts, container));
  return found;
}

function cutoverAt(facts: RolloutFacts): number {
  const at = inOrder(facts).findIndex(({ slug }) => slug === facts.declared?.cutover);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** List, breakdown and roadmap name the same slices. */
function ofNames({ container, slices, breakdown, listed, known }: RolloutFacts, order: SliceFacts[]): RolloutProblem[] {
  const found: RolloutProblem[] = [];
  const add = (code: string, slug: string, text: string) => found.push({ code, slug, text });
  const named = [...new Set([...(listed ?? []), ...breakdown.todos])];
  for (const slug of named)
    if (!known.has(slug))
      add('unknown_slice', container.slug, `it names ${slug}, which is no work item and not delivered`);
  if (slices.length > 0 && !breakdown.assessed)
    add('not_assessed', container.slug, 'its state.yaml does not say that its breakdown was assessed');
  for (const { slug, row, delivered, hasFolder } of order) {
    if (delivered !== null) continue;
    if (row === null && hasFolder) add('not_in_roadmap', slug, 'it has no row in the roadmap');
    if (row !== null && row.group !== container.slug)
      add('not_grouped', slug, `its row in the roadmap does not group it under ${container.slug}`);
    if (!breakdown.todos.includes(slug))
      add('not_in_breakdown', slug, `the breakdown of ${container.slug} does not name it`);
    if ((listed ?? []).length > 0 && !listed?.includes(slug))
      add('not_listed', slug, `the input.md of ${container.slug} does not list it`);
  }
  return found;
}

/** List, breakdown and roadmap name them in the same order. */
function ofOrder(facts: RolloutFacts, order: SliceFacts[]): RolloutProblem[] {
  if (!isOrdered(facts)) return [];
  const { container, breakdown, roadmap } = facts;
  const wanted = order.map(({ slug }) => slug);
  const check = (where: string, found: readonly string[]): RolloutProblem[] => {
    const there = [...new Set(found)].filter((slug) => wanted.includes(slug));
    const here = wanted.filter((slug) => there.includes(slug));
    if (there.join() === here.join()) return [];
    const text = `${where} has the order ${there.join(' -> ')}, not ${here.join(' -> ')}`;
    return [{ code: 'order_differs', slug: container.slug, text }];
  };
  return [
    ...check('its breakdown', breakdown.todos),
    ...check(
      'the roadmap',
      roadmap.map(({ slug }) => slug),
    ),
  ];
}

function ofSlice(
  facts: RolloutFacts,
  slice: SliceFacts,
  before: SliceFacts[],
  { go }: JudgedRollout,
): RolloutProblem[] {
  const found: RolloutProblem[] = [];
  const { slug, row, delivered, build, notBuildable } = slice;
  const add = (code: string, text: string) => found.push({ code, slug, text });
  if (row?.after.includes(facts.container.slug))
    add('depends_on_container', `it waits for ${facts.container.slug}, which holds it: neither can ever be delivered`);
  const unknown = (row?.after ?? []).filter((other) => !facts.known.has(other));
  if (unknown.length > 0) add('unknown_dependency', `it waits for ${names(unknown)}, no work item and not delivered`);
  const previous = before.at(-1);
  if (isOrdered(facts) && delivered === null && previous?.delivered === null && !isAfter(facts, slug, previous.slug))
    add('not_after_previous', `it comes after ${previous.slug}, but the roadmap does not let it wait for that`);
  const undelivered = before.filter((other) => other.delivered === null).map((other) => other.slug);
  if (isOrdered(facts) && undelivered.length > 0 && (delivered !== null || build !== 'pending'))
    add('started_early', `it is ${delivered === null ? 'started' : 'delivered'} before ${names(undelivered)}`);
  if (delivered !== null) return found;
  if (build !== 'pending') {
    const ungated = notBuildable.filter(({ code }) => /^(not_gated|score_too_low|gate_not_passed)$/.test(code));
    for (const { text } of ungated) add('started_ungated', `its build is ${build}, but ${text}`);
    if (go?.cutover === slug && go.verdict === 'no_go')
      add('started_without_evidence', `its build is ${build}, but evidence for the cutover is missing`);
  }
  found.push(...ofPapers(facts, slice));
  return found;
}

/** Papers and verdict of one work item that is not delivered. */
function ofPapers({ gates }: RolloutFacts, item: SliceFacts): RolloutProblem[] {
  const found: RolloutProblem[] = [];
  const { slug, missingPapers, verdict, reported, drafter, broken, hasFolder } = item;
  const add = (code: string, text: string) => found.push({ code, slug, text });
  for (const text of broken) add('broken_file', text);
  if (missingPapers.length > 0) {
    const what = hasFolder
      ? `papers are missing: ${names(missingPapers)}`
      : 'it has no folder, so all papers are missing';
    add('missing_papers', what);
  }
  if (verdict === null) return found;
  const { status, score, session } = verdict;
  if (session !== null && session === drafter)
    add('judged_by_drafter', `it was judged by ${session}, the session that drafted it`);
  const failed = verdict.gates.filter((one) => one.verdict !== 'pass').map(({ name }) => name);
  const silent = gates.filter((name) => !verdict.gates.some((one) => one.name === name));
  if (status === 'pass') {
    if (score < BUILD_SCORE_MIN) add('verdict_contradicts', `its gate says pass with a score of ${score}`);
    if (failed.length > 0) add('verdict_contradicts', `its gate says pass, but these failed: ${names(failed)}`);
    if (silent.length > 0) add('gates_unjudged', `its gate says pass, but these have no verdict: ${names(silent)}`);
    if (verdict.blockers.length > 0) add('verdict_contradicts', 'its gate says pass, but blockers are open');
  } else if (verdict.blockers.length === 0) {
    add('blockers_unnamed', `its gate says ${status}, but names no blocker`);
  }
  if (reported === null) return found;
  if (reported.status === null) add('report_silent', 'its dor-report.md states no verdict');
  else if (reported.status !== status || (reported.score !== null && reported.score !== score))
    add(
      'report_differs',
      `its dor-report.md says ${reported.status} with ${reported.score ?? 'no score'}, its state.yaml ${status} with ${score}`,
    );
  return found;
}

/** Whether the roadmap lets `slug` wait for `other`, by itself or through others. */
function isAfter({ roadmap }: RolloutFacts, slug: string, other: string): boolean {
  const after = new Map(roadmap.map((row) => [row.slug, row.after]));
  const seen = new Set([slug]);
  // A set hands out what is added while it is walked.
  for (const here of seen) for (const next of after.get(here) ?? []) seen.add(next);
  seen.delete(slug);
  return seen.has(other);
}
