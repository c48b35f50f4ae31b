/**
 * `telec roadmap`: what is planned, in which order, and what waits for what. Changes the bookkeeping files of the work
 * tree alone; a change reaches main by a branch like any other. A file that cannot be read is never written.
 */
import { EXIT, type Problem, TelecError } from '../../errors.ts';
import { discoverClone, headCommit, resolveCommit } from '../../io/git/clone.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { withRowCarried } from '../../io/todos/icebox.ts';
import { DELIVERED_FILE, ICEBOX_FILE, ROADMAP_FILE, todoFolder } from '../../io/todos/paths.ts';
import { type Place, readRoadmap, withAfter, withMoved, withoutSlug, withRow } from '../../io/todos/roadmap.ts';
import { type Books, withDelivery } from './deliver.ts';
import { containersOf, waitingProblems } from './dependencies.ts';
import { refuseUnreadable } from './draft.ts';
import { bookProblems, groupProblem, type Papers, readPapers } from './papers.ts';
import { listRoadmap, type RoadmapListRow } from './roadmap-list.ts';
import { slugGiven, type WorkTree } from './work-tree.ts';

/** What a change came to. */
export interface RoadmapChange {
  slug: string;
  changed: boolean;
  /** Files written, as paths from the top of the work tree. */
  files: string[];
  /** What was done, and what is left to do, a sentence each. */
  notes: string[];
}

export interface RoadmapAddition {
  group: string | null;
  after: string[];
  before: string | null;
  description: string | null;
}

/** The roadmap of one work tree. All changes throw BAD_SLUG (2), UNREADABLE (1) and NOT_INITIALIZED (6). */
export interface RoadmapDesk {
  /** In the order of the roadmap; then what rests, then what is delivered, the newest first. */
  list(more: { icebox: boolean; delivered: boolean }): Promise<RoadmapListRow[]>;
  /** Thrown: PLANNED, DELIVERED, FROZEN (1); WAITING_REFUSED (1) with every problem. */
  add(slug: string, row: RoadmapAddition): Promise<RoadmapChange>;
  /** Replaces what the slug waits for; none clears. Thrown: NOT_PLANNED (1), WAITING_REFUSED (1) with every problem. */
  deps(slug: string, after: string[]): Promise<RoadmapChange>;
  /** Thrown: NOT_PLANNED (1), USAGE (2). */
  move(slug: string, place: Place): Promise<RoadmapChange>;
  /** Thrown: NOT_PLANNED (1), STILL_NEEDED (1) unless forced. */
  remove(slug: string, force: boolean): Promise<RoadmapChange>;
  /** `commit` null: the one checked out. Thrown: NOT_FOUND (1). */
  deliver(slug: string, commit: string | null): Promise<RoadmapChange>;
  /** Thrown: NOT_PLANNED (1), STILL_NEEDED (1). */
  freeze(slug: string): Promise<RoadmapChange>;
  /** Thrown: NOT_FOUND (1). */
  unfreeze(slug: string): Promise<RoadmapChange>;
}

const NAMES: Readonly<Record<keyof Books, string>> = {
  roadmap: ROADMAP_FILE,
  delivered: DELIVERED_FILE,
  icebox: ICEBOX_FILE,
};

export function roadmapDesk(tree: WorkTree, today: () => string): RoadmapDesk {
  const { files } = tree;

  /** All that a change is judged by; nothing is written before it was read whole. */
  const open = async (slug: string, ...others: string[]): Promise<{ papers: Papers; books: Books }> => {
    for (const each of [slug, ...others]) slugGiven(each);
    await tree.admit();
    const papers = readPapers(files);
    const books = {
      roadmap: files.read(ROADMAP_FILE),
      delivered: files.read(DELIVERED_FILE),
      icebox: files.read(ICEBOX_FILE),
    };
    refuseUnreadable([...bookProblems(papers), ...readRoadmap(books.icebox, ICEBOX_FILE).problems]);
    return { papers, books };
  };

  const write = (slug: string, before: Books, after: Books, notes: string[]): RoadmapChange => {
    const changed = (Object.keys(NAMES) as (keyof Books)[]).filter((key) => after[key] !== before[key]);
    for (const key of changed) files.write(NAMES[key], after[key] ?? '');
    return { slug, changed: changed.length > 0, files: changed.map((key) => NAMES[key]), notes };
  };

  const deps: RoadmapDesk['deps'] = async (slug, given) => {
    const after = [...new Set(given)];
    const { papers, books } = await open(slug, ...after);
    const row = planned(papers, slug);
    refuseWaiting(
      slug,
      waitingProblems(slug, after, papers.roadmap, (other) => isKnown(papers, other)),
    );
    const same = row.after.length === after.length && row.after.every((other) => after.includes(other));
    const note = after.length === 0 ? `${slug} waits for nothing` : `${slug} waits for ${after.join(', ')}`;
    const roadmap = same ? books.roadmap : withAfter(books.roadmap ?? '', slug, after);
    return write(slug, books, { ...books, roadmap }, [note]);
  };

  return {
    list: async (more) => listRoadmap(files, more),
    deps,
    async add(slug, { group, after, before, description }) {
      const others = [...after, ...(group === null ? [] : [group]), ...(before === null ? [] : [before])];
      const { papers, books } = await open(slug, ...others);
      refusePlanned(slug, papers, books);
      const row = { slug, group, after: [...new Set(after)], description: description?.replace(/\s+/g, ' ') ?? null };
      const problems = waitingProblems(slug, row.after, [...papers.roadmap, row], (other) => isKnown(papers, other));
      const notInto = group === null ? null : groupProblem(papers, group);
      if (group !== null && notInto !== null) problems.push({ path: group, message: notInto });
      if (group !== null && [group, ...containersOf(group, papers.roadmap)].includes(slug))
        problems.push({ path: group, message: `is ${slug} itself, or lies in it` });
      if (before !== null && !papers.roadmap.some((each) => each.slug === before))
        problems.push({ path: before, message: 'is not on the roadmap' });
      refuseWaiting(slug, problems);
      const roadmap = withRow(books.roadmap, row, before === null ? {} : { before });
      const prepared = papers.todos.some((each) => each.slug === slug && each.hasFolder);
      const next = prepared ? [] : [`it has no papers yet: telec todo draft ${slug}`];
      return write(slug, books, { ...books, roadmap }, [`${slug} is on the roadmap`, ...next]);
    },
    async move(slug, place) {
      const other = place.before ?? place.after ?? '';
      const { papers, books } = await open(slug, other);
      planned(papers, slug);
      planned(papers, other);
      if (other === slug) {
        throw new TelecError('USAGE', EXIT.usage, `${slug} cannot be moved next to itself`, {
          hint: 'name another work item of the roadmap: telec roadmap list',
        });
      }
      const roadmap = withMoved(books.roadmap ?? '', slug, place);
      const where = place.before === undefined ? 'behind' : 'before';
      return write(slug, books, { ...books, roadmap }, [`${slug} stands ${where} ${other}`]);
    },
    async remove(slug, force) {
      const { papers, books } = await open(slug);
      planned(papers, slug);
      const needed = neededBy(slug, papers, books);
      if (!force) refuseNeeded(slug, needed, `telec roadmap remove ${slug} --force lets them go`);
      const roadmap = withoutSlug(books.roadmap ?? '', slug);
      const icebox = books.icebox === null ? null : withoutSlug(books.icebox, slug);
      const notes = [
        `${slug} is off the roadmap`,
        ...needed.map(
          ({ path, message }) => `${path} ${message}${message.startsWith('waits') ? ' no more' : ' still'}`,
        ),
        ...(files.isFolder(todoFolder(slug)) ? [`its folder ${todoFolder(slug)} stays`] : []),
      ];
      return write(slug, books, { ...books, roadmap, icebox }, notes);
    },
    async deliver(slug, commit) {
      const { papers, books } = await open(slug);
      if (!isKnown(papers, slug) && !rests(books, slug)) {
        throw new TelecError('NOT_FOUND', EXIT.domain, `there is no work item ${slug}, neither planned nor delivered`, {
          hint: 'telec roadmap list --include-delivered',
        });
      }
      const id = await commitGiven(tree, commit);
      const row = { slug, date: today(), commit: id?.slice(0, 12) ?? null, children: [] };
      const holds = new Map(papers.todos.map((each) => [each.slug, each.children]));
      const { books: after, added } = withDelivery(books, row, holds);
      const [first, ...swept] = added;
      const travel = `this work tree alone was changed: commit it on a branch and bring it to main like any work`;
      const notes =
        first === undefined && after.roadmap === books.roadmap && after.icebox === books.icebox
          ? [`${slug} was delivered before; nothing changed`]
          : [
              first === undefined ? `${slug} was delivered before` : `${slug} is delivered`,
              ...swept.map((other) => `${other} is delivered with it, as all it holds is`),
              ...(files.isFolder(todoFolder(slug))
                ? [`its folder ${todoFolder(slug)} stays; remove it in that branch`]
                : []),
              travel,
            ];
      return write(slug, books, after, notes);
    },
    async freeze(slug) {
      const { papers, books } = await open(slug);
      if (rests(books, slug)) return write(slug, books, books, [`${slug} rests already`]);
      planned(papers, slug);
      refuseNeeded(slug, neededBy(slug, papers, books), 'change what they wait for, or freeze them first');
      const { from, to } = withRowCarried(books.roadmap ?? '', books.icebox, slug);
      const notes = [`${slug} rests in ${ICEBOX_FILE}`, `to wake it: telec roadmap freeze ${slug} --undo`];
      return write(slug, books, { ...books, roadmap: from, icebox: to }, notes);
    },
    async unfreeze(slug) {
      const { papers, books } = await open(slug);
      const row = readRoadmap(books.icebox, ICEBOX_FILE).rows.find((each) => each.slug === slug);
      if (!row || books.icebox === null) {
        throw new TelecError('NOT_FOUND', EXIT.domain, `${slug} does not rest in ${ICEBOX_FILE}`, {
          hint: 'telec roadmap list --include-icebox',
        });
      }
      refusePlanned(slug, papers, { ...books, icebox: null });
      const rows = [...papers.roadmap, row];
      refuseWaiting(
        slug,
        waitingProblems(slug, row.after, rows, (other) => isKnown(papers, other) || rests(books, other)),
      );
      const { from, to } = withRowCarried(books.icebox, books.roadmap, slug);
      return write(slug, books, { ...books, icebox: from, roadmap: to }, [
        `${slug} is on the roadmap again, at its end`,
      ]);
    },
  };
}

const isKnown = (papers: Papers, slug: string): boolean =>
  papers.delivered.has(slug) || papers.todos.some((each) => each.slug === slug);

const rests = (books: Books, slug: string): boolean =>
  readRoadmap(books.icebox, ICEBOX_FILE).rows.some((row) => row.slug === slug);

function planned(papers: Papers, slug: string) {
  const row = papers.roadmap.find((each) => each.slug === slug);
  if (row) return row;
  if (papers.delivered.has(slug))
    throw new TelecError('NOT_PLANNED', EXIT.domain, `${slug} is delivered, and planned no more`, {
      hint: 'plan what is new under a slug of its own: telec roadmap add <slug>',
    });
  throw new TelecError('NOT_PLANNED', EXIT.domain, `${slug} is not on the roadmap`, {
    hint: `telec roadmap add ${slug} puts it there; telec roadmap list shows what is`,
  });
}

function refusePlanned(slug: string, papers: Papers, books: Books): void {
  const refuse = (code: string, why: string, hint: string) => new TelecError(code, EXIT.domain, why, { hint });
  if (papers.roadmap.some((row) => row.slug === slug))
    throw refuse('PLANNED', `${slug} is on the roadmap already`, `telec roadmap deps or telec roadmap move ${slug}`);
  if (readDelivered(books.delivered).rows.some((row) => row.slug === slug))
    throw refuse('DELIVERED', `${slug} is delivered`, 'plan what is new under a slug of its own');
  if (rests(books, slug))
    throw refuse('FROZEN', `${slug} rests in ${ICEBOX_FILE}`, `telec roadmap freeze ${slug} --undo`);
}

function refuseWaiting(slug: string, problems: Problem[]): void {
  if (problems.length === 0) return;
  throw new TelecError('WAITING_REFUSED', EXIT.domain, `${slug} cannot be planned so; nothing was changed`, {
    hint: 'telec roadmap list --include-delivered shows what there is and what waits for what',
    problems,
  });
}

/** Who would be left behind without the slug. */
function neededBy(slug: string, papers: Papers, books: Books): Problem[] {
  const rows = [...papers.roadmap, ...readRoadmap(books.icebox, ICEBOX_FILE).rows].filter((row) => row.slug !== slug);
  return rows.flatMap((row) => [
    ...(row.after.includes(slug) ? [{ path: row.slug, message: 'waits for it' }] : []),
    ...(row.group === slug ? [{ path: row.slug, message: 'belongs to it' }] : []),
  ]);
}

function refuseNeeded(slug: string, needed: Problem[], hint: string): void {
  if (needed.length === 0) return;
  throw new TelecError('STILL_NEEDED', EXIT.domain, `others need ${slug}; nothing was changed`, {
    hint,
    problems: needed,
  });
}

/** The commit a person named, or the one checked out; null before the first commit. */
async function commitGiven({ context }: WorkTree, commit: string | null): Promise<string | null> {
  if (commit !== null && !/^[0-9a-f]{4,64}$/.test(commit)) {
    throw new TelecError('BAD_COMMIT', EXIT.usage, `${JSON.stringify(commit)} is no commit id`, {
      hint: 'give 4 to 64 hex digits, as git log --oneline shows them',
    });
  }
  const clone = await discoverClone(context.cwd);
  if (commit === null) return headCommit(clone);
  const id = await resolveCommit(clone, commit);
  if (id !== null) return id;
  throw new TelecError('NOT_FOUND', EXIT.domain, `this clone has no single commit ${commit}`, {
    hint: 'fetch it first, or give more digits',
  });
}
