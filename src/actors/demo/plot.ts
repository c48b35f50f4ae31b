/**
 * What happens in the demo, act by act, and what is to come of it. Everything is done by commands a worker could type:
 * git and `telec`, many of them at the same time. Knows what each act is meant to show; judges nothing.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import type { CandidateRecord } from '../candidate-record.ts';
import type { CandidateState, WhyView } from '../client.ts';
import type { Answer, Scratch, Worker } from './scratch.ts';
import type { Beat } from './story.ts';
import type { Watch } from './watch.ts';

/** What is to become of one candidate. */
export interface Expectation {
  slug: string;
  branch: string;
  sha: string;
  state: Extract<CandidateState, 'completed' | 'superseded'>;
  /** `merged`: by a merge commit of its own; `found`: main held it before; `outranked`: by the commit named. */
  by: { kind: 'merged' } | { kind: 'found' } | { kind: 'outranked'; sha: string };
  /** Whether it was blocked on its way. */
  blocked: boolean;
  /** What it shows, in a few words. */
  shows: string;
}

/** All slugs of the demo, in the order the table shows them. */
export const SLUGS = ['login', 'search', 'typo', 'report', 'prices', 'discount', 'profile', 'charts'];

/** The files of main at the end, and what each must hold. */
export type Shelf = Record<string, string>;

const PRICES = (roll: string) => `bread 3.00\nroll  ${roll}\ncake 18.00\n`;
const GREETING = 'The corner bakery\n\nOpen from six, sold out by ten.\n';

const CONFIG = `# An empty file would do: all keys are optional.
integration:
  grace_ms: 300   # how long a session waits for more before it ends
`;

/** A rule of the remote's own, as a host of repositories may have one. */
const HOOK = `#!/bin/sh
# main takes a vendor/ folder only once somebody allowed it
[ "$1" = refs/heads/main ] || exit 0
[ "$(git config demo.vendor)" = allowed ] && exit 0
if git ls-tree --name-only "$3" | grep -qx vendor; then
  echo "main takes no vendor folder"
  exit 1
fi
`;

/** Longest wait for the queue to settle after an act, ms. */
const SETTLE_MAX_MS = 15_000;

interface Stage {
  scratch: Scratch;
  tell: (beat: Beat) => void;
}

/** The world before the first act. */
export interface Setting {
  ann: Worker;
  annsReport: Worker;
  bob: Worker;
  cyd: Worker;
  cydsProfile: Worker;
  dee: Worker;
  /** A commit that is on main and on a branch. */
  typo: string;
  /** Main before the first act. */
  main: string;
  repoId: string;
}

/** Makes the remote, the clones and the worktrees, and sets telec up. */
export async function setTheStage({ scratch, tell }: Stage): Promise<Setting> {
  const host: Worker = { name: 'host', folder: scratch.folder };
  await scratch.git(host, 'init', '--quiet', '--bare', '--template=', '--initial-branch=main', scratch.remote);
  mkdirSync(join(scratch.remote, 'hooks'));
  const hook = join(scratch.remote, 'hooks', 'update');
  writeFileSync(hook, HOOK);
  chmodSync(hook, 0o755);

  const ann = await scratch.clone('ann');
  await scratch.commit(ann, 'Open the shop', {
    'telec.yaml': CONFIG,
    'shop/prices.txt': PRICES('0.50'),
    'shop/greeting.txt': GREETING.replace('bakery', 'bakkery'),
  });
  await scratch.git(ann, 'push', '--quiet', 'origin', 'HEAD:main');

  const bob = await scratch.clone('bob');
  await scratch.git(bob, 'switch', '--quiet', '--create', 'fix/typo');
  const typo = await scratch.commit(bob, 'Spell bakery right', { 'shop/greeting.txt': GREETING });
  // Before telec was there, people pushed main by hand.
  await scratch.git(bob, 'push', '--quiet', 'origin', 'HEAD:main', 'fix/typo');

  const [cyd, dee] = await Promise.all([scratch.clone('cyd'), scratch.clone('dee')]);
  await scratch.git(ann, 'fetch', '--quiet');
  const annsReport = await scratch.worktree(ann, 'ann-report');
  const cydsProfile = await scratch.worktree(cyd, 'cyd-profile');
  const main = await scratch.git(ann, 'rev-parse', '--verify', 'origin/main');

  const init = await scratch.telec(ann, 'init');
  if (!init.ok) throw setupFault(init);
  const { repo_id: repoId } = init.value as { repo_id: string };
  const up = await scratch.telec(ann, 'up');
  if (!up.ok) throw setupFault(up);
  tell({ kind: 'scratch', folder: scratch.folder, clones: 4, worktrees: 2, main });
  return { ann, annsReport, bob, cyd, cydsProfile, dee, typo, main, repoId };
}

function setupFault({ status, code, message, hint }: Extract<Answer, { ok: false }>): TelecError {
  return new TelecError(code, status || EXIT.domain, message, hint === null ? {} : { hint });
}

export class Plot {
  readonly expected: Expectation[] = [];
  readonly shelf: Shelf = {
    'telec.yaml': CONFIG,
    'shop/greeting.txt': GREETING,
    'shop/prices.txt': PRICES('0.55'),
  };
  readonly #scratch: Scratch;
  readonly #tell: (beat: Beat) => void;
  readonly #setting: Setting;
  readonly #watch: Watch;
  readonly #signal: AbortSignal;

  constructor(stage: Stage, setting: Setting, watch: Watch, signal: AbortSignal) {
    this.#scratch = stage.scratch;
    this.#tell = stage.tell;
    this.#setting = setting;
    this.#watch = watch;
    this.#signal = signal;
  }

  /** All acts, one after the other. */
  async play(): Promise<void> {
    await this.#everybodyPushes();
    await this.#mergingGoesOn();
    await this.#signalsInTheWrongOrder();
    await this.#theRemoteSaysNo();
    await this.#theConflictIsResolved();
  }

  async #everybodyPushes(): Promise<void> {
    const { ann, annsReport, bob, cyd, dee, typo } = this.#setting;
    this.#act('Everybody pushes at once', 'merging is on hold for the moment, so that the queue can be seen');
    await this.#run(ann, 'hold', '--reason', 'let the queue grow');
    const prices = this.#work(cyd, 'prices', 'Raise the price of rolls', { 'shop/prices.txt': PRICES('0.60') });
    await together([
      this.#work(ann, 'login', 'Let customers log in', { 'shop/login.txt': 'name, password\n' }).then((sha) =>
        this.#expectMerged('login', sha, 'clean'),
      ),
      this.#work(bob, 'search', 'Find bread by name', { 'shop/search.txt': 'by name\n' })
        .then((sha) => this.#expectMerged('search', sha, 'clean'))
        .then(async () => {
          await this.#submit(bob, 'fix/typo', 'typo');
          this.#expect('typo', 'fix/typo', typo, 'completed', { kind: 'found' }, 'was on main before');
        }),
      this.#work(annsReport, 'report', 'Report sales, first try', { 'shop/report.txt': 'draft\n' }).then(
        async (first) => {
          const files = { 'shop/report.txt': 'sales by day\n' };
          const second = await this.#work(annsReport, 'report', 'Report sales by day', files);
          this.#expectOutranked('report', first, second, false, 'replaced before its turn');
          this.#expectMerged('report', second, 'replaces the first try');
          Object.assign(this.shelf, files);
        },
      ),
      // Dee's commit conflicts with Cyd's; which of the two comes first is to be known.
      prices.then(async (sha) => {
        this.#expectMerged('prices', sha, 'one of two that conflict');
        await this.#work(dee, 'discount', 'Lower the price of rolls', { 'shop/prices.txt': PRICES('0.40') });
      }),
    ]);
    Object.assign(this.shelf, { 'shop/login.txt': 'name, password\n', 'shop/search.txt': 'by name\n' });
    await this.#watch.catchUp();
    this.#tell(this.#watch.queue());
  }

  async #mergingGoesOn(): Promise<void> {
    this.#act(
      'Merging goes on',
      'one session takes the lease and drains the queue; all that merges goes up in one push',
    );
    await this.#run(this.#setting.ann, 'unhold');
    await this.#settled();
  }

  async #signalsInTheWrongOrder(): Promise<void> {
    const { cydsProfile: worker } = this.#setting;
    const branch = 'feature/profile';
    const files = { 'shop/profile.txt': 'favourite bread\n' };
    this.#act(
      'Signals in the wrong order',
      'final first, then pushed, then reviewed: nothing is lost, nothing goes too early',
    );
    await this.#scratch.git(worker, 'switch', '--quiet', '--no-track', '--create', branch, 'origin/main');
    const sha = await this.#scratch.commit(worker, 'Remember favourite breads', files);
    const now = () => new Date().toISOString();
    const who = { worker_session_id: worker.name, orchestrator_session_id: worker.name };
    await this.#emit(worker, 'deployment.started', { slug: 'profile', branch, sha, ...who, ready_at: now() });
    await this.#why(worker, 'profile');
    await this.#scratch.git(worker, 'push', '--quiet', 'origin', branch);
    const pushed = { branch, sha, remote: 'origin', pushed_at: now(), pusher: worker.name };
    await this.#emit(worker, 'branch.pushed', pushed);
    // The daemon asks the remote by itself; what `why` says is to be known.
    const isSeen = (record: CandidateRecord) => record.context.sha === sha && record.context.facts?.reachable === true;
    await this.#watch.until((records) => records.some(isSeen), SETTLE_MAX_MS, this.#signal);
    await this.#why(worker, 'profile');
    await this.#emit(worker, 'review.approved', {
      slug: 'profile',
      approved_at: now(),
      review_round: 1,
      reviewer_session_id: 'dee',
      sha,
    });
    this.#expectMerged('profile', sha, 'signals in the wrong order');
    Object.assign(this.shelf, files);
    await this.#settled();
  }

  async #theRemoteSaysNo(): Promise<void> {
    const { bob } = this.#setting;
    const files = { 'vendor/charts.txt': 'pie charts\n' };
    this.#act(
      'The remote says no',
      'a hook of the remote refuses one push; the rule is changed and the same commit resumed',
    );
    const sha = await this.#work(bob, 'charts', 'Draw pie charts', files);
    await this.#settled();
    const host = { name: 'host', folder: this.#scratch.remote };
    await this.#scratch.git(host, 'config', 'demo.vendor', 'allowed');
    this.#did('host', 'allows a vendor folder on main', 'plain');
    this.#did(bob.name, 'telec resume charts', 'plain');
    await this.#run(bob, 'resume', 'charts');
    this.#expect('charts', 'feature/charts', sha, 'completed', { kind: 'merged' }, 'refused, mended, resumed', true);
    Object.assign(this.shelf, files);
    await this.#settled();
  }

  async #theConflictIsResolved(): Promise<void> {
    const { dee } = this.#setting;
    this.#act('The conflict is resolved', 'a new commit on the branch; it takes the place of the blocked one');
    const first = await this.#scratch.git(dee, 'rev-parse', '--verify', 'feature/discount');
    await this.#scratch.git(dee, 'fetch', '--quiet');
    await this.#scratch.tryGit(dee, 'merge', '--quiet', 'origin/main');
    this.#did(dee.name, 'git merge origin/main, and settles on 0.55', 'plain');
    const message = 'Merge main: meet in the middle';
    const second = await this.#scratch.commit(dee, message, { 'shop/prices.txt': PRICES('0.55') });
    await this.#submit(dee, 'feature/discount', 'discount');
    this.#expectOutranked('discount', first, second, true, 'blocked by the conflict, replaced by its mend');
    this.#expectMerged('discount', second, 'the conflict resolved');
    await this.#settled();
  }

  /** Commits on `feature/<slug>` and hands it over; the commit. */
  async #work(worker: Worker, slug: string, message: string, files: Record<string, string>): Promise<string> {
    const branch = `feature/${slug}`;
    const { ok: exists } = await this.#scratch.tryGit(
      worker,
      'rev-parse',
      '--verify',
      '--quiet',
      `refs/heads/${branch}`,
    );
    // Tracking would be noted in the configuration that two worktrees share and lock against each other.
    if (!exists) await this.#scratch.git(worker, 'switch', '--quiet', '--no-track', '--create', branch, 'origin/main');
    const sha = await this.#scratch.commit(worker, message, files);
    await this.#submit(worker, branch, slug);
    return sha;
  }

  async #submit(worker: Worker, branch: string, slug: string): Promise<void> {
    this.#did(worker.name, `telec submit ${branch}${branch.endsWith(`/${slug}`) ? '' : ` --slug ${slug}`}`, 'plain');
    await this.#run(worker, 'submit', branch, '--slug', slug);
  }

  async #emit(worker: Worker, type: string, payload: Record<string, unknown>): Promise<void> {
    this.#did(worker.name, `telec events emit ${type}`, 'plain');
    await this.#run(worker, 'events', 'emit', type, '--payload', JSON.stringify(payload));
  }

  /** Asks what a slug waits for, and tells the answer. */
  async #why(worker: Worker, slug: string): Promise<void> {
    this.#did(worker.name, `telec why ${slug}`, 'plain');
    const value = (await this.#run(worker, 'why', slug)) as WhyView | null;
    if (value) this.#tell({ kind: 'evidence', lines: value.waiting_for.map(({ text, who }) => `${text} (${who})`) });
  }

  /** Runs a telec command; null, and told as trouble, when it fails. */
  async #run(worker: Worker, ...args: string[]): Promise<unknown> {
    const answer = await this.#scratch.telec(worker, ...args);
    if (answer.ok) return answer.value;
    const text = `${worker.name}: telec ${args.slice(0, 2).join(' ')} exited ${answer.status}: ${answer.message}`;
    this.#tell({ kind: 'trouble', text });
    return null;
  }

  /** Waits until the daemon has drained the queue and nothing moves any more. */
  async #settled(): Promise<void> {
    if (!(await this.#watch.settled(SETTLE_MAX_MS, this.#signal))) {
      this.#signal.throwIfAborted();
      this.#tell({ kind: 'trouble', text: `the queue did not settle within ${SETTLE_MAX_MS / 1000} s` });
    }
  }

  #act(title: string, about: string): void {
    this.#signal.throwIfAborted();
    this.#tell({ kind: 'act', title, about });
  }

  #did(who: string, what: string, tone: 'plain' | 'good' | 'bad'): void {
    this.#tell({ kind: 'did', who, what, tone });
  }

  #expectMerged(slug: string, sha: string, shows: string): void {
    this.#expect(slug, `feature/${slug}`, sha, 'completed', { kind: 'merged' }, shows);
  }

  #expectOutranked(slug: string, sha: string, by: string, blocked: boolean, shows: string): void {
    this.#expect(slug, `feature/${slug}`, sha, 'superseded', { kind: 'outranked', sha: by }, shows, blocked);
  }

  #expect(
    slug: string,
    branch: string,
    sha: string,
    state: Expectation['state'],
    by: Expectation['by'],
    shows: string,
    blocked = false,
  ): void {
    this.expected.push({ slug, branch, sha, state, by, blocked, shows });
  }
}

/** Waits for all, so that nobody is at work any more when the first failure is told. */
async function together(works: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}
