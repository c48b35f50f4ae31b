/**
 * The rollouts of a work tree: judged from its files and the log, shown, and written into their reports. Works in a
 * clone that telec was never set up in. Writes nothing but reports and, when asked, the work item for missing evidence.
 */
import { realpathSync } from 'node:fs';
import { EXIT, TelecError } from '../../errors.ts';
import { todoFile, todoFolder } from '../../io/todos/paths.ts';
import { DOR_GATES } from '../../io/todos/state-file.ts';
import { WorkFiles } from '../../io/todos/work-files.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';
import { type JudgedRollout, judgeAlone, judgeRollout, type RolloutFacts } from '../../machines/rollout.ts';
import { type RolloutProblem, rolloutProblems } from '../../machines/rollout-checks.ts';
import type { GoDecision } from '../../machines/rollout-evidence.ts';
import type { CommandContext } from '../client.ts';
import type { HostOptions } from '../host.ts';
import { deliveredOnMain } from '../todos/desk.ts';
import { cloneOf, type Workspace } from '../workspace.ts';
import { type RolloutTree, readRollouts } from './facts.ts';
import { evidenceTodo } from './follow-up.ts';
import type { RolloutLog } from './log.ts';
import { readRolloutLog } from './read-log.ts';
import { rolloutReport, sliceReport } from './report.ts';
import { hasPart, withoutPart, withPart } from './section.ts';
import {
  type GateView,
  type ReportRequest,
  type ReportView,
  type RolloutDesk,
  type RolloutStatusView,
  rolloutView,
  sliceView,
} from './views.ts';

interface Judged {
  facts: RolloutFacts;
  judged: JudgedRollout;
  problems: RolloutProblem[];
}

/** Opens the work tree around the command, with the log where there can be one. Thrown: NOT_A_REPOSITORY (2). */
export async function openRolloutDesk(
  context: CommandContext,
  workspace: Workspace | null,
  options: HostOptions | null,
): Promise<RolloutDesk> {
  const { workTree } = cloneOf(context);
  const log = await readRolloutLog(options, workspace?.config.integration.parityMin);
  if (log.state === 'unreachable') context.say('the log cannot be reached; judged from the files alone');
  const files = new WorkFiles(realpathSync(workTree));
  const source: Source = { files, log, onMain: await deliveredOnMain(workspace) };
  return {
    status: () => statusOf(source),
    gate: (slug) => gateOf(judgeTree(source), slug),
    report: (request) => report(source, request),
  };
}

/** What is judged: the work tree, the log, and the slugs that main has as delivered. */
interface Source {
  files: WorkFiles;
  log: RolloutLog;
  onMain: ReadonlySet<string>;
}

function judgeTree({ files, log, onMain }: Source): { tree: RolloutTree; rollouts: Judged[] } {
  const tree = readRollouts(files, log, onMain);
  const rollouts = tree.rollouts.map((facts) => {
    const judged = judgeRollout(facts);
    return { facts, judged, problems: rolloutProblems(facts, judged) };
  });
  return { tree, rollouts };
}

function statusOf(source: Source): RolloutStatusView {
  const { log } = source;
  const { tree, rollouts } = judgeTree(source);
  const views = rollouts.map(({ facts, judged, problems }) => rolloutView(facts, judged, problems));
  return {
    log: log.state,
    mode: log.mode,
    consistent: tree.problems.length === 0 && views.every(({ problems }) => problems.length === 0),
    rollouts: views,
    problems: tree.problems,
  };
}

function gateOf({ tree, rollouts }: ReturnType<typeof judgeTree>, slug: string): GateView {
  const held = rollouts.find(({ judged }) => judged.slices.some(({ facts }) => facts.slug === slug));
  const own = held?.judged.slices.find(({ facts }) => facts.slug === slug);
  if (held && own) {
    const go = held.judged.go?.cutover === slug ? held.judged.go : null;
    const problems = held.problems.filter((problem) => problem.slug === slug);
    const view = sliceView(own, held.facts.gates);
    return { ...view, rollout: held.judged.slug, may_be_built: own.reasons.length === 0, go, problems };
  }
  return aloneView(tree, slug);
}

/** A work item outside any rollout, or the container of one, judged by itself. */
function aloneView(tree: RolloutTree, slug: string): GateView {
  const item = tree.item(slug);
  if (!item) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `${JSON.stringify(slug)} is no work item and not delivered`, {
      hint: 'telec rollout status shows the rollouts and their slices',
    });
  }
  const judged = judgeAlone(item);
  return {
    ...sliceView(judged, DOR_GATES),
    rollout: null,
    may_be_built: judged.reasons.length === 0,
    go: null,
    problems: item.broken.map((text) => ({ code: 'broken_file', slug, text })),
  };
}

/** Rounds of writing: what is written can settle a contradiction, which the next round tells no more. */
const ROUNDS_MAX = 3;

/** The report of a rollout or of one work item; a rollout's takes the missing evidence to its cutover slice with it. */
function report(source: Source, { slug, write, followUp }: ReportRequest): ReportView {
  const { files, log } = source;
  const before = subjectOf(source, slug);
  if (followUp && before.go?.verdict !== 'no_go') {
    throw new TelecError('NOTHING_MISSING', EXIT.domain, `no evidence for a cutover is missing in ${slug}`, {
      hint: 'name the cutover slice of a rollout, or the rollout itself; telec rollout status shows which is which',
    });
  }
  if (write && log.state === 'unreachable') throw log.fault;
  const written = new Set<string>();
  const put = (path: string, text: string): boolean => {
    if (files.read(path) === text) return false;
    files.write(path, text);
    written.add(path);
    return true;
  };
  let opened: string | null = null;
  if (write && followUp && before.go) {
    const todo = evidenceTodo(before.tree.papers, before.go, before.container);
    for (const [path, text] of todo.texts) put(path, text);
    opened = todo.slug;
  }
  for (let round = 0; write && round < ROUNDS_MAX; round += 1) {
    const changed = subjectOf(source, slug)
      .texts()
      .map(([path, text]) => put(path, text));
    if (!changed.includes(true)) break;
  }
  return { slug, text: `${subjectOf(source, slug).render(true)}\n`, written: [...written], follow_up: opened };
}

interface Subject {
  tree: RolloutTree;
  /** The rollout it is or belongs to. */
  container: string;
  go: GoDecision | null;
  render(verdict: boolean): string;
  /** The files it is written into. */
  texts(): Written[];
}

function subjectOf(source: Source, slug: string): Subject {
  const { files, log } = source;
  const judgedTree = judgeTree(source);
  const { tree, rollouts } = judgedTree;
  const own = rollouts.find(({ judged }) => judged.slug === slug);
  if (!own) {
    const view = gateOf(judgedTree, slug);
    const render = (verdict: boolean) => sliceReport(view, verdict);
    const texts = () => [reportFile(files, slug, render)];
    return { tree, container: view.rollout ?? slug, go: view.go, render, texts };
  }
  const { go } = own.judged;
  const view = rolloutView(own.facts, own.judged, own.problems);
  const render = (verdict: boolean) => rolloutReport(view, log.mode, verdict);
  const texts = () => {
    const cutover = go && gateOf(judgedTree, go.cutover);
    // Written first when something is missing, brought up to date once it is there.
    const wanted = cutover && (go.verdict === 'no_go' || hasReport(files, cutover.slug));
    const due = wanted && hasFolder(files, cutover.slug);
    const its = due ? [reportFile(files, cutover.slug, (verdict) => sliceReport(cutover, verdict))] : [];
    return [reportFile(files, slug, render), ...its];
  };
  return { tree, container: slug, go, render, texts };
}

type Written = [path: string, text: string];

/** The report file with telec's part anew. The verdict is left to where `telec todo gate` wrote it, if it did. */
function reportFile(files: WorkFiles, slug: string, render: (verdict: boolean) => string): Written {
  const path = todoFile(slug, 'dor-report.md');
  if (!hasFolder(files, slug)) {
    throw new TelecError(
      'NO_FOLDER',
      EXIT.domain,
      `${JSON.stringify(slug)} has no folder that a report could go into`,
      {
        hint: `telec rollout report ${slug}, without --write, only shows it`,
      },
    );
  }
  const before = files.read(path);
  const stated = before !== null && /^#{1,6}[ \t]+gate verdict[ \t]*\r?$/im.test(withoutPart(path, before));
  return [path, withPart(path, before, `Readiness report: ${slug}`, render(!stated))];
}

const hasFolder = (files: WorkFiles, slug: string): boolean =>
  SLUG_PATTERN.test(slug) && files.isFolder(todoFolder(slug));

function hasReport(files: WorkFiles, slug: string): boolean {
  const path = todoFile(slug, 'dor-report.md');
  const text = files.read(path);
  return text !== null && hasPart(path, text);
}
