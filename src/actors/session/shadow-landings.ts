/**
 * Which commit of main brought which candidates, when another path moves main: the first of the first-parent line that
 * contains its commit, or that carries its change under another name (squashed, picked, rebased). Asks git; judges and
 * records nothing.
 */
import type { MainCommit, MergeOutcome } from '../../io/git/port.ts';
import { compareQueue, compareRank } from '../../machines/queue.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import { insistently } from './merge.ts';
import type { SessionWork } from './work.ts';

/** One step of main. */
export interface Step {
  commit: MainCommit;
  /** Main before it: its first parent, but where a branch was fast-forwarded that had taken main in. */
  before: string;
}

/** What one step brought, in the order of the queue. */
export interface Landing extends Step {
  brought: { record: CandidateRecord; how: 'ancestry' | 'content' }[];
}

/** The steps in which main came from `from` to `to`, oldest first. */
export async function stepsOf(work: SessionWork, from: string, to: string): Promise<Step[]> {
  const { git } = work.parts;
  const line = await git.mainCommits(from, to);
  const steps: Step[] = [];
  for (const commit of line) {
    const { parents, sha } = commit;
    const before = steps.at(-1)?.commit.sha ?? from;
    // What stood on the line of a branch before it took main in was never main itself.
    if (parents[0] === before || (await git.ancestry(from, sha)) === 'yes') steps.push({ commit, before });
  }
  return steps;
}

/** The steps that brought a candidate of `records`, oldest first; each candidate once. */
export async function landingsOf(
  work: SessionWork,
  steps: readonly Step[],
  records: readonly CandidateRecord[],
): Promise<Landing[]> {
  const first = steps[0];
  const last = steps.at(-1);
  if (!first || !last || records.length === 0) return [];
  const { git } = work.parts;
  const shas = records.map(({ context }) => context.sha);
  const outside = await git.unmerged(shas, last.commit.sha);
  const before = await git.unmerged(shas, first.before);
  const arrived = records.filter(({ context: { sha } }) => !outside.has(sha) && before.has(sha));
  const others = records.filter(({ context: { sha } }) => outside.has(sha));
  const landings = new Map<string, Landing>(steps.map((step) => [step.commit.sha, { ...step, brought: [] }]));
  for (const [record, step] of await firstContaining(work, steps, arrived)) {
    landings.get(step.commit.sha)?.brought.push({ record, how: 'ancestry' });
  }
  for (const [record, step] of await firstCarrying(work, steps, others)) {
    landings.get(step.commit.sha)?.brought.push({ record, how: 'content' });
  }
  return [...landings.values()].flatMap((landing) => {
    const brought = newestOfEach(landing.brought).filter(({ record }) => !cameInside(work, record, landing.commit.sha));
    return brought.length === 0 ? [] : [{ ...landing, brought }];
  });
}

/** Of several candidates of a slug the one that ranks highest: the others came along inside it. */
function newestOfEach(brought: Landing['brought']): Landing['brought'] {
  const bySlug = new Map<string, Landing['brought'][number]>();
  for (const item of brought) {
    const { context } = item.record;
    const other = bySlug.get(context.slug);
    if (!other || compareRank(context, other.record.context) > 0) bySlug.set(context.slug, item);
  }
  return [...bySlug.values()].sort((a, b) => compareQueue(a.record.context, b.record.context));
}

/** A newer one of its slug is known to have come by the same commit, from before an earlier session ended. */
function cameInside({ parts: { repository } }: SessionWork, { context }: CandidateRecord, commit: string): boolean {
  return repository
    .ofSlug(context.slug)
    .some((other) => other.shadow?.compared?.landedBy === commit && compareRank(other.context, context) > 0);
}

/** For each record the first step that contains its commit; the last one contains them all. Halves the way each time. */
async function firstContaining(
  work: SessionWork,
  steps: readonly Step[],
  records: readonly CandidateRecord[],
): Promise<[CandidateRecord, Step][]> {
  const [only] = steps;
  if (!only || records.length === 0) return [];
  if (steps.length === 1) return records.map((record) => [record, only]);
  const middle = Math.floor(steps.length / 2);
  const [early, late] = [steps.slice(0, middle), steps.slice(middle)];
  const outside = await work.parts.git.unmerged(
    records.map(({ context }) => context.sha),
    early.at(-1)?.commit.sha ?? only.commit.sha,
  );
  const isLate = ({ context }: CandidateRecord) => outside.has(context.sha);
  return [
    ...(await firstContaining(
      work,
      early,
      records.filter((record) => !isLate(record)),
    )),
    ...(await firstContaining(work, late, records.filter(isLate))),
  ];
}

/** A step carries the change of a candidate when that has nothing left to bring to it, and had to what was before it. */
async function firstCarrying(
  work: SessionWork,
  steps: readonly Step[],
  records: readonly CandidateRecord[],
): Promise<[CandidateRecord, Step][]> {
  const { git } = work.parts;
  const found: [CandidateRecord, Step][] = [];
  const open = new Map<CandidateRecord, Set<string>>();
  for (const record of records) {
    const { sha } = record.context;
    const start = steps[0]?.before;
    if (start === undefined || isReplaced(work, record) || !(await git.hasCommit(sha))) continue;
    const paths = await git.changedPaths(start, sha);
    if (paths.length > 0) open.set(record, new Set(paths));
  }
  for (const step of steps) {
    if (open.size === 0) break;
    const touched = await git.changedPaths(step.before, step.commit.sha);
    for (const [record, paths] of open) {
      if (!touched.some((path) => paths.has(path))) continue;
      if ((await tried(work, record, step.commit.sha)).kind !== 'integrated') continue;
      open.delete(record);
      if ((await tried(work, record, step.before)).kind !== 'integrated') found.push([record, step]);
    }
  }
  return found;
}

/** A newer one of its slug is on main: what is left of it there came with that one. */
function isReplaced({ parts: { repository } }: SessionWork, { state, context }: CandidateRecord): boolean {
  return (
    state === 'superseded' &&
    context.outrankedBy !== null &&
    repository.find(context.outrankedBy)?.state === 'completed'
  );
}

function tried(work: SessionWork, { context: { sha } }: CandidateRecord, base: string): Promise<MergeOutcome> {
  const { git, config } = work.parts;
  const request = { base, sha, strategy: config.strategy, message: 'telec\n', author: config.author, timeSeconds: 0 };
  return insistently(work, () => git.merge(request, work.lost.signal));
}

/**
 * The commits of main that are part of what a landing brought: those of a branch that main was moved onto, and those made
 * again from one.
 */
export async function partsOf(
  work: SessionWork,
  steps: readonly Step[],
  landings: readonly Landing[],
): Promise<Set<string>> {
  const { git } = work.parts;
  const from = steps[0]?.before;
  const line = steps.map(({ commit }) => commit.sha);
  const parts = new Set<string>(landings.map(({ commit }) => commit.sha));
  for (const { commit, brought } of landings) {
    for (const { record, how } of brought) {
      const { sha } = record.context;
      if (how === 'content' && from !== undefined) {
        for (const same of await git.sameChanges(from, commit.sha, sha)) parts.add(same);
      } else if (commit.sha === sha) {
        const outside = await git.unmerged(line, sha);
        for (const own of line) if (!outside.has(own)) parts.add(own);
      }
    }
  }
  return parts;
}
