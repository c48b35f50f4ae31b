/**
 * Tree objects as values: reading entries, finding a path, rewriting the trees along changed paths. Works on bytes,
 * never through an index or a work tree.
 */
import type { Entry } from './difftree.ts';
import { isObjectId, type ObjectStore } from './objects.ts';
import type { TreeItem } from './port.ts';
import { GitFault } from './run.ts';

export const TREE_MODE = '40000';

/** A change of one regular file: its new text, or null to remove it. A removed path may be a folder. */
export interface FileChange {
  path: string;
  content: string | Uint8Array | null;
}

/** Entries of a tree object by name (latin1, one character a byte). */
export type TreeEntries = Map<string, Entry>;

function parseTree(content: Buffer, idBytes: number): TreeEntries {
  const entries: TreeEntries = new Map();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const nul = content.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + idBytes >= content.length + 1) throw new GitFault('a tree object is malformed');
    const mode = content.toString('latin1', at, space);
    const name = content.toString('latin1', space + 1, nul);
    entries.set(name, { mode, id: content.toString('hex', nul + 1, nul + 1 + idBytes) });
    at = nul + 1 + idBytes;
  }
  return entries;
}

export function formatTree(entries: TreeEntries): Buffer {
  // Git sorts a folder as if its name ended with a slash; latin1 compares like bytes.
  const key = ([name, entry]: [string, Entry]) => (isFolder(entry) ? `${name}/` : name);
  const sorted = [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const parts: Buffer[] = [];
  for (const [name, entry] of sorted) {
    parts.push(Buffer.from(`${entry.mode} ${name}\0`, 'latin1'), Buffer.from(entry.id, 'hex'));
  }
  return Buffer.concat(parts);
}

export function isFolder(entry: Entry): boolean {
  return entry.mode === TREE_MODE || entry.mode === '040000';
}

export function isRegularFile(entry: Entry): boolean {
  return entry.mode === '100644' || entry.mode === '100755' || entry.mode === '100664';
}

export async function readTree(objects: ObjectStore, id: string): Promise<TreeEntries> {
  const object = await objects.read(id);
  if (object?.type !== 'tree') throw new GitFault(`tree ${id} is missing`);
  return parseTree(object.content, id.length / 2);
}

/** What stands at `path` (bytes) below the tree; null when nothing does. */
export async function findEntry(objects: ObjectStore, tree: string, path: Buffer): Promise<Entry | null> {
  let entry: Entry = { mode: TREE_MODE, id: tree };
  for (const name of path.toString('latin1').split('/')) {
    if (!isFolder(entry)) return null;
    const next: Entry | undefined = (await readTree(objects, entry.id)).get(name);
    if (next === undefined) return null;
    entry = next;
  }
  return entry;
}

/** What stands in one folder, in git's order. */
export async function listItems(objects: ObjectStore, tree: string): Promise<TreeItem[]> {
  return [...(await readTree(objects, tree))].map(([name, entry]) => ({
    name: Buffer.from(name, 'latin1').toString('utf8'),
    kind: isFolder(entry) ? 'folder' : isRegularFile(entry) ? 'file' : 'other',
    id: entry.id,
  }));
}

/** All paths of files below `tree`, in git's order, relative to it; latin1 names, one character a byte. */
export async function listTree(objects: ObjectStore, tree: string, prefix = ''): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, entry] of await readTree(objects, tree)) {
    if (isFolder(entry)) paths.push(...(await listTree(objects, entry.id, `${prefix}${name}/`)));
    else paths.push(`${prefix}${name}`);
  }
  return paths;
}

/** The tree with the changes made; folders that become empty go. Only the trees along the paths are written. */
export async function rewriteTree(objects: ObjectStore, tree: string, changes: FileChange[]): Promise<string> {
  const root: Plan = { file: undefined, children: new Map() };
  for (const change of changes) {
    const names = Buffer.from(change.path, 'utf8').toString('latin1').split('/');
    if (
      names.some(
        (name) => name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git' || name.includes('\0'),
      )
    )
      throw new GitFault(`no path of a file: ${JSON.stringify(change.path)}`);
    let at = root;
    for (const name of names) {
      let next = at.children.get(name);
      if (next === undefined) {
        next = { file: undefined, children: new Map() };
        at.children.set(name, next);
      }
      at = next;
    }
    at.file = change.content;
  }
  return (await apply(objects, tree, root)) ?? (await objects.write('tree', ''));
}

interface Plan {
  file: string | Uint8Array | null | undefined;
  children: Map<string, Plan>;
}

async function apply(objects: ObjectStore, tree: string | null, plan: Plan): Promise<string | null> {
  const entries: TreeEntries = tree === null ? new Map() : await readTree(objects, tree);
  // At once: the processes that write need not wait for each other's answers.
  const changed = await Promise.all(
    [...plan.children].map(async ([name, child]) => [name, await applyTo(objects, entries.get(name), child)] as const),
  );
  for (const [name, entry] of changed) {
    if (entry === undefined) entries.delete(name);
    else entries.set(name, entry);
  }
  if (entries.size === 0) return null;
  const id = await objects.write('tree', formatTree(entries));
  if (!isObjectId(id)) throw new GitFault('hash-object answered no id');
  return id;
}

/** What stands where `before` stood; undefined for nothing. */
async function applyTo(objects: ObjectStore, before: Entry | undefined, plan: Plan): Promise<Entry | undefined> {
  let entry = before;
  if (plan.file === null) entry = undefined;
  else if (plan.file !== undefined) {
    const mode = before !== undefined && isRegularFile(before) ? before.mode : '100644';
    entry = { mode, id: await objects.write('blob', plan.file) };
  }
  if (plan.children.size === 0) return entry;
  const isTree = entry !== undefined && isFolder(entry);
  const id = await apply(objects, entry !== undefined && isTree ? entry.id : null, plan);
  if (id !== null) return { mode: TREE_MODE, id };
  return isTree ? undefined : entry;
}
