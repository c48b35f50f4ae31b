/**
 * Tidies the clones of this machine after deliveries: in each that is registered, the work tree and the local branch of
 * what was delivered, and local main. Run by the daemon, and by the command that ran a session when there is no daemon.
 *
 * Invariants: a clean-up never undoes or delays a delivery, and its failure is an outcome in the log, not an error. What
 * is to be done is on disk before it is begun. One process of a machine tidies at a time. A delivery is tidied up after
 * once: a branch made again under the same name later is nobody's leftover.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TelecError } from '../errors.ts';
import type { Config } from '../io/config.ts';
import {
  forwardMain,
  type Ground,
  quoted,
  removeBranch,
  removeWorktree,
  surveyClone,
  type TidyOutcome,
  worktreesOf,
} from '../io/git/housekeeping.ts';
import { type CleanMemory, type Leftover, readCleanMemory, writeCleanMemory } from '../io/leftovers.ts';
import { lockFile } from '../io/lock.ts';
import type { LogEntry } from '../io/redis/log.ts';
import { registeredClones } from '../io/state.ts';
import type { CleanStep } from '../machines/events.ts';
import { fullType } from '../machines/events.ts';
import { type Opened, privateGit } from './commands/session.ts';
import { compareIds } from './pipeline.ts';

const PAGE_ENTRIES = 1000;
/** Pauses between tries of one leftover: the first, then four times as long each time, up to a day. */
const PAUSE_FIRST_MS = 60_000;
const PAUSE_MAX_MS = 86_400_000;
const DELIVERED = fullType('deployment.completed');

interface Triple {
  slug: string;
  branch: string;
  sha: string;
}

/** What one pass did. */
export interface Sweep {
  /** One sentence for each thing that a person may want to do something about. */
  remarks: string[];
  /** When the next leftover is due, ms of the epoch; null when there is none. */
  nextAt: number | null;
}

export interface SweepOptions {
  config: Config;
  /** Also what is not due yet, as at the start of a daemon. */
  all?: boolean;
}

/** Tidies up behind all deliveries since the last pass, and what earlier ones left. Null: another process is at it. */
export async function sweep(opened: Opened, options: SweepOptions): Promise<Sweep | null> {
  const { workspace, host } = opened;
  // Another path moves main, and what it leaves behind is not telec's.
  if (host.mode !== 'live') return { remarks: [], nextAt: null };
  const lock = lockFile(join(workspace.folder, 'cleanup.lock'));
  if (!lock) return null;
  try {
    return await new Pass(opened, options).run();
  } finally {
    lock.release();
  }
}

class Pass {
  readonly #opened: Opened;
  readonly #options: SweepOptions;
  readonly #memory: CleanMemory;
  readonly #remarks: string[] = [];
  /** Clones in which something was delivered since the last pass: their main may be behind. */
  readonly #newest = new Map<string, Leftover>();

  constructor(opened: Opened, options: SweepOptions) {
    this.#opened = opened;
    this.#options = options;
    this.#memory = readCleanMemory(opened.workspace.folder, opened.host.logId);
  }

  async run(): Promise<Sweep> {
    const { folder, repoId } = this.#opened.workspace;
    const { position } = this.#memory;
    const delivered = await this.#readDeliveries();
    const now = this.#opened.host.clock.now();
    const due = (item: Leftover) => this.#options.all || item.due_at <= now;
    const clones = new Set(registeredClones(folder));
    const waiting = this.#memory.leftovers;
    const work: { ground: Ground; items: Leftover[] }[] = [];
    // A clone that is no longer registered has no leftovers either.
    this.#memory.leftovers = waiting.filter(({ clone }) => clones.has(clone));
    for (const clone of clones) {
      const old = this.#memory.leftovers.filter((item) => item.clone === clone && due(item));
      if (delivered.length === 0 && old.length === 0) continue;
      const survey = await surveyClone(clone, repoId, this.#tracking());
      if (survey.kind === 'gone') {
        this.#memory.leftovers = this.#memory.leftovers.filter((item) => item.clone !== clone);
      } else if (survey.kind === 'unreadable') {
        const fresh = this.#take(delivered, clone);
        for (const item of [...old, ...fresh]) await this.#settle(item, unreadable(survey.detail), null);
      } else {
        const fresh = this.#take(this.#wanted(delivered, survey.ground), clone);
        const newest = fresh.at(-1);
        if (newest) this.#newest.set(clone, newest);
        work.push({ ground: survey.ground, items: [...old, ...fresh] });
      }
    }
    const isChanged = waiting.length !== this.#memory.leftovers.length;
    if (isChanged || position !== this.#memory.position || work.length > 0) this.#save();
    for (const { ground, items } of work) await this.#tidy(ground, items);
    if (work.length > 0) this.#save();
    const times = this.#memory.leftovers.map(({ due_at }) => due_at);
    return { remarks: this.#remarks, nextAt: times.length === 0 ? null : Math.min(...times) };
  }

  #save(): void {
    writeCleanMemory(this.#opened.workspace.folder, this.#memory);
  }

  #tracking(): string {
    const { remote, main } = this.#options.config;
    return `refs/remotes/${remote}/${main}`;
  }

  /** What the log says was delivered since the last pass. */
  async #readDeliveries(): Promise<Triple[]> {
    const { host } = this.#opened;
    await host.dispatcher.catchUp();
    const delivered: Triple[] = [];
    for (;;) {
      const read = await this.#page(this.#memory.position);
      const page = read.filter(({ id }) => compareIds(id, host.dispatcher.appliedId) <= 0);
      for (const { fields } of page) {
        const triple = fields['event'] === DELIVERED ? tripleOf(fields['payload']) : null;
        // Only what the fold believes, and nothing that another path brought while telec ran in shadow.
        const records = triple ? host.repository.ofSlug(triple.slug) : [];
        const known = records.some(({ context: { branch, sha, delivery }, shadow }) => {
          return delivery !== null && !shadow?.compared && branch === triple?.branch && sha === triple.sha;
        });
        if (triple && known) delivered.push(triple);
      }
      this.#memory.position = page.at(-1)?.id ?? this.#memory.position;
      if (page.length < PAGE_ENTRIES) return delivered;
    }
  }

  /** Entries after `position`; those that were archived on another machine are passed over, and that is said. */
  async #page(position: string): Promise<LogEntry[]> {
    const { log } = this.#opened.host;
    try {
      return await log.read(position, PAGE_ENTRIES);
    } catch (error) {
      const archived = error instanceof TelecError && error.code === 'ARCHIVE_ELSEWHERE' ? await log.archived() : null;
      if (archived === null) throw error;
      this.#remarks.push(
        `deliveries up to ${archived.through} are in archives of another machine: not cleaned up here`,
      );
      this.#memory.position = archived.through;
      return log.read(archived.through, PAGE_ENTRIES);
    }
  }

  /** Of the deliveries those that this clone has something of; the last one also when main is behind here. */
  #wanted(delivered: readonly Triple[], { heads }: Ground): Triple[] {
    const { main, cleanup } = this.#options.config;
    const { main: tip } = this.#opened.host.repository.standing;
    const tidies = cleanup.worktree || cleanup.localBranch;
    const present = delivered.filter(({ branch }) => tidies && branch !== main && heads.has(branch));
    const last = delivered.at(-1);
    const head = heads.get(main);
    const behind = head !== undefined && tip !== null && head !== tip;
    return behind && last && present.at(-1) !== last ? [...present, last] : present;
  }

  /** Puts deliveries on the list of a clone. */
  #take(delivered: readonly Triple[], clone: string): Leftover[] {
    const items = delivered.map((triple) => ({ ...triple, clone, tries: 0, due_at: 0, steps: [], mend: null }));
    this.#memory.leftovers.push(...items);
    return items;
  }

  async #tidy(ground: Ground, items: readonly Leftover[]): Promise<void> {
    if (items.length === 0) return;
    const { config } = this.#options;
    let worktrees = await worktreesOf(ground);
    if (worktrees === null) {
      for (const item of items) await this.#settle(item, unreadable('git does not list its work trees'), null);
      return;
    }
    const { repository } = this.#opened.host;
    const inUse = new Set<string>(repository.live().map(({ context }) => context.branch));
    for (const item of items) {
      const outcomes: [CleanStep['step'], TidyOutcome][] = [];
      if (item.branch !== config.main && ground.heads.has(item.branch)) {
        const waits: TidyOutcome = { kind: 'kept', detail: 'another candidate needs the branch', mend: 'wait for it' };
        const isNeeded = inUse.has(item.branch);
        // A work tree on a branch that moved on has work in it that nobody delivered.
        if (config.cleanup.worktree && ground.heads.get(item.branch) === item.sha) {
          const result = isNeeded ? waits : await removeWorktree(ground, worktrees, item, this.#occupied());
          if (result.kind !== 'absent') outcomes.push(['worktree', result]);
          if (result.kind === 'done') worktrees = worktrees.filter(({ branch }) => branch !== item.branch);
        }
        if (config.cleanup.localBranch) {
          outcomes.push(['local_branch', isNeeded ? waits : await removeBranch(ground, worktrees, item)]);
        }
      } else if (item !== this.#newest.get(ground.commonDir)) {
        // Told because it was to be done: by an earlier pass that was cut off, or by a person.
        outcomes.push(['local_branch', { kind: 'absent' }]);
      }
      if (this.#newest.get(ground.commonDir) === item || item.steps.some(({ step }) => step === 'local_main')) {
        const move = await this.#move(ground);
        if (move) outcomes.push(['local_main', await forwardMain(ground, worktrees, config.main, move)]);
      }
      await this.#settle(item, outcomes, ground);
    }
  }

  /** Where local main is to go; null when nothing is known to be there. */
  async #move(ground: Ground): Promise<{ tip: string; source: string; tracking: string } | null> {
    const { host, workspace } = this.#opened;
    const tip = host.repository.standing.main;
    if (tip === null || ground.heads.get(this.#options.config.main) === tip) return null;
    const git = await privateGit(this.#opened);
    // Delivered by another machine: its objects are fetched like any others.
    if (!(await git.hasCommit(tip))) await git.fetch([]);
    return { tip, source: join(workspace.folder, 'git'), tracking: this.#tracking() };
  }

  #occupied(): string[] {
    const folders = [this.#opened.context.cwd];
    try {
      folders.push(process.cwd());
    } catch {
      // The folder is gone already.
    }
    return folders;
  }

  /** Writes down how the steps of a delivery ended; what may end otherwise another time stays on the list. */
  async #settle(
    item: Leftover,
    outcomes: readonly (readonly [CleanStep['step'], TidyOutcome])[],
    ground: Ground | null,
  ): Promise<void> {
    const steps = outcomes.map(([step, outcome]): CleanStep => ({ step, ...inWords(outcome) }));
    const open = outcomes.filter(([step, outcome]) => isOpen(step, outcome));
    const before = JSON.stringify(item.steps);
    const { leftovers } = this.#memory;
    const at = leftovers.indexOf(item);
    if (open.length === 0) {
      if (at >= 0) leftovers.splice(at, 1);
    } else {
      item.steps = steps;
      item.mend = mendOf(
        open.map(([, outcome]) => outcome),
        ground,
      );
      item.tries += 1;
      item.due_at = this.#opened.host.clock.now() + Math.min(PAUSE_FIRST_MS * 4 ** (item.tries - 1), PAUSE_MAX_MS);
    }
    // What is as it was is not told again.
    if (steps.length === 0 || JSON.stringify(steps) === before) return;
    await this.#tell(item, steps);
    this.#remark(item, outcomes);
  }

  /** What stands in the way of the work tree stands in the way of its branch, too, and is said once. */
  #remark({ branch }: Leftover, outcomes: readonly (readonly [CleanStep['step'], TidyOutcome])[]): void {
    let said = false;
    for (const [step, outcome] of outcomes) {
      if (outcome.kind !== 'kept' && outcome.kind !== 'failed') continue;
      if (said && step !== 'local_main') continue;
      const mend = outcome.kind === 'kept' && outcome.mend !== null ? `; ${outcome.mend}` : '';
      this.#remarks.push(`${step === 'local_main' ? '' : `${branch}: `}${NOT_DONE[step]}: ${outcome.detail}${mend}`);
      said = true;
    }
  }

  async #tell({ slug, branch, sha, clone }: Leftover, steps: CleanStep[]): Promise<void> {
    const { host } = this.#opened;
    const { source } = host.options;
    const sessionId = source.slice(source.indexOf('/') + 1);
    const payload = { slug, branch, sha, session_id: sessionId, host: hostname(), clone, steps };
    const result = await host.producer.emit('integration.candidate.cleaned', {
      ...payload,
      command_id: host.ids.ulid(),
    });
    if ('problems' in result) host.report('a clean-up could not be told', { problems: result.problems });
    await host.dispatcher.catchUp();
  }
}

const NOT_DONE: Record<CleanStep['step'], string> = {
  remote_branch: 'the branch of the remote is still there',
  worktree: 'its work tree is still there',
  local_branch: 'the local branch is still there',
  local_main: 'local main was not brought forward',
};

const unreadable = (detail: string): [CleanStep['step'], TidyOutcome][] => [
  ['local_branch', { kind: 'failed', detail: `the clone cannot be read: ${detail}` }],
];

/** Whether another try may end otherwise. Work that nobody delivered is no leftover, and local main follows the next drain. */
function isOpen(step: CleanStep['step'], outcome: TidyOutcome): boolean {
  if (outcome.kind === 'failed') return true;
  return outcome.kind === 'kept' && step !== 'local_main' && outcome.mend !== null;
}

function mendOf(outcomes: readonly TidyOutcome[], ground: Ground | null): string {
  for (const outcome of outcomes) if (outcome.kind === 'kept' && outcome.mend !== null) return outcome.mend;
  return ground === null
    ? 'see why git cannot read it, or remove the clone'
    : `look at it with git -C ${quoted(ground.dir)} status`;
}

function inWords(outcome: TidyOutcome): Pick<CleanStep, 'outcome' | 'detail'> {
  switch (outcome.kind) {
    case 'kept':
      return { outcome: 'kept', detail: outcome.mend === null ? outcome.detail : `${outcome.detail}; ${outcome.mend}` };
    case 'failed':
      return { outcome: 'failed', detail: outcome.detail };
    default:
      return { outcome: outcome.kind, detail: null };
  }
}

function tripleOf(payload: string | undefined): Triple | null {
  try {
    const { slug, branch, sha } = JSON.parse(payload ?? '') as Record<string, unknown>;
    return typeof slug === 'string' && typeof branch === 'string' && typeof sha === 'string'
      ? { slug, branch, sha }
      : null;
  } catch {
    return null;
  }
}
