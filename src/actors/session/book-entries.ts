/**
 * What the books of one delivery are to say: which files of the merged tree change and how. Reads the tree and writes
 * nothing. The same merge, base and day give the same entries, whoever asks and however often.
 */
import type { Problem } from '../../errors.ts';
import type { CommitRequest, IntegrationRepository } from '../../io/git/port.ts';
import { type DeliveredRow, readDelivered, withDelivered } from '../../io/todos/delivered.ts';
import { readDemo } from '../../io/todos/demo-file.ts';
import { withDemoFacts } from '../../io/todos/demo-snapshot.ts';
import { MANIFESTS, versionIn } from '../../io/todos/manifest.ts';
import { DELIVERED_FILE, demoFile, ICEBOX_FILE, ROADMAP_FILE, TODOS_FOLDER, todoFolder } from '../../io/todos/paths.ts';
import { type RoadmapRow, readRoadmap, withoutSlugs } from '../../io/todos/roadmap.ts';
import { namesFollowUp } from '../../machines/follow-up.ts';
import { configProblems } from './own-config.ts';
import { type TodoText, TodoTree } from './todo-tree.ts';

type FileChange = CommitRequest['changes'][number];

/** The delivery whose books are kept. */
export interface Delivery {
  slug: string;
  /** Main, or the tip of the delivery before it. */
  base: string;
  mergeCommit: string;
  /** `YYYY-MM-DD`, UTC. */
  date: string;
  /** Slugs of follow-ups that it closes. */
  closes: readonly string[];
  /** Whether the folders of delivered work items go. */
  removesTodo: boolean;
}

/**
 * `kept`: the changes, none where there is nothing to say. `broken`: a file that has to be edited cannot be; `isOnBase`
 * tells whether the base has it like that already.
 */
export type Entries =
  | { kind: 'kept'; bookkeeping: FileChange[]; cleanup: FileChange[] }
  | { kind: 'broken'; problems: Problem[]; isOnBase: boolean };

const NOTHING: Entries = { kind: 'kept', bookkeeping: [], cleanup: [] };

export async function entriesOf(git: IntegrationRepository, delivery: Delivery): Promise<Entries> {
  const problems = await configProblems(git, delivery.base, delivery.mergeCommit);
  if (problems.length > 0) return { kind: 'broken', problems, isOnBase: false };
  const tree = await TodoTree.open(git, delivery.mergeCommit);
  if (tree === null) return NOTHING;
  return new Bookkeeper(tree, await TodoTree.open(git, delivery.base), delivery).keep();
}

/** Thrown inside when a file stands in the way. */
class Broken extends Error {
  readonly files: readonly TodoText[];

  constructor(files: readonly TodoText[]) {
    super('a file of the books cannot be edited');
    this.files = files;
  }
}

class Bookkeeper {
  readonly #tree: TodoTree;
  /** The same files before the merge; null when there were none. */
  readonly #before: TodoTree | null;
  readonly #delivery: Delivery;

  constructor(tree: TodoTree, before: TodoTree | null, delivery: Delivery) {
    this.#tree = tree;
    this.#before = before;
    this.#delivery = delivery;
  }

  async keep(): Promise<Entries> {
    try {
      return await this.#entries();
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      const { files } = error;
      const were = await Promise.all(files.map(({ path }) => this.#idBefore(path)));
      const isOnBase = files.every(({ id }, index) => id !== null && were[index] === id);
      return { kind: 'broken', problems: files.flatMap(({ problems }) => problems), isOnBase };
    }
  }

  /** The id of what the base has at the path of a file of the books, or in its way; null for nothing. */
  async #idBefore(path: string): Promise<string | null> {
    if (path.startsWith(`${TODOS_FOLDER}/`)) return this.#before?.idOf(path) ?? null;
    return (await this.#before?.nested(path))?.id ?? null;
  }

  async #entries(): Promise<Entries> {
    const { slug, closes } = this.#delivery;
    await this.#refuseBrokenByMerge();
    // Without it nobody can tell whether the work item is in it.
    const roadmap = checked(await this.#tree.text(ROADMAP_FILE));
    const rows = readRoadmap(roadmap.text).rows;
    const planned = await this.#plannedBefore(roadmap);
    const isTracked = [...rows, ...planned].some((row) => row.slug === slug) || this.#hasFolder(slug);
    const isPlanned = (other: string) => rows.some((row) => row.slug === other);
    const closed = closes.filter((other) => isPlanned(other) || this.#tree.has(other));
    if (!isTracked && closed.length === 0) return NOTHING;

    const icebox = checked(await this.#tree.text(ICEBOX_FILE));
    const delivered = checked(await this.#tree.text(DELIVERED_FILE));
    const arrived = isTracked ? await this.#arrived([...rows, ...planned], readDelivered(delivered.text).rows) : [];
    const slugs = arrived.map((row) => row.slug);
    const gone = [...slugs, ...closed, ...(await this.#broughtBack(rows, planned, roadmap))];
    const list = arrived.reduce<string | null>((text, row) => withDelivered(text, row), delivered.text);
    const bookkeeping = [
      ...rewritten(roadmap, roadmap.text === null ? null : withoutSlugs(roadmap.text, gone)),
      ...rewritten(icebox, icebox.text === null ? null : withoutSlugs(icebox.text, gone, ICEBOX_FILE)),
      ...rewritten(delivered, list),
    ];
    for (const other of slugs) bookkeeping.push(...(await this.#demo(other)));
    const removed = [...(this.#delivery.removesTodo ? slugs : []), ...closed].filter((other) => this.#tree.has(other));
    return { kind: 'kept', bookkeeping, cleanup: removed.map((other) => ({ path: todoFolder(other), content: null })) };
  }

  /** A merge that breaks a file of the books is not let through, whether or not its own books need that file. */
  async #refuseBrokenByMerge(): Promise<void> {
    const broken: TodoText[] = [];
    for (const path of [ROADMAP_FILE, ICEBOX_FILE, DELIVERED_FILE]) {
      const id = this.#tree.idOf(path);
      if (id === null || id === this.#before?.idOf(path)) continue;
      const file = judged(await this.#tree.text(path));
      if (file.problems.length > 0) broken.push(file);
    }
    if (broken.length > 0) throw new Broken(broken);
  }

  #hasFolder(slug: string): boolean {
    return this.#tree.has(slug) || (this.#before?.has(slug) ?? false);
  }

  /** The roadmap as the base had it; one that could not be read plans nothing. */
  async #plannedBefore(roadmap: TodoText): Promise<RoadmapRow[]> {
    if (this.#before === null) return [];
    if (this.#before.idOf(ROADMAP_FILE) === roadmap.id) return readRoadmap(roadmap.text).rows;
    return readRoadmap((await this.#before.text(ROADMAP_FILE)).text).rows;
  }

  /** Rows that main had taken out as delivered and that the branch, grown before that, put back without their papers. */
  async #broughtBack(
    rows: readonly RoadmapRow[],
    planned: readonly RoadmapRow[],
    roadmap: TodoText,
  ): Promise<string[]> {
    if (this.#before === null || this.#before.idOf(ROADMAP_FILE) === roadmap.id) return [];
    const before = readDelivered((await this.#before.text(DELIVERED_FILE)).text).rows;
    return rows
      .map((row) => row.slug)
      .filter((slug) => before.some((row) => row.slug === slug))
      .filter((slug) => !planned.some((row) => row.slug === slug) && !this.#tree.has(slug));
  }

  /** What is delivered with it, itself first: then every container of which the last work item is. */
  async #arrived(rows: readonly RoadmapRow[], before: readonly DeliveredRow[]): Promise<DeliveredRow[]> {
    const { date, mergeCommit, slug } = this.#delivery;
    const commit = mergeCommit.slice(0, 12);
    const arrived: DeliveredRow[] = [{ slug, date, commit, children: [] }];
    const delivered = new Set([slug, ...before.map((row) => row.slug)]);
    const breakdowns = new Map<string, readonly string[]>();
    for (const other of this.#tree.slugs()) {
      breakdowns.set(other, (await this.#tree.state(other))?.breakdown.todos ?? []);
    }
    for (let index = 0; index < arrived.length; index += 1) {
      const child = arrived[index]?.slug ?? '';
      // A follow-up stands in the group of what it follows up, and is no part of it.
      const around = namesFollowUp(child) ? [] : rows.filter((row) => row.slug === child);
      const groups = around.flatMap(({ group }) => (group === null ? [] : [group]));
      const containers = [...breakdowns].filter(([, todos]) => todos.includes(child)).map(([other]) => other);
      for (const parent of new Set([...groups, ...containers])) {
        const isKnown = breakdowns.has(parent) || rows.some((row) => row.slug === parent);
        // A container that cannot be read may name parts that nobody knows of.
        if (!isKnown || delivered.has(parent) || (await this.#tree.hasBrokenState(parent))) continue;
        const members = rows.map((row) => (row.group === parent ? row.slug : '')).filter(isPart);
        const children = [...new Set([...(breakdowns.get(parent) ?? []), ...members])];
        if (!children.every((other) => delivered.has(other))) continue;
        delivered.add(parent);
        arrived.push({ slug: parent, date, commit, children });
      }
    }
    return arrived;
  }

  /** The demo outlives the work item: its page stays under `demos/`, beside what was delivered when. */
  async #demo(slug: string): Promise<FileChange[]> {
    const { date: delivered, mergeCommit } = this.#delivery;
    const page = await this.#tree.paperBytes(slug, 'demo.md');
    const kept = await this.#tree.nested(demoFile(slug, 'demo.md'));
    if (page === null && kept.id === null) return [];
    const snapshot = checked(await this.#tree.nested(demoFile(slug, 'snapshot.json')));
    const text = page === null ? kept.text : Buffer.from(page).toString('utf8');
    const state = await this.#tree.state(slug);
    const facts = {
      slug,
      title: readDemo(text).title || slug,
      version: await this.#version(),
      delivered,
      commit: mergeCommit.slice(0, 12),
      metrics:
        state === null ? {} : { review_rounds: state.review_round, findings_resolved: state.resolved_findings.length },
    };
    const entered = withDemoFacts(snapshot.path, snapshot.text, facts);
    if (entered.problems.length > 0) throw new Broken([{ ...snapshot, problems: entered.problems }]);
    const changes: FileChange[] = [{ path: snapshot.path, content: entered.text }];
    if (page === null) return changes;
    return [{ path: checked(kept).path, content: page }, ...changes];
  }

  async #version(): Promise<string | null> {
    for (const name of MANIFESTS) {
      const { text } = await this.#tree.text(name);
      const version = text === null ? null : versionIn(name, text);
      if (version !== null) return version;
    }
    return null;
  }
}

const isPart = (slug: string): boolean => slug !== '' && !namesFollowUp(slug);

/** The file with what its reader finds wrong in it. */
function judged(file: TodoText): TodoText {
  const { problems } = file.path === DELIVERED_FILE ? readDelivered(file.text) : readRoadmap(file.text, file.path);
  return { ...file, problems: [...file.problems, ...problems] };
}

/** The file, which can be read or is not there. */
function checked(file: TodoText): TodoText {
  const result = file.path.endsWith('.yaml') ? judged(file) : file;
  if (result.problems.length > 0) throw new Broken([result]);
  return result;
}

function rewritten(file: TodoText, text: string | null): FileChange[] {
  return text === null || text === file.text ? [] : [{ path: file.path, content: text }];
}
