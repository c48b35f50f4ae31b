/**
 * Owns the candidate actors and the read model: routes each event of the log to the actors it concerns, keeps the
 * queue and the indexes, and turns finished actors into records. One root actor per live candidate.
 *
 * It never appends, never reads a clock and never asks git: the same events give the same state, whoever folds them.
 */
import { type ActorOptions, type ActorRefFrom, createActor, type Snapshot } from 'xstate';
import { InvariantViolation } from '../errors.ts';
import {
  type CandidateEvent,
  type CandidateInput,
  type CandidateState,
  candidateMachine,
} from '../machines/candidate.ts';
import { CheckBook } from '../machines/check-book.ts';
import type { DomainEvent } from '../machines/events.ts';
import { type CandidateKey, candidateKey, parseInstant } from '../machines/identity.ts';
import { brokenLaws, CANDIDATE_LAWS } from '../machines/invariants.ts';
import { compareQueue, compareRank, type Placed } from '../machines/queue.ts';
import { RadarBook } from '../machines/radar.ts';
import { foldReview, type ReviewStanding } from '../machines/readiness.ts';
import { foldSessions, type SessionBook } from '../machines/session-book.ts';
import {
  deliveryEnds,
  FRESH_STANDING,
  foldStanding,
  pushMembers,
  type Standing,
  withDelivery,
} from '../machines/standing.ts';
import { type Applied, type CandidateRecord, type Change, NOTHING } from './candidate-record.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { RepositoryDump, SlugEntry } from './repository-dump.ts';
import { noteShadow } from './shadow-fold.ts';
import { noteDeviation } from './turns/notes.ts';

type CandidateActor = ActorRefFrom<typeof candidateMachine>;

type Inspect = ActorOptions<typeof candidateMachine>['inspect'];

export class Repository {
  #standing: Standing = FRESH_STANDING;
  #sessions: SessionBook = [];
  #tests = new CheckBook();
  /** What is foreseen of branches. */
  readonly radar = new RadarBook();
  readonly #slugs = new Map<string, SlugEntry>();
  readonly #pushes = new Set<string>();
  readonly #records = new Map<string, CandidateRecord>();
  readonly #actors = new Map<string, CandidateActor>();
  /** `branch@sha` -> ids of live candidates, for events that name no slug. */
  readonly #byCommit = new Map<string, Set<string>>();
  /** Merge commit, and tip of the books behind it -> id of the candidate delivered. */
  readonly #landed = new Map<string, string>();
  readonly #queue = new ReadyQueue(FRESH_STANDING.priorities);
  readonly #inspect: Inspect;

  constructor(options: { inspect?: Inspect } = {}) {
    this.#inspect = options.inspect;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Sessions of all roles. */
  get sessions(): SessionBook {
    return this.#sessions;
  }

  /** What the log says of checks. */
  get tests(): CheckBook {
    return this.#tests;
  }

  /** Ready candidates, the next one first. */
  get queue(): readonly CandidateRecord[] {
    return this.#queue.records;
  }

  /** All candidates of all generations, in queue order. Sorts: not for use per event. */
  all(): CandidateRecord[] {
    return [...this.#records.values()].sort(
      (a, b) => compareQueue(a.context, b.context) || a.context.generation - b.context.generation,
    );
  }

  /** Candidates that are not final. */
  live(): CandidateRecord[] {
    return [...this.#actors.keys()].map((id) => this.#records.get(id)).filter((record) => record !== undefined);
  }

  /** The newest generation of a triple. */
  find(key: CandidateKey): CandidateRecord | undefined {
    const entry = this.#slugs.get(key.slice(0, key.indexOf('/')));
    const id = entry?.ids.findLast((other) => this.#records.get(other)?.key === key);
    return id === undefined ? undefined : this.#records.get(id);
  }

  /** All candidates of a slug, oldest first. */
  ofSlug(slug: string): CandidateRecord[] {
    return (this.#slugs.get(slug)?.ids ?? [])
      .map((id) => this.#records.get(id))
      .filter((record) => record !== undefined);
  }

  /** The slug's review standing; undefined when the slug is unknown. */
  review(slug: string): ReviewStanding | null | undefined {
    return this.#slugs.get(slug)?.review;
  }

  actor(id: string): CandidateActor | undefined {
    return this.#actors.get(id);
  }

  /** The candidate whose delivery the commit of main begins (the merge commit) or ends (the tip of its books). */
  deliveredBy(commit: string): CandidateRecord | undefined {
    const id = this.#landed.get(commit);
    return id === undefined ? undefined : this.#records.get(id);
  }

  /** All candidates of all generations, in no order worth naming. */
  records(): IterableIterator<CandidateRecord> {
    return this.#records.values();
  }

  /** How many candidates are in each state. */
  counts(): Record<CandidateState, number> {
    const counts = { pending: 0, ready: 0, integrating: 0, completed: 0, blocked: 0, superseded: 0 };
    for (const { state } of this.#records.values()) counts[state] += 1;
    return counts;
  }

  /** Applies one event of the log. Events that concern no candidate here change nothing. */
  apply(event: DomainEvent): Applied {
    const applied = this.#apply(event);
    this.#queue.order(this.#standing.priorities);
    return applied;
  }

  #apply(event: DomainEvent): Applied {
    const before = this.#standing;
    this.#standing = foldStanding(this.#standing, event);
    this.#sessions = foldSessions(this.#sessions, event);
    if (event.type !== 'deployment.completed') this.#tests.apply(event);
    this.radar.apply(event);
    switch (event.type) {
      case 'review.approved':
      case 'review.changes_requested':
        return this.#applyReview(event);
      case 'branch.pushed':
        return this.#applyBranchPush(event);
      case 'deployment.started':
        return this.#applyStart(event);
      case 'integration.candidate.resumed':
        return this.#applyResume(event);
      case 'integration.candidate.probed': {
        const record = this.find(candidateKey(event.payload));
        if (record) record.lastProbe = event.id;
        return this.#tell(record ? [record.id] : [], event);
      }
      case 'integration.candidate.dequeued': {
        const record = this.find(candidateKey(event.payload));
        // Its actor is gone, but the next generation goes on counting from here.
        if (record?.state === 'superseded') record.context = { ...record.context, attempt: event.payload.attempt };
        return this.#tell(record ? [record.id] : [], event);
      }
      case 'integration.candidate.requeued':
      case 'integration.candidate.already_merged':
      case 'deployment.failed':
        return this.#tellKeys([candidateKey(event.payload)], event);
      case 'deployment.completed': {
        const applied = this.#applyCompletion(event);
        if (applied.unbelieved !== null) this.#standing = before;
        return applied;
      }
      case 'integration.push.attempted':
        return this.#tellKeys(event.payload.members.map(candidateKey), event);
      case 'integration.push.succeeded':
      case 'integration.push.rejected':
      case 'integration.push.burned': {
        const { seq } = event.payload;
        return this.#tellKeys(pushMembers(before.openPushes.find((push) => push.seq === seq)), event);
      }
      case 'integration.shadow.judged':
      case 'integration.shadow.compared':
        this.#standing = noteShadow(this.find(candidateKey(event.payload)), this.queue, this.#standing, event);
        return NOTHING;
      case 'integration.order.deviated':
        noteDeviation((key) => this.find(key), event);
        return NOTHING;
      default:
        return NOTHING;
    }
  }

  /** The whole fold as JSON. */
  dump(): RepositoryDump {
    return {
      standing: this.#standing,
      sessions: this.#sessions,
      tests: this.#tests.dump(),
      radar: this.radar.dump(),
      slugs: [...this.#slugs],
      pushes: [...this.#pushes],
      landed: [...this.#landed],
      records: [...this.#records.values()].map((record) => ({
        record,
        snapshot: this.#actors.get(record.id)?.getPersistedSnapshot() ?? null,
      })),
    };
  }

  /** Takes over a dump into this empty repository. */
  load(dump: RepositoryDump): void {
    this.#standing = dump.standing;
    this.#sessions = dump.sessions;
    this.#tests = CheckBook.from(dump.tests);
    this.radar.load(dump.radar);
    for (const [slug, entry] of dump.slugs) this.#slugs.set(slug, entry);
    for (const push of dump.pushes) this.#pushes.add(push);
    for (const [commit, id] of dump.landed) this.#landed.set(commit, id);
    for (const { record, snapshot } of dump.records) {
      this.#records.set(record.id, record);
      // One context object, as while folding: an event that leaves it alone must not count as a change.
      if (snapshot) record.context = this.#start(record.id, { snapshot }).getSnapshot().context;
    }
    this.#queue.order(dump.standing.priorities);
    this.#queue.fill(this.#records.values());
  }

  #applyReview(event: DomainEvent<'review.approved' | 'review.changes_requested'>): Applied {
    const entry = this.#slug(event.payload.slug);
    const sha = event.type === 'review.approved' ? (event.payload.sha ?? null) : null;
    const verdict = event.type === 'review.approved' ? 'approved' : 'changes_requested';
    entry.review = foldReview(entry.review, { round: event.payload.review_round, verdict, sha });
    return this.#tell(entry.ids, event);
  }

  #applyBranchPush(event: DomainEvent<'branch.pushed'>): Applied {
    const { branch, sha, remote } = event.payload;
    this.#pushes.add(pushKey(remote, branch, sha));
    if (remote !== this.#remote()) return NOTHING;
    return this.#tell([...(this.#byCommit.get(`${branch}@${sha}`) ?? [])], event);
  }

  #applyStart(event: DomainEvent<'deployment.started'>): Applied {
    const { slug, branch, sha, ready_at } = event.payload;
    if (this.find(candidateKey(event.payload))) return NOTHING;
    return this.#announce(event, { slug, branch, sha, generation: 0, readyAt: ready_at, attempt: 0 });
  }

  #applyResume(event: DomainEvent<'integration.candidate.resumed'>): Applied {
    const { slug, branch, sha, generation, ready_at: readyAt } = event.payload;
    const record = this.find(candidateKey(event.payload));
    if (record?.state !== 'superseded') return this.#tell(record ? [record.id] : [], event);
    // What is on main already has nothing to go on with; its completion is told and could not be told again.
    if (generation !== record.context.generation + 1 || record.context.delivery) return NOTHING;
    return this.#announce(event, { slug, branch, sha, generation, readyAt, attempt: record.context.attempt });
  }

  /** A completion that nothing bears out is not believed (contract 3, "Who may emit"). */
  #applyCompletion(event: DomainEvent<'deployment.completed'>): Applied {
    const record = this.find(candidateKey(event.payload));
    if (!record) return { changes: [], unbelieved: 'a completion of a candidate that the log does not know' };
    if (record.state === 'completed') return NOTHING;
    if (record.state === 'superseded') {
      // It came a moment too late to be its end, but it says that the commit is on main.
      this.#standing = withDelivery(this.#standing, event.payload);
      record.context = { ...record.context, delivery: event.payload };
      record.deliveryEntry ??= event.id;
      return NOTHING;
    }
    if (!this.#actors.get(record.id)?.getSnapshot().can(event)) {
      return { changes: [], unbelieved: 'a completion that no push, probe or merge of the log bears out' };
    }
    this.#tests.apply(event);
    for (const commit of deliveryEnds(event.payload)) this.#landed.set(commit, record.id);
    this.#standing = withDelivery(this.#standing, event.payload);
    record.deliveryEntry = event.id;
    return this.#tell([record.id], event);
  }

  /** Makes a new candidate and tells the others of its slug. */
  #announce(
    event: DomainEvent<'deployment.started' | 'integration.candidate.resumed'>,
    given: Pick<CandidateInput, 'slug' | 'branch' | 'sha' | 'generation' | 'readyAt' | 'attempt'>,
  ): Applied {
    const entry = this.#slug(given.slug);
    const key = candidateKey(given);
    const id = given.generation === 0 ? key : `${key}#${given.generation}`;
    const previous = this.find(key);
    const others = [...entry.ids];
    const place: Placed = { ...given, readyAtMs: parseInstant(given.readyAt) ?? 0 };
    const pushed = this.#pushes.has(pushKey(this.#remote(), given.branch, given.sha));
    const input: CandidateInput = {
      ...given,
      review: entry.review,
      pushed,
      facts: previous?.context.facts ?? null,
      top: entry.top,
    };
    entry.ids.push(id);
    if (entry.top === null || compareRank(place, entry.top) > 0) {
      entry.top = { slug: place.slug, branch: place.branch, sha: place.sha, readyAtMs: place.readyAtMs };
    }
    const actor = this.#start(id, { input });
    const snapshot = actor.getSnapshot();
    const record: CandidateRecord = {
      id,
      key,
      state: 'pending',
      context: snapshot.context,
      updatedAt: event.timestamp,
      lastProbe: previous?.lastProbe ?? null,
      readySince: null,
      deliveryEntry: null,
      shadow: previous?.shadow ?? null,
      turn: null,
    };
    this.#records.set(id, record);
    const changes: Change[] = [{ record, from: null, to: 'pending', entryId: event.id }];
    this.#settle(record, event, changes);
    return { changes: [...changes, ...this.#tell(others, event).changes], unbelieved: null };
  }

  #tellKeys(keys: CandidateKey[], event: DomainEvent): Applied {
    const ids = keys.map((key) => this.find(key)?.id).filter((id) => id !== undefined);
    return this.#tell(ids, event);
  }

  #tell(ids: readonly string[], event: DomainEvent): Applied {
    const changes: Change[] = [];
    for (const id of ids) {
      const record = this.#records.get(id);
      const actor = this.#actors.get(id);
      if (!record || !actor) continue;
      actor.send(event as CandidateEvent);
      this.#settle(record, event, changes);
    }
    return { changes, unbelieved: null };
  }

  /** Brings the record in line with its actor; a finished actor is stopped and dropped. */
  #settle(record: CandidateRecord, event: DomainEvent, changes: Change[]): void {
    const actor = this.#actors.get(record.id);
    if (!actor) return;
    const snapshot = actor.getSnapshot();
    const from = record.state;
    const to = snapshot.value as CandidateState;
    const broken = brokenLaws(CANDIDATE_LAWS, to, snapshot.context);
    if (broken.length > 0) throw new InvariantViolation(`${record.id} after ${event.id}: ${broken.join('; ')}`);
    if (record.context !== snapshot.context || from !== to) record.updatedAt = event.timestamp;
    record.context = snapshot.context;
    record.state = to;
    if (from !== to) {
      changes.push({ record, from, to, entryId: event.id });
      if (from === 'ready') this.#queue.remove(record);
      if (to === 'ready') {
        record.readySince = event.id;
        this.#queue.add(record);
      }
    }
    if (snapshot.status === 'active') return;
    actor.stop();
    this.#actors.delete(record.id);
    const commit = `${record.context.branch}@${record.context.sha}`;
    this.#byCommit.get(commit)?.delete(record.id);
    if (this.#byCommit.get(commit)?.size === 0) this.#byCommit.delete(commit);
  }

  #start(id: string, from: { input: CandidateInput } | { snapshot: Snapshot<unknown> }): CandidateActor {
    const options = { id, ...(this.#inspect ? { inspect: this.#inspect } : {}) };
    // A snapshot needs no input, but XState's types ask for one whenever the machine declares it.
    const actor = createActor(candidateMachine, { ...options, ...from } as ActorOptions<typeof candidateMachine> & {
      input: CandidateInput;
    });
    actor.start();
    this.#actors.set(id, actor);
    const { branch, sha } = actor.getSnapshot().context;
    const commit = `${branch}@${sha}`;
    this.#byCommit.set(commit, (this.#byCommit.get(commit) ?? new Set()).add(id));
    return actor;
  }

  #slug(slug: string): SlugEntry {
    let entry = this.#slugs.get(slug);
    if (!entry) {
      entry = { review: null, ids: [], top: null };
      this.#slugs.set(slug, entry);
    }
    return entry;
  }

  #remote(): string {
    return this.#standing.configured?.remote ?? 'origin';
  }
}

const pushKey = (remote: string, branch: string, sha: string): string => `${remote} ${branch} ${sha}`;
