/**
 * The fence commit: an empty tree whose trailers say who may move main. Writing and reading only; what the numbers
 * mean is decided elsewhere.
 */
import { trailer } from './history.ts';
import { formatCommit, isObjectId, type ObjectStore } from './objects.ts';
import type { FenceNote } from './port.ts';
import { GitFault } from './run.ts';

/** The armored signature of a commit's bytes; null: it stays unsigned. Rejects when it has to be signed and cannot be. */
export type FenceSigner = (commit: string) => Promise<string | null>;

const KEYS = ['Telec-Fence', 'Telec-Seq', 'Telec-Session', 'Telec-Log', 'Telec-Repo', 'Telec-Main'] as const;

/** That a person may bring main to one commit: which, and until when. */
const PERMIT_KEYS = ['Telec-Permit', 'Telec-Permit-Until'] as const;

/** Writes the commit, signed when the signer signs. Thrown: GitFault when a value would not survive as a trailer. */
export async function writeFence(
  objects: ObjectStore,
  emptyTree: string,
  parent: string | null,
  note: FenceNote,
  author: string,
  timeSeconds: number,
  sign: FenceSigner | null,
): Promise<string> {
  const values = [String(note.fence), String(note.seq), note.session, note.log, note.repo, note.main];
  const lines = KEYS.map((key, index) => trailerLine(key, values[index] ?? ''));
  if (note.permit) {
    const permitted = [note.permit.commit, String(note.permit.untilSeconds)];
    lines.push(...PERMIT_KEYS.map((key, index) => trailerLine(key, permitted[index] ?? '')));
  }
  const message = `telec fence ${note.fence}.${note.seq}\n\n${lines.join('\n')}\n`;
  const parents = parent === null ? [] : [parent];
  const commit = formatCommit({ tree: emptyTree, parents, author, timeSeconds, message });
  const signature = (await sign?.(commit)) ?? null;
  return objects.write('commit', signature === null ? commit : signed(commit, signature, emptyTree.length));
}

function trailerLine(key: string, value: string): string {
  if (value === '' || value !== value.trim() || /[\0\r\n]/.test(value))
    throw new GitFault(`${key} cannot hold ${JSON.stringify(value)}`);
  return `${key}: ${value}`;
}

/** The commit with the signature as its last header; git names it by the kind of its ids. */
function signed(commit: string, signature: string, idLength: number): string {
  const split = commit.indexOf('\n\n');
  const header = idLength === 40 ? 'gpgsig' : 'gpgsig-sha256';
  return `${commit.slice(0, split)}\n${header} ${signature.trimEnd().replaceAll('\n', '\n ')}${commit.slice(split)}`;
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
  const permit = permitOf(commit.message);
  return { fence: fenceNumber, seq: seqNumber, session, log, repo, main, timeSeconds, ...(permit ? { permit } : {}) };
}

function permitOf(message: string): FenceNote['permit'] | null {
  const [commit, until] = PERMIT_KEYS.map((key) => trailer(message, key));
  return commit && until && isObjectId(commit) && /^\d{1,15}$/.test(until)
    ? { commit, untilSeconds: Number(until) }
    : null;
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value);
}
