/**
 * Whether the demo came out as it should: each expectation is held against what `telec candidates --json` says, against
 * the history of the remote's main, and against the states seen on the way. The history is read from the bare remote
 * with git alone, so it owes nothing to telec.
 */
import type { CandidateState, CandidateView } from '../client.ts';
import { type Expectation, type Shelf, SLUGS } from './plot.ts';
import type { Scratch, Worker } from './scratch.ts';
import type { DemoRow } from './story.ts';
import { labelOf } from './watch.ts';

/** One commit on the first-parent line of main. */
interface MainLine {
  sha: string;
  parents: string[];
  /** Value of the `Telec-Candidate` trailer, '' without one. */
  candidate: string;
}

export interface Verdict {
  rows: DemoRow[];
  main: string | null;
  problems: string[];
  graph: string[];
}

export interface Evidence {
  scratch: Scratch;
  expected: readonly Expectation[];
  candidates: readonly CandidateView[];
  paths: ReadonlyMap<string, readonly CandidateState[]>;
  shelf: Shelf;
  /** Main before the first act. */
  before: string;
}

export async function judge(evidence: Evidence): Promise<Verdict> {
  const { scratch, expected, candidates } = evidence;
  const remote: Worker = { name: 'host', folder: scratch.remote };
  const { ok, stdout } = await scratch.tryGit(remote, 'rev-parse', '--verify', '--quiet', 'refs/heads/main');
  if (!ok) return { rows: [], main: null, problems: ['the remote has no main'], graph: [] };
  const main = stdout.trim();
  const line = await mainLine(scratch, remote, `${evidence.before}..${main}`);
  const history = new Set((await scratch.git(remote, 'rev-list', main)).split('\n'));
  const inOrder = [...expected].sort((a, b) => SLUGS.indexOf(a.slug) - SLUGS.indexOf(b.slug));
  const rows = inOrder.map((expectation) => judgeOne(expectation, evidence, line, history));

  const problems: string[] = [];
  for (const candidate of candidates) {
    if (!expected.some(({ slug, sha }) => slug === candidate.slug && sha === candidate.sha))
      problems.push(`${labelOf(candidate)} was not expected at all; it is ${candidate.state}`);
  }
  if (!history.has(evidence.before)) problems.push('main was rewound: it lost the commits from before the demo');
  for (const { sha, candidate } of line)
    if (candidate === '') problems.push(`main holds ${sha.slice(0, 7)}, which no candidate brought`);
  problems.push(...(await compareFiles(scratch, remote, main, evidence.shelf)));
  const graph = await scratch.git(remote, 'log', '--graph', '--format=%h %s', main);
  return { rows, main, problems, graph: graph.split('\n') };
}

async function mainLine(scratch: Scratch, remote: Worker, range: string): Promise<MainLine[]> {
  const format = '--format=%H%x09%P%x09%(trailers:key=Telec-Candidate,valueonly,separator=%x2C)';
  const text = await scratch.git(remote, 'log', '--first-parent', format, range);
  return text
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => {
      const [sha = '', parents = '', candidate = ''] = row.split('\t');
      return { sha, parents: parents.split(' '), candidate };
    });
}

function judgeOne(
  expectation: Expectation,
  { candidates, paths }: Evidence,
  line: readonly MainLine[],
  history: ReadonlySet<string>,
): DemoRow {
  const { slug, branch, sha, state: expected, by, blocked, shows } = expectation;
  const row = { slug, branch, sha, expected };
  const view = candidates.find((other) => other.slug === slug && other.branch === branch && other.sha === sha);
  if (!view) return { ...row, actual: 'unknown to the log', how: shows };
  const merges = line.filter(({ candidate }) => candidate === `${slug}/${branch}@${sha}`);
  const doubts: string[] = [];
  const doubt = (isSo: boolean, text: string) => {
    if (isSo) doubts.push(text);
  };
  doubt(expected === 'completed' && !history.has(sha), 'not in the history of main');
  switch (by.kind) {
    case 'merged':
      doubt(merges.length !== 1, `${merges.length} merge commits on main name it`);
      doubt(merges[0]?.parents[1] !== sha, 'its merge commit has another second parent');
      doubt(view.merge_commit !== merges[0]?.sha, 'the log names another merge commit than main has');
      break;
    case 'found':
      doubt(merges.length > 0, 'merged although main held it');
      doubt(view.merge_commit !== sha, 'the log names a merge commit for it');
      break;
    case 'outranked':
      doubt(merges.length > 0, 'merged although a newer commit was there');
      doubt(view.superseded_by !== `${slug}/${branch}@${by.sha}`, 'superseded by another than the newer commit');
  }
  const path = paths.get(labelOf(expectation)) ?? [];
  doubt(path.includes('blocked') !== blocked, blocked ? 'never blocked on its way' : 'blocked on its way');
  const how =
    view.merge_commit && by.kind === 'merged' ? `${shows}; merged as ${view.merge_commit.slice(0, 7)}` : shows;
  if (view.state !== expected) return { ...row, actual: view.state, how };
  return { ...row, actual: [view.state, ...doubts].join(', but '), how };
}

/** What main's files hold differs from what everybody's work together makes. */
async function compareFiles(scratch: Scratch, remote: Worker, main: string, shelf: Shelf): Promise<string[]> {
  const problems: string[] = [];
  const names = (await scratch.git(remote, 'ls-tree', '-r', '--name-only', main)).split('\n');
  for (const name of names) if (!(name in shelf)) problems.push(`main has a file nobody delivered: ${name}`);
  for (const [name, text] of Object.entries(shelf)) {
    const { ok, stdout } = await scratch.tryGit(remote, 'cat-file', 'blob', `${main}:${name}`);
    if (!ok) problems.push(`main lacks ${name}`);
    else if (stdout !== text) problems.push(`${name} on main is not what everybody's work together makes`);
  }
  return problems;
}
