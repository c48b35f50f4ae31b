/**
 * The fence commit: an empty tree whose trailers say who may move main. Writing and reading only; what the numbers
 * mean is decided elsewhere.
 */
import { trailer } from './history.ts';
import { formatCommit, type ObjectStore } from './objects.ts';
import type { FenceNote } from './port.ts';
import { GitFault } from './run.ts';

const KEYS = ['Telec-Fence', 'Telec-Seq', 'Telec-Session', 'Telec-Log', 'Telec-Repo', 'Telec-Main'] as const;

/** Writes the commit. Thrown: GitFault when a value would not survive as a trailer. */
export function writeFence(
  objects: ObjectStore,
  emptyTree: string,
  parent: string | null,
  note: FenceNote,
  author: string,
  timeSeconds: number,
): Promise<string> {
  const values = [String(note.fence), String(note.seq), note.session, note.log, note.repo, note.main];
  const lines = KEYS.map((key, index) => {
    const value = values[index] ?? '';
    if (value === '' || value !== value.trim() || /[\0\r\n]/.test(value))
      throw new GitFault(`${key} cannot hold ${JSON.stringify(value)}`);
    return `${key}: ${value}`;
  });
  const message = `telec fence ${note.fence}.${note.seq}\n\n${lines.join('\n')}\n`;
  const parents = parent === null ? [] : [parent];
  return objects.write('commit', formatCommit({ tree: emptyTree, parents, author, timeSeconds, message }));
}

/** What the commit says; null when it is missing or is no fence. */
export async function readFence(
  objects: ObjectStore,
  emptyTree: string,
  sha: string,
): Promise<(FenceNote & { timeSeconds: number }) | null> {
  const commit = await objects.commit(sha);
  if (commit === null || commit.tree !== emptyTree) return null;
  const [fence, seq, session, log, repo, main] = KEYS.map((key) => trailer(commit.message, key));
  const time = /> (\d+) [+-]\d{4}$/.exec(commit.committer)?.[1];
  if (!fence || !seq || !session || !log || !repo || !main || !time) return null;
  const numbers = [fence, seq, time].map((text) => (/^\d{1,16}$/.test(text) ? Number(text) : Number.NaN));
  const [fenceNumber, seqNumber, timeSeconds] = numbers;
  if (!isCount(fenceNumber) || !isCount(seqNumber) || !isCount(timeSeconds)) return null;
  return { fence: fenceNumber, seq: seqNumber, session, log, repo, main, timeSeconds };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value);
}
