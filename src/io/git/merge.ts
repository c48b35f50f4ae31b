/**
 * The three-way merge in the object database. Nobody's checkout is touched, no hook, filter or driver of a branch
 * runs. Judged by exit status and content alone: an error is never taken for a no-op, a tree with conflict markers
 * never becomes a commit. Same request, same commit id.
 */
import type { AttributeViews } from './attributes.ts';
import type { History } from './history.ts';
import type { GitRunner } from './launcher.ts';
import { formatCommit, isObjectId, type ObjectStore } from './objects.ts';
import type { ConflictPath, MergeOutcome, MergeRequest } from './port.ts';
import { failure, GitFault, type GitResult } from './run.ts';
import { readStages, splitNul } from './stages.ts';

export interface MergeTools {
  objects: ObjectStore;
  history: History;
  attributes: AttributeViews;
  run: GitRunner;
  /** The closed environment, with GIT_DIR. */
  env: Record<string, string>;
  /** Milliseconds for one merge. */
  timeoutMs: number;
}

export async function mergeCommits(
  tools: MergeTools,
  request: MergeRequest,
  signal: AbortSignal | undefined,
): Promise<MergeOutcome> {
  try {
    return await attempt(tools, request, signal);
  } catch (error) {
    if (error instanceof GitFault) return { kind: 'error', detail: error.message };
    throw error;
  }
}

async function attempt(
  tools: MergeTools,
  request: MergeRequest,
  signal: AbortSignal | undefined,
): Promise<MergeOutcome> {
  const { objects, history, attributes } = tools;
  const { base, sha } = request;
  const [baseCommit, shaCommit] = await Promise.all([objects.commit(base), objects.commit(sha)]);
  if (baseCommit === null) return { kind: 'error', detail: `commit ${base} is missing` };
  if (shaCommit === null) return { kind: 'error', detail: `commit ${sha} is missing` };
  const folder = await attributes.folder(baseCommit.tree);
  const [bases, result] = await Promise.all([
    history.mergeBases(base, sha),
    tools.run({
      // `--no-messages` keeps git's words out: only ids, modes, stages and names come back.
      args: ['merge-tree', '--write-tree', '-z', '--no-messages', base, sha],
      // The attributes count only when the working directory is the root of the work tree.
      cwd: folder,
      env: { ...tools.env, GIT_WORK_TREE: folder },
      timeoutMs: tools.timeoutMs,
      signal,
    }),
  ]);
  if (bases.length === 0) return { kind: 'error', detail: `${sha} shares no history with ${base}` };
  if (bases.includes(sha)) return { kind: 'integrated', how: 'ancestry' };
  const merged = readMergeTree(result, [base, sha]);
  if (merged.kind !== 'clean') return merged;
  if (merged.tree === baseCommit.tree) return { kind: 'integrated', how: 'content' };
  const parents = request.strategy === 'merge' ? [base, sha] : [base];
  const commit = await objects.write('commit', formatCommit({ ...request, tree: merged.tree, parents }));
  history.wrote(commit, parents);
  // The next of a train is merged into this tree; its folder is made while this one is checked and recorded.
  attributes.folder(merged.tree).catch(() => undefined);
  return { kind: 'merged', commit, tree: merged.tree, base };
}

type MergeTreeAnswer =
  | { kind: 'clean'; tree: string }
  | { kind: 'conflict'; paths: ConflictPath[] }
  | { kind: 'error'; detail: string };

/** What `merge-tree --write-tree -z --no-messages` says. Exit 1 is a conflict only with a tree: it also means "no such object". */
function readMergeTree(result: GitResult, sides: readonly string[]): MergeTreeAnswer {
  const fields = splitNul(result.stdout);
  const tree = fields[0]?.toString('latin1') ?? '';
  const answered = result.ended === 'exited' && isObjectId(tree);
  if (answered && result.status === 0 && fields.length === 1) return { kind: 'clean', tree };
  if (answered && result.status === 1) {
    const paths = readStages(fields.slice(1), sides);
    if (paths !== null) return { kind: 'conflict', paths };
  }
  return { kind: 'error', detail: failure('merge-tree', result) };
}
