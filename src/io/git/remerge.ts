/**
 * Merges made once more, to compare with what is on main. Several are asked of one process, which git answers when it
 * ends; one it does not answer is asked by itself. Nothing is remembered and no commit is made. Judged by exit status
 * and content alone.
 */
import type { AttributeViews } from './attributes.ts';
import type { GitRunner } from './launcher.ts';
import { isObjectId, type ObjectStore } from './objects.ts';
import type { RemergeOutcome, RemergeRequest } from './port.ts';
import { failure, GitFault } from './run.ts';
import { readStages, splitNul } from './stages.ts';

export interface RemergeTools {
  objects: ObjectStore;
  attributes: AttributeViews;
  run: GitRunner;
  /** The closed environment, with GIT_DIR. */
  env: Record<string, string>;
  /** Milliseconds for one process. */
  timeoutMs: number;
}

const ARGS = ['merge-tree', '--write-tree', '-z', '--no-messages'];

/** One outcome for each request, in their order. */
export async function remerge(
  tools: RemergeTools,
  requests: readonly RemergeRequest[],
  signal: AbortSignal | undefined,
): Promise<RemergeOutcome[]> {
  const outcomes: RemergeOutcome[] = [];
  for (const { folder, group } of await byFolder(tools, requests)) {
    // A single one costs no more by itself, and says more when it fails.
    const together = group.length > 1 && folder !== null ? await many(tools, folder, group, signal) : [];
    for (const [index, request] of group.entries()) {
      const answered = together[index];
      if (answered !== undefined) outcomes.push(answered);
      else if (folder === null) outcomes.push({ kind: 'error', detail: `${request.base} cannot be read` });
      else outcomes.push(await one(tools, folder, request, signal));
    }
  }
  return outcomes;
}

/** Neighbours whose bases have the same attributes; `folder` null where a base is missing. */
async function byFolder(
  { objects, attributes }: RemergeTools,
  requests: readonly RemergeRequest[],
): Promise<{ folder: string | null; group: RemergeRequest[] }[]> {
  const groups: { folder: string | null; group: RemergeRequest[] }[] = [];
  for (const request of requests) {
    const base = await objects.storedCommit(request.base);
    const folder = base && (await attributes.folder(base.tree).catch(unlessFault));
    const last = groups.at(-1);
    if (last && last.folder === folder) last.group.push(request);
    else groups.push({ folder, group: [request] });
  }
  return groups;
}

function unlessFault(error: unknown): null {
  if (error instanceof GitFault) return null;
  throw error;
}

/** Outcomes of the first merges, up to the first that was not answered. */
async function many(
  { run, env, timeoutMs }: RemergeTools,
  folder: string,
  group: readonly RemergeRequest[],
  signal: AbortSignal | undefined,
): Promise<RemergeOutcome[]> {
  const result = await run({
    args: [...ARGS, '--stdin'],
    cwd: folder,
    env: { ...env, GIT_WORK_TREE: folder },
    stdin: group.map(({ base, sha }) => `${base} ${sha}\n`).join(''),
    timeoutMs,
    signal,
  });
  // `1 NUL tree NUL NUL` for each that is clean, else `0 NUL tree NUL`, the stages, NUL. What came before an early end is
  // still an answer.
  const outcomes: RemergeOutcome[] = [];
  const fields = splitNul(result.stdout);
  for (let at = 0; at < fields.length && outcomes.length < group.length; ) {
    const end = fields.findIndex((field, index) => index >= at + 2 && field.length === 0);
    if (end < 0) break;
    const [status, tree, ...stages] = fields.slice(at, end);
    const request = group[outcomes.length];
    const outcome = request && outcomeOf(String(status), String(tree), stages, request);
    if (!outcome) break;
    outcomes.push(outcome);
    at = end + 1;
  }
  return outcomes;
}

/** `status` as git tells it: 1 for clean. Null for what is no answer. */
function outcomeOf(
  status: string,
  tree: string,
  stages: readonly Buffer[],
  { base, sha }: RemergeRequest,
): RemergeOutcome | null {
  if (!isObjectId(tree)) return null;
  if (status === '1') return stages.length === 0 ? { kind: 'clean', tree } : null;
  const paths = status === '0' ? readStages(stages, [base, sha]) : null;
  return paths && { kind: 'conflict', paths };
}

async function one(
  { run, env, timeoutMs }: RemergeTools,
  folder: string,
  request: RemergeRequest,
  signal: AbortSignal | undefined,
): Promise<RemergeOutcome> {
  const result = await run({
    args: [...ARGS, request.base, request.sha],
    cwd: folder,
    env: { ...env, GIT_WORK_TREE: folder },
    timeoutMs,
    signal,
  });
  const [tree, ...stages] = splitNul(result.stdout);
  const status = result.ended !== 'exited' ? '' : result.status === 0 ? '1' : result.status === 1 ? '0' : '';
  return outcomeOf(status, String(tree), stages, request) ?? { kind: 'error', detail: failure('merge-tree', result) };
}
