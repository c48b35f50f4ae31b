/**
 * Demos of work items: found, judged, begun, and run when a person asks for it. Running executes what the file of this
 * work tree says, so it is read without following links and from the disk of the work tree alone.
 */
import { EXIT, TelecError } from '../../errors.ts';
import { type BashResult, runBash } from '../../io/todos/bash.ts';
import { type DemoReading, readDemo } from '../../io/todos/demo-file.ts';
import { MANIFESTS, versionIn } from '../../io/todos/manifest.ts';
import { DEMOS_FOLDER, demoFile, TODOS_FOLDER, todoFile } from '../../io/todos/paths.ts';
import { templateOf } from '../../io/todos/templates.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';
import { readPapers } from './papers.ts';
import { slugGiven, unknownTodo, type WorkTree } from './work-tree.ts';

export interface DemoRow {
  slug: string;
  /** From the top of the work tree; null without a demo.md. */
  path: string | null;
  title: string | null;
  /** Blocks that run, and those that are passed over. */
  blocks: number;
  skipped: number;
  /** Why there is none to run; null when there should be one. */
  exempt: string | null;
  /** Whether `demos/<slug>/snapshot.json` is there. */
  snapshot: boolean;
  /** `path` is the line, or empty. */
  problems: { path: string; message: string }[];
}

/** A judged demo: `ok` without problems. */
export interface DemoCheckView extends DemoRow {
  ok: boolean;
}

export interface DemoRunView {
  slug: string;
  path: string;
  ok: boolean;
  blocks: {
    line: number;
    /** How it ended; `left` for those behind one that failed. */
    outcome: 'passed' | 'failed' | 'timeout' | 'interrupted' | 'unstarted' | 'skipped' | 'left';
    /** Exit status of one that ended by itself. */
    status: number | null;
    /** Why it was passed over. */
    reason: string | null;
    duration_ms: number;
    /** The last of what it wrote. */
    output: string;
  }[];
}

export interface DemoCreateView {
  slug: string;
  written: string[];
  kept: string[];
}

/** What is told while a demo runs. */
export type DemoBeat =
  | { kind: 'block'; line: number; at: number; of: number; code: string }
  | { kind: 'skipped'; line: number; reason: string }
  | { kind: 'output'; text: string };

/** All demos, by slug. What cannot be read is a problem of its row. */
export async function listDemos(tree: WorkTree): Promise<DemoRow[]> {
  const names = [TODOS_FOLDER, DEMOS_FOLDER].flatMap((folder) => tree.files.list(folder));
  const slugs = [...new Set(names)].filter((name) => SLUG_PATTERN.test(name)).sort();
  return slugs.flatMap((slug) => {
    try {
      const row = rowOf(tree, slug);
      // Of what was delivered long ago the snapshot alone may be left.
      if (row.path === null) return row.snapshot ? [{ ...row, problems: [] }] : [];
      return [row];
    } catch (error) {
      if (!(error instanceof TelecError)) throw error;
      const none = { path: null, title: null, blocks: 0, skipped: 0, exempt: null, snapshot: false };
      return [{ slug, ...none, problems: [{ path: '', message: error.message }] }];
    }
  });
}

/** Judges one demo. Thrown: BAD_SLUG, UNSAFE_PATH (2), NOT_FOUND (1). */
export async function checkDemo(tree: WorkTree, slug: string): Promise<DemoCheckView> {
  refuseUnknown(tree, slugGiven(slug));
  const row = rowOf(tree, slug);
  return { ...row, ok: row.problems.length === 0 };
}

/**
 * Runs the blocks in order until one fails. Thrown: BAD_SLUG, UNSAFE_PATH (2), NOT_FOUND (1), DEMO_INVALID (1) with every
 * problem, before anything runs.
 */
export async function runDemo(
  tree: WorkTree,
  slug: string,
  limits: { timeoutMs: number; signal: AbortSignal },
  tell: (beat: DemoBeat) => void,
): Promise<DemoRunView> {
  refuseUnknown(tree, slugGiven(slug));
  const path = pathOf(tree, slug);
  const reading = readDemo(path === null ? null : tree.files.read(path));
  if (path === null || reading.problems.length > 0) throw invalid(slug, path, reading);
  if (!tree.files.isOnDisk(path)) {
    throw new TelecError('UNSAFE_PATH', EXIT.usage, `${path} lies on another disk than the work tree`, {
      hint: 'run only what is part of the work tree: put the file there',
    });
  }
  const view: DemoRunView = { slug, path, ok: true, blocks: [] };
  for (const [index, { line, code, skipped }] of reading.blocks.entries()) {
    const row = { line, status: null, reason: skipped, duration_ms: 0, output: '' };
    if (skipped !== null) tell({ kind: 'skipped', line, reason: skipped });
    if (skipped !== null || !view.ok) {
      view.blocks.push({ ...row, outcome: skipped === null ? 'left' : 'skipped' });
      continue;
    }
    tell({ kind: 'block', line, at: index + 1, of: reading.blocks.length, code });
    const startedAt = performance.now();
    const result = await runBash({
      code,
      cwd: tree.files.root,
      env: tree.context.env,
      ...limits,
      onLine: (text) => tell({ kind: 'output', text }),
    });
    const { status, output } = result;
    const outcome = outcomeOf(result);
    view.ok = outcome === 'passed';
    view.blocks.push({ ...row, outcome, status, output, duration_ms: Math.round(performance.now() - startedAt) });
  }
  return view;
}

function outcomeOf({ ended, status }: BashResult): DemoRunView['blocks'][number]['outcome'] {
  if (ended === 'exited') return status === 0 ? 'passed' : 'failed';
  if (ended === 'aborted') return 'interrupted';
  return ended === 'signalled' ? 'failed' : ended;
}

/** Writes what is missing of `demos/<slug>/`. Thrown: BAD_SLUG, UNSAFE_PATH (2), NOT_FOUND (1), NOT_INITIALIZED (6). */
export async function createDemo(tree: WorkTree, slug: string): Promise<DemoCreateView> {
  refuseUnknown(tree, slugGiven(slug));
  await tree.admit();
  const { files } = tree;
  const demo = demoFile(slug, 'demo.md');
  const snapshot = demoFile(slug, 'snapshot.json');
  const template = templateOf('demo.md', { slug, description: null, hasInput: false, children: [] });
  const text = files.read(demo) ?? files.read(todoFile(slug, 'demo.md')) ?? template;
  const title = readDemo(text).title ?? slug;
  const texts: [string, string][] = [
    [demo, text],
    [snapshot, `${JSON.stringify({ slug, title, version: versionOf(tree) }, null, 2)}\n`],
  ];
  const missing = texts.filter(([path]) => !files.has(path));
  for (const [path, content] of missing) files.write(path, content);
  const written = missing.map(([path]) => path);
  return { slug, written, kept: [demo, snapshot].filter((path) => !written.includes(path)) };
}

/** Null for a project that names none. */
function versionOf({ files }: WorkTree): string | null {
  for (const name of MANIFESTS) {
    const text = files.read(name);
    const version = text === null ? null : versionIn(name, text);
    if (version !== null) return version;
  }
  return null;
}

/** A demo goes with its todo first; later it outlives it. */
function pathOf({ files }: WorkTree, slug: string): string | null {
  return [todoFile(slug, 'demo.md'), demoFile(slug, 'demo.md')].find((path) => files.has(path)) ?? null;
}

function rowOf(tree: WorkTree, slug: string): DemoRow {
  const path = pathOf(tree, slug);
  const { title, exempt, blocks, problems } = readDemo(path === null ? null : tree.files.read(path));
  const skipped = blocks.filter((block) => block.skipped !== null).length;
  const snapshot = tree.files.has(demoFile(slug, 'snapshot.json'));
  return { slug, path, title, blocks: blocks.length - skipped, skipped, exempt, snapshot, problems };
}

function refuseUnknown(tree: WorkTree, slug: string): void {
  if (pathOf(tree, slug) !== null || tree.files.isFolder(`${DEMOS_FOLDER}/${slug}`)) return;
  const papers = readPapers(tree.files);
  if (!papers.delivered.has(slug) && !papers.todos.some((each) => each.slug === slug)) throw unknownTodo(slug, false);
}

function invalid(slug: string, path: string | null, { problems }: DemoReading): TelecError {
  const where = path ?? todoFile(slug, 'demo.md');
  return new TelecError('DEMO_INVALID', EXIT.domain, `the demo of ${slug} cannot be run; nothing was`, {
    hint:
      path === null ? `telec todo demo create ${slug} begins one` : `mend ${path}: telec todo demo validate ${slug}`,
    problems: problems.map((problem) => ({ ...problem, path: `${where} ${problem.path}`.trim() })),
  });
}
