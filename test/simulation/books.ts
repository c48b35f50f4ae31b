/**
 * Books: what the commits behind a merge may and must say, computed from the files alone. Also what the log calls
 * foreign: nothing that telec brought.
 */
import { parse } from 'yaml';
import { type Files, type TwinCommit, trailerOf } from '../support/twins/commits.ts';
import { told } from './model.ts';
import type { World } from './world.ts';

const FILES = ['todos/roadmap.yaml', 'todos/delivered.yaml'] as const;

/** Key of the candidate whose books the commit keeps; null for any other commit. */
export const booksOf = ({ message }: TwinCommit): string | null => trailerOf(message, 'Telec-Books');

/** Rows of a list; null when it cannot be read as one. */
function rows(files: Files, path: string): Record<string, unknown>[] | null {
  const file = files.get(path);
  if (file === undefined) return [];
  try {
    const value: unknown = parse(file.slice(7)) ?? [];
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether a commit's files say something that nobody can read. */
export const isBroken = (files: Files): boolean => FILES.some((path) => rows(files, path) === null);

/** One delivery as it stands on main: the merge, and the tip of the commits behind it. */
export function judgeBooks(world: World, key: string, merge: TwinCommit, tip: TwinCommit): void {
  const fail = (detail: string) => world.fail('books', `${key}, ${merge.sha}..${tip.sha}: ${detail}`);
  const { graph } = world.remote;
  const slug = key.slice(0, key.indexOf('/'));
  const line = graph.line(tip.sha, (sha) => sha === merge.sha);
  if (line.some((commit) => booksOf(commit) !== key)) fail('a commit of other books is in between');
  if (line.length > 2) fail(`${line.length} commits of books`);
  const paths = [...new Set([...merge.files.keys(), ...tip.files.keys()])];
  const changed = paths.filter((path) => merge.files.get(path) !== tip.files.get(path));
  const own = [`todos/${slug}/`, `todos/${slug}-integration-blocked-`, `demos/${slug}/`, ...FILES];
  const wrong = changed.filter((path) => !own.some((start) => path.startsWith(start)));
  if (wrong.length > 0) fail(`changed ${wrong.join(', ')}`);
  const [planned, before] = [rows(tip.files, FILES[0]), rows(merge.files, FILES[0])];
  const [delivered, earlier] = [rows(tip.files, FILES[1]), rows(merge.files, FILES[1])];
  if (!planned || !before || !delivered || !earlier) {
    fail('landed over a file that cannot be read');
    return;
  }
  const isOwn = (row: Record<string, unknown>) => row['slug'] === slug;
  if (planned.some(isOwn)) fail('it is still planned');
  if (paths.some((path) => tip.files.has(path) && path.startsWith(`todos/${slug}/`))) fail('its papers are left');
  const isFollowUp = (row: Record<string, unknown>) => String(row['slug']).startsWith(`${slug}-integration-blocked-`);
  const others = (list: Record<string, unknown>[]) =>
    JSON.stringify(list.filter((row) => !isOwn(row) && !isFollowUp(row)));
  if (others(planned) !== others(before)) fail('another row of the plan changed');
  if (others(delivered) !== others(earlier)) fail('another delivered row changed');
  const base = graph.get(merge.parents[0] ?? '').files;
  const isKnown = [merge.files, base].some(
    (files) =>
      (rows(files, FILES[0]) ?? []).some(isOwn) || [...files.keys()].some((p) => p.startsWith(`todos/${slug}/`)),
  );
  const entered = delivered.filter(isOwn).length;
  if (entered !== (isKnown || earlier.some(isOwn) ? 1 : 0)) fail(`it is entered ${entered} times`);
  if (isKnown && !earlier.some(isOwn) && delivered[0]?.['commit'] !== merge.sha.slice(0, 12))
    fail('another commit is entered');
}

/** What telec brought is never told as somebody else's. */
export function judgeForeign(world: World): void {
  const { remote, store } = world;
  const brought = new Set(
    remote.moves
      .filter(({ by, mainFrom, mainTo }) => by !== null && mainFrom !== mainTo)
      .flatMap(({ mainFrom, mainTo }) => remote.graph.line(mainTo ?? '', (sha) => sha === mainFrom))
      .map(({ sha }) => sha),
  );
  for (const entry of store.entries) {
    const { id, type, payload } = told(entry);
    if (type !== 'integration.main.foreign') continue;
    for (const sha of payload.commits) if (brought.has(sha)) world.fail('books', `${id} calls ${sha} foreign`);
  }
}
