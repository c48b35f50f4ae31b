/**
 * The work items' files as a commit of the private repository has them, read object by object: no process is started and
 * nothing is read that the question does not need. What a folder or a file holds is remembered by its id.
 */
import type { Problem } from '../../errors.ts';
import type { IntegrationRepository, TreeItem } from '../../io/git/port.ts';
import { stateFile, TODOS_FOLDER, todoFolder } from '../../io/todos/paths.ts';
import { readState, type TodoState } from '../../io/todos/state-file.ts';

/** Bytes; far above any honest file of this kind. */
const BYTES_MAX = 4 * 1024 * 1024;
/** States of work items remembered. */
const REMEMBERED = 4096;

/** A file as text; `text` is null when there is none, or when it is none that can be read: then there are problems. */
export interface TodoText {
  path: string;
  /** Id of what stands there; null for nothing. */
  id: string | null;
  text: string | null;
  problems: Problem[];
}

/** States by the id of their file, for each repository. */
const remembered = new WeakMap<IntegrationRepository, Map<string, TodoState | null>>();

export class TodoTree {
  readonly #git: IntegrationRepository;
  readonly #root: readonly TreeItem[];
  readonly #todos: readonly TreeItem[];

  private constructor(git: IntegrationRepository, root: readonly TreeItem[], todos: readonly TreeItem[]) {
    this.#git = git;
    this.#root = root;
    this.#todos = todos;
  }

  /** Null when the commit has no folder of work items. */
  static async open(git: IntegrationRepository, commit: string): Promise<TodoTree | null> {
    const tree = await git.treeOf(commit);
    const root = tree === null ? [] : await git.itemsOf(tree);
    const todos = root.find(({ name, kind }) => name === TODOS_FOLDER && kind === 'folder');
    return todos ? new TodoTree(git, root, await git.itemsOf(todos.id)) : null;
  }

  /** Whether the work item has a folder of its own. */
  has(slug: string): boolean {
    return this.#folder(slug) !== undefined;
  }

  /** Slugs of all folders of work items. */
  slugs(): string[] {
    return this.#todos.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  }

  /** A file directly below the top, or below the folder of work items. */
  async text(path: string): Promise<TodoText> {
    const [first = '', second] = path.split('/');
    const items = second === undefined ? this.#root : first === TODOS_FOLDER ? this.#todos : [];
    return this.#read(
      path,
      items.find(({ name }) => name === (second ?? first)),
    );
  }

  /** The id of what stands at a path, as `text` takes it; null for nothing. */
  idOf(path: string): string | null {
    const name = path.slice(TODOS_FOLDER.length + 1);
    return this.#todos.find((item) => item.name === name)?.id ?? null;
  }

  /** A file of the work item. */
  async paper(slug: string, name: string): Promise<TodoText> {
    const folder = this.#folder(slug);
    const items = folder ? await this.#git.itemsOf(folder.id) : [];
    return this.#read(
      `${todoFolder(slug)}/${name}`,
      items.find((item) => item.name === name),
    );
  }

  /** Bytes of a file of the work item as they are; null when there is no such plain file. */
  async paperBytes(slug: string, name: string): Promise<Uint8Array | null> {
    const folder = this.#folder(slug);
    const items = folder ? await this.#git.itemsOf(folder.id) : [];
    const item = items.find((other) => other.name === name && other.kind === 'file');
    return item ? this.#git.contentOf(item.id, BYTES_MAX) : null;
  }

  /** A file two folders below the top, as `demos/<slug>/demo.md`; a link or file in the way is a problem. */
  async nested(path: string): Promise<TodoText> {
    const names = path.split('/');
    let items: readonly TreeItem[] = this.#root;
    for (const [depth, name] of names.slice(0, -1).entries()) {
      const item = items.find((other) => other.name === name);
      if (item === undefined) return { path, id: null, text: null, problems: [] };
      const at = names.slice(0, depth + 1).join('/');
      if (item.kind !== 'folder')
        return { path, id: item.id, text: null, problems: [{ path: at, message: 'is no folder' }] };
      items = await this.#git.itemsOf(item.id);
    }
    return this.#read(
      path,
      items.find((item) => item.name === names.at(-1)),
    );
  }

  /** What the work item says of itself; null when it says nothing that can be read. */
  async state(slug: string): Promise<TodoState | null> {
    const folder = this.#folder(slug);
    if (!folder) return null;
    const states = remembered.get(this.#git) ?? new Map<string, TodoState | null>();
    remembered.set(this.#git, states);
    const known = states.get(folder.id);
    if (known !== undefined) return known;
    const { text, problems: unread } = await this.paper(slug, 'state.yaml');
    const { state, problems } = readState(stateFile(slug), text);
    const said = text === null || unread.length + problems.length > 0 ? null : state;
    states.set(folder.id, said);
    for (const oldest of states.keys()) {
      if (states.size <= REMEMBERED) break;
      states.delete(oldest);
    }
    return said;
  }

  /** Whether the work item says something of itself that cannot be read. */
  async hasBrokenState(slug: string): Promise<boolean> {
    const { text, problems } = await this.paper(slug, 'state.yaml');
    return problems.length > 0 || readState(stateFile(slug), text).problems.length > 0;
  }

  #folder(slug: string): TreeItem | undefined {
    return this.#todos.find(({ name, kind }) => name === slug && kind === 'folder');
  }

  async #read(path: string, item: TreeItem | undefined): Promise<TodoText> {
    if (item === undefined) return { path, id: null, text: null, problems: [] };
    const { id } = item;
    const wrong = (message: string): TodoText => ({ path, id, text: null, problems: [{ path, message }] });
    if (item.kind !== 'file') return wrong('is no plain file');
    const bytes = await this.#git.contentOf(id, BYTES_MAX);
    if (bytes === null) return wrong(`is larger than ${BYTES_MAX} bytes`);
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      return { path, id, text, problems: [] };
    } catch {
      return wrong('is no UTF-8 text');
    }
  }
}
