/**
 * What the people and workers of a world do, drawn from the seed before it starts: branches, signals in any order and
 * more than once, reviews taken back, newer commits, foreign commits on main, holds, resumes, machines that stop.
 */
import type { NotificationProducer } from '../../src/actors/producer.ts';
import { createProducer } from '../../src/actors/producer.ts';
import { InvariantViolation } from '../../src/errors.ts';
import { sleep } from '../../src/io/clock.ts';
import type { EventType, PayloadOf } from '../../src/machines/events.ts';
import { type Files, plainFile } from '../support/twins/commits.ts';
import { openTwinLease } from '../support/twins/lease.ts';
import { openTwinLog } from '../support/twins/log.ts';
import { MAIN_REF } from '../support/twins/remote.ts';
import type { Chance } from './kernel.ts';
import { Model, told } from './model.ts';
import { moveMainElsewhere } from './other-path.ts';
import { EPOCH, Process } from './process.ts';
import { ordering, setPriorities } from './turns.ts';
import type { World } from './world.ts';

const ROADMAP = 'todos/roadmap.yaml';
const FILES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** What is planned where books are kept; work on other slugs is nobody's plan. */
const BOOKS: Record<string, string> = {
  'todos/roadmap.yaml': '# plan\n- slug: slug-1   # first\n- slug: slug-2\n- {slug: slug-4}\n- slug: never\n',
  'todos/slug-2/requirements.md': 'two',
  'todos/slug-3/demo.md': '# Demo: three',
  'todos/slug-4/state.yaml': 'review_round: 1',
};
/** Wall clocks of workers, as offsets of the instants they write. */
const OFFSETS = [0, 0, 60, -330, 840];

export class People {
  readonly process: Process;
  /** Ids of entries that the log acknowledged. */
  readonly acknowledged = new Set<string>();
  readonly #world: World;
  readonly #producer: NotificationProducer;
  /** Its appends are in the log at once. */
  readonly #quick: NotificationProducer;
  #slugs: string[] = [];
  /** Slugs whose deliveries the server's hook refuses. */
  readonly #refused = new Set<string>();
  #commits = 0;
  /** The server's hook refuses follow-ups. */
  #refusesFollowUps = false;
  readonly #keepsBooks: boolean;

  constructor(world: World) {
    this.#world = world;
    this.#keepsBooks = world.kernel.chance.hit(0.6);
    this.process = new Process(world.kernel, 'people', () => ({ ...world.weather(), crash: 0, pause: 0 }));
    const log = openTwinLog(world.store, this.process.port);
    const { catalogue } = world;
    this.#producer = createProducer({ log, catalogue, clock: this.process.clock, source: 'worker/people' });
    const now = openTwinLog(world.store, { ...this.process.port, perform: async (_name, op) => op() });
    this.#quick = createProducer({ log: now, catalogue, clock: this.process.clock, source: 'worker/quick' });
    world.remote.hook = (from, tip) => this.#hook(from, tip);
  }

  get #chance(): Chance {
    return this.#world.kernel.chance;
  }

  /** Main as it is before anything happens, and the log of a repository that is live. */
  async begin(): Promise<void> {
    const { remote, kernel } = this.#world;
    const files = new Map(FILES.map((name) => [name, plainFile('0')]));
    if (this.#keepsBooks) for (const [path, content] of Object.entries(BOOKS)) files.set(path, plainFile(content));
    const root = remote.commit({ parents: [], files, message: 'root' });
    remote.setRef(MAIN_REF, root);
    await this.#emit('integration.configured', {
      remote: 'origin',
      main: 'main',
      strategy: 'merge',
      digest: 'd',
      previous: null,
      actor: 'ada',
      ...ordering(this.#chance),
    });
    const decided = { main_sha: root, actor: 'ada', reason: 'init', command_id: this.#ulid() };
    if (this.#world.mode === 'shadow') await this.#emit('integration.shadow.started', decided);
    else await this.#emit('integration.cutover.enabled', { ...decided, evidence: 'no other path' });
    this.#schedule();
    kernel.trace('the world begins');
  }

  /** One act at once, its events in the log before anything else happens. */
  meddle(): void {
    const chance = this.#chance;
    const slug = chance.pick(this.#slugs);
    const act = chance.pick(['foreign', 'newer', 'review', 'branch', 'branch', 'slug', 'hold']);
    this.#world.kernel.trace(`people meddle: ${act} ${slug}`);
    if (act === 'foreign') this.#foreignCommit();
    else if (act === 'newer') void this.#deliver(slug, this.#quick);
    else if (act === 'review') void this.#rereview(slug, this.#quick);
    else if (act === 'branch') this.#moveBranch(slug);
    else if (act === 'hold') void this.#holdAWhile(this.#quick);
    else if (this.#slugs.length < 6) {
      this.#slugs.push(`slug-${this.#slugs.length + 1}`);
      void this.#deliver(this.#slugs.at(-1) ?? slug, this.#quick);
    }
  }

  #schedule(): void {
    const { kernel, spanMs } = this.#world;
    const chance = this.#chance;
    const soon = (run: () => void, from = 0) => kernel.after(chance.between(from, spanMs), run);
    const slugs = Array.from({ length: chance.between(1, 4) }, (_, index) => `slug-${index + 1}`);
    this.#slugs = slugs;
    for (const slug of slugs) {
      for (let version = 0; version < 1 + Number(chance.hit(0.35)); version += 1) soon(() => void this.#deliver(slug));
      if (chance.hit(0.15)) soon(() => void this.#rereview(slug));
      if (chance.hit(0.15)) soon(() => this.#moveBranch(slug));
      if (chance.hit(0.12)) this.#refused.add(slug);
    }
    this.#refusesFollowUps = chance.hit(0.15);
    kernel.after(spanMs * 0.7, () => {
      this.#refused.clear();
      this.#refusesFollowUps = false;
    });
    if (this.#keepsBooks && chance.hit(0.15)) soon(() => this.#breakRoadmap());
    for (let i = chance.between(0, 2); i > 0; i -= 1) soon(() => this.#foreignCommit());
    if (chance.hit(0.1)) soon(() => this.#foreignMerge());
    for (let i = chance.between(0, 3); i > 0; i -= 1) soon(() => void this.#resume(), spanMs / 3);
    if (chance.hit(0.2)) soon(() => void this.#holdAWhile());
    if (chance.hit(0.1)) soon(() => void this.#breakLease());
    if (chance.hit(0.15)) soon(() => this.#malformed());
    if (chance.hit(0.25)) soon(() => void this.#restart());
    for (let i = chance.between(0, 1); i > 0; i -= 1) soon(() => this.#outage());
    const ulid = () => this.#ulid();
    setPriorities(this.#world, { slugs, spanMs, emit: (type, payload) => this.#emit(type, payload), ulid });
    if (this.#world.mode === 'live') return;
    for (let i = chance.between(1, 8); i > 0; i -= 1)
      kernel.after(chance.between(0, spanMs * 1.5), () => moveMainElsewhere(this.#world));
  }

  /** Commits work of a slug and gives its signals, in any order, some of them more than once. */
  async #deliver(slug: string, producer = this.#producer): Promise<void> {
    const { remote } = this.#world;
    const chance = this.#chance;
    const branch = `feat/${slug}${chance.hit(0.2) ? '-x' : ''}`;
    const sha = this.#work(slug, branch);
    remote.setRef(`refs/heads/${branch}`, sha);
    const readyAt = this.#instant(-chance.between(0, 5000));
    const pushed = { branch, sha, remote: 'origin', pushed_at: this.#instant(0), pusher: 'w' };
    const round = this.#round(slug);
    const review = {
      slug,
      approved_at: this.#instant(0),
      review_round: round,
      reviewer_session_id: 'r',
      ...(chance.hit(0.3) ? { sha } : {}),
    };
    const started = { slug, branch, sha, worker_session_id: 'w', orchestrator_session_id: 'o', ready_at: readyAt };
    const embedded = chance.hit(0.4);
    const signals: (() => Promise<void>)[] = [
      () => this.#emit('deployment.started', embedded ? { ...started, pushed } : started, producer),
    ];
    if (!chance.hit(0.08)) signals.push(() => this.#emit('review.approved', review, producer));
    if (!embedded) signals.push(() => this.#emit('branch.pushed', pushed, producer));
    const again = signals.filter(() => chance.hit(0.25));
    for (const signal of chance.shuffle([...signals, ...again])) {
      if (producer !== this.#quick && chance.hit(0.5)) await sleep(this.process.clock, chance.between(1, 4000));
      await signal();
    }
  }

  /** A commit on main as it is, on the branch as it was, or on top of somebody else's work. */
  #work(slug: string, branch: string): string {
    const { remote } = this.#world;
    const chance = this.#chance;
    const others = [...remote.view().heads.values()];
    const old = remote.branch(branch);
    const main = remote.main ?? '';
    const parent =
      old !== null && chance.hit(0.6) ? old : others.length > 0 && chance.hit(0.15) ? chance.pick(others) : main;
    const { files } = remote.graph.get(parent);
    return remote.commit({ parents: [parent], files: this.#edited(files, slug), message: `work on ${slug}` });
  }

  #edited(files: Files, by: string): Files {
    this.#commits += 1;
    const edited = new Map(files);
    const own = this.#chance.hit(0.6);
    edited.set(own ? `${by}.txt` : this.#chance.pick(FILES), plainFile(`${by} ${this.#commits}`));
    if (this.#chance.hit(0.15)) edited.delete(this.#chance.pick(FILES));
    if (!this.#keepsBooks) return edited;
    if (by === 'stranger') {
      // Somebody without care, sometimes; and sometimes the next one mends it.
      const list = this.#chance.hit(0.25) ? '- slug: [\n' : (BOOKS['todos/roadmap.yaml'] ?? '');
      if (this.#chance.hit(0.2)) edited.set('todos/roadmap.yaml', plainFile(list));
    } else if (this.#chance.hit(0.4)) {
      edited.set(`todos/${by}/state.yaml`, plainFile(`review_round: ${this.#commits}`));
    }
    return edited;
  }

  async #rereview(slug: string, producer = this.#producer): Promise<void> {
    const requested = { slug, requested_at: this.#instant(0), reviewer_session_id: 'r', findings: ['no'] };
    await this.#emit('review.changes_requested', { ...requested, review_round: this.#round(slug) }, producer);
    if (this.#chance.hit(0.3)) return;
    await sleep(this.process.clock, this.#chance.between(100, 8000));
    const approved = { slug, approved_at: this.#instant(0), reviewer_session_id: 'r' };
    await this.#emit('review.approved', { ...approved, review_round: this.#round(slug) });
  }

  /** The next round, or the one under way. */
  #round(slug: string): number {
    const rounds = this.#world.store.entries
      .map(told)
      .filter(({ type, payload }) => type?.startsWith('review.') && payload.slug === slug)
      .map(({ payload }) => payload.review_round as number);
    return Math.max(0, ...rounds) + (this.#chance.hit(0.9) ? 1 : 0) || 1;
  }

  /** Force-pushes, advances or deletes a branch; sometimes puts it back. */
  #moveBranch(slug: string): void {
    const { remote, kernel } = this.#world;
    const ref = `refs/heads/feat/${slug}`;
    const old = remote.refs.get(ref);
    if (old === undefined) return;
    const kind = this.#chance.pick(['forced', 'advanced', 'deleted']);
    kernel.trace(`${ref} is ${kind}`);
    const parent = kind === 'advanced' ? old : remote.main;
    const files = this.#edited(remote.graph.get(parent ?? old).files, slug);
    const head = remote.commit({ parents: [parent ?? old], files, message: `more on ${slug}` });
    remote.setRef(ref, kind === 'deleted' ? null : head);
    if (this.#chance.hit(0.6)) kernel.after(this.#chance.between(500, 15_000), () => remote.setRef(ref, old));
  }

  #foreignCommit(): void {
    const { remote, kernel } = this.#world;
    const main = remote.main ?? '';
    const files = this.#edited(remote.graph.get(main).files, 'stranger');
    kernel.trace('a stranger moves main');
    remote.setRef(MAIN_REF, remote.commit({ parents: [main], files, message: `foreign ${this.#commits}` }));
  }

  /** Somebody leaves a conflict in the roadmap and mends it later. */
  #breakRoadmap(): void {
    const { remote, kernel } = this.#world;
    const write = (text: string, message: string) => {
      const main = remote.main ?? '';
      const files = new Map(remote.graph.get(main).files).set(ROADMAP, plainFile(text));
      kernel.trace(`a stranger ${message}`);
      remote.setRef(MAIN_REF, remote.commit({ parents: [main], files, message: `${message} ${this.#commits++}` }));
    };
    const before =
      remote.graph
        .get(remote.main ?? '')
        .files.get(ROADMAP)
        ?.slice(7) ?? '';
    write(`<<<<<<< ours\n${before}`, 'breaks the roadmap');
    kernel.after(this.#chance.between(500, 20_000), () => write(before, 'mends the roadmap'));
  }

  /** Somebody merges a branch by hand; only what fits without a conflict. */
  #foreignMerge(): void {
    const { remote, kernel } = this.#world;
    const main = remote.main ?? '';
    const head = [...remote.view().heads.values()].find((sha) => !remote.graph.isAncestor(sha, main));
    if (head === undefined || !remote.graph.isAncestor(main, head)) return;
    kernel.trace('a stranger merges a branch');
    const { files } = remote.graph.get(head);
    remote.setRef(MAIN_REF, remote.commit({ parents: [main, head], files, message: 'merged by hand' }));
  }

  async #resume(): Promise<void> {
    const model = new Model();
    for (const entry of this.#world.store.entries) model.apply(told(entry));
    const stuck = model.candidates.filter(
      (candidate) => ['blocked', 'superseded'].includes(candidate.state) && model.find(candidate) === candidate,
    );
    if (stuck.length === 0) return;
    const { slug, branch, sha, state, generation, readyAt } = this.#chance.pick(stuck);
    await this.#emit('integration.candidate.resumed', {
      slug,
      branch,
      sha,
      generation: state === 'superseded' ? generation + 1 : generation,
      ready_at: state === 'superseded' ? this.#instant(0) : new Date(readyAt).toISOString(),
      actor: 'ada',
      forced: false,
      command_id: this.#ulid(),
    });
  }

  async #holdAWhile(producer = this.#producer): Promise<void> {
    const placed = { owner: 'ada', reason: 'release', until: null, main_busy: false, alarm: null };
    await this.#emit('integration.hold.placed', { ...placed, command_id: this.#ulid() }, producer);
    await sleep(this.process.clock, this.#chance.between(10, 40_000));
    await this.#emit('integration.hold.lifted', { actor: 'ada', reason: 'over', command_id: this.#ulid() });
  }

  async #breakLease(): Promise<void> {
    const lease = openTwinLease(this.#world.store, this.process.port);
    try {
      const broken = await lease.break();
      const decided = { actor: 'ada', reason: 'stuck', command_id: this.#ulid() };
      await this.#emit('integration.lease.broken', { ...decided, fence: broken?.fence ?? null });
    } catch {
      this.#world.kernel.trace('the lease was not broken');
    }
  }

  /** An entry that nobody of telec wrote. */
  #malformed(): void {
    const log = openTwinLog(this.#world.store, { ...this.process.port, perform: async (_name, op) => op() });
    const fields = this.#chance.pick([{ junk: 'x' }, { event: 'x', version: '1', payload: '{' }]);
    void log.append([{ key: this.#ulid(), digest: 'x', latestInstantMs: 0, fields }]);
  }

  async #restart(): Promise<void> {
    const host = this.#chance.pick(this.#world.hosts);
    await host.stop();
  }

  #outage(): void {
    const { remote, kernel } = this.#world;
    kernel.trace('the remote is gone');
    remote.reachable = false;
    kernel.after(this.#chance.between(500, 40_000), () => {
      kernel.trace('the remote is back');
      remote.reachable = true;
    });
  }

  #hook(from: string | null, tip: string): string | null {
    const { graph } = this.#world.remote;
    const brought = graph.line(tip, (sha) => sha === from);
    const bad = brought.find(({ message }) => [...this.#refused].some((slug) => message.includes(`Merge ${slug} `)));
    if (!bad && this.#refusesFollowUps && brought.some(({ message }) => message.startsWith('Follow-ups: ')))
      return 'hook declined follow-ups';
    return bad ? `hook declined ${bad.message.split('\n')[0]}` : null;
  }

  /** Emits until the log has acknowledged it; what it acknowledges it must keep. */
  async #emit<T extends EventType>(type: T, payload: PayloadOf<T>, producer = this.#producer): Promise<void> {
    for (;;) {
      try {
        const result = await producer.emit(type, payload as never);
        if (result.status === 'rejected') throw new InvariantViolation(JSON.stringify(result));
        if (result.status !== 'conflict') for (const id of result.ids) this.acknowledged.add(id);
        return;
      } catch (error) {
        if (error instanceof InvariantViolation) throw error;
        await sleep(this.process.clock, 500);
      }
    }
  }

  #instant(fromNow: number): string {
    const at = EPOCH + Math.round((this.#world.kernel.now + fromNow) / 1000) * 1000;
    const offset = this.#chance.pick(OFFSETS);
    if (offset === 0) return new Date(at).toISOString();
    const sign = offset < 0 ? '-' : '+';
    const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
    const two = (value: number) => String(value).padStart(2, '0');
    return `${new Date(at + offset * 60_000).toISOString().slice(0, -1)}${sign}${two(hours)}:${two(minutes)}`;
  }

  #ulid(): string {
    return this.process.ids().ulid();
  }
}
