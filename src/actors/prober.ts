/**
 * Facts from git, as events: is a candidate reachable from its branch on the remote, is it on main already, is a
 * dependency not delivered. Appends `integration.candidate.probed` only when a fact changed, so asking often is cheap.
 */
import type { Clock } from '../io/clock.ts';
import type { IntegrationRepository, RemoteView } from '../io/git/port.ts';
import type { PayloadOf } from '../machines/events.ts';
import type { ProbedFacts } from '../machines/readiness.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type { Emission, NotificationProducer } from './producer.ts';
import type { Repository } from './repository.ts';

export interface ProberOptions {
  git: IntegrationRepository;
  repository: Repository;
  producer: NotificationProducer;
  clock: Clock;
  /** Who asks. */
  sessionId: string;
  main: string;
  /** Slugs that main's roadmap lets `slug` wait for and that are not delivered. */
  undelivered(slug: string, main: string): Promise<string[]>;
}

/** `unknown`: ids of the candidates that git could not tell about, as when a branch moved between look and fetch. */
export type ProbeResult =
  | { kind: 'probed'; changed: number; unknown: string[] }
  | { kind: 'unreachable'; detail: string };

/** Candidates of one append; keeps a probe of thousands within the limits of one script call. */
const APPEND_MAX = 200;

/** Answers remembered. */
const ASKED_MAX = 20_000;

export class Prober {
  readonly #options: ProberOptions;
  /**
   * The newest answer for a candidate and what it was computed from. The same heads need no second question while the
   * log says what we found: another prober may have said otherwise since, or our own word may not have arrived.
   */
  readonly #asked = new Map<string, { head: string | null; main: string | null; facts: ProbedFacts }>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /**
   * Compares the candidates with the remote as `view` says and records the facts that changed. The commits needed are
   * fetched first. Throws nothing for an unreachable remote: that is an answer.
   */
  async probe(records: readonly CandidateRecord[], view: RemoteView): Promise<ProbeResult> {
    // Candidates end; what is forgotten too much is asked once more.
    if (this.#asked.size > ASKED_MAX) this.#asked.clear();
    const open = records.filter((record) => {
      const asked = this.#asked.get(record.id);
      const same = asked && asked.head === headOf(record, view, this.#options.main) && asked.main === view.main;
      // Another prober may have written something else since, from an older look.
      if (!same || !sameFacts(record.context.facts, asked.facts)) return true;
      // What it waits for may be delivered without main having moved: found there, merged by hand.
      return asked.facts.undelivered.some((slug) => this.#isDelivered(slug));
    });
    if (open.length === 0) return { kind: 'probed', changed: 0, unknown: [] };
    const fetched = await this.#bring(open, view);
    if (fetched) return fetched;
    const unmerged = await this.#unmerged(open, view);
    const emissions: Emission[] = [];
    const unknown: string[] = [];
    for (const record of open) {
      const head = headOf(record, view, this.#options.main);
      const facts = await this.#facts(record, head, view.main, unmerged);
      if (facts === null) {
        unknown.push(record.id);
        continue;
      }
      this.#asked.set(record.id, { head, main: view.main, facts });
      if (sameFacts(record.context.facts, facts)) continue;
      emissions.push({ type: 'integration.candidate.probed', payload: this.#payload(record, facts, head, view.main) });
    }
    for (let start = 0; start < emissions.length; start += APPEND_MAX) {
      await this.#options.producer.emitAll(emissions.slice(start, start + APPEND_MAX));
    }
    return { kind: 'probed', changed: emissions.length, unknown };
  }

  #isDelivered(slug: string): boolean {
    return this.#options.repository.ofSlug(slug).some(({ state }) => state === 'completed');
  }

  /** Fetches main and the branches that are not here yet; null when all is here. */
  async #bring(records: readonly CandidateRecord[], view: RemoteView): Promise<ProbeResult | null> {
    const { git, main } = this.#options;
    const wanted = new Set<string>();
    for (const { context } of records) {
      const head = view.heads.get(context.branch);
      if (head !== undefined && !(await git.hasCommit(head))) wanted.add(context.branch);
    }
    const mainIsHere = view.main === null || (await git.hasCommit(view.main));
    wanted.delete(main);
    if (wanted.size === 0 && mainIsHere) return null;
    const fetched = await git.fetch([...wanted]);
    // A branch that vanished in between is simply not reachable; the heads that did arrive are asked one by one.
    if (fetched.kind === 'gone') {
      const alone = await git.fetch([]);
      if (alone.kind === 'unreachable') return alone;
      for (const branch of wanted) {
        const one = await git.fetch([branch]);
        if (one.kind === 'unreachable') return one;
        if (one.kind === 'gone') view.heads.delete(branch);
      }
      return null;
    }
    return fetched.kind === 'unreachable' ? fetched : null;
  }

  /** Null when main is not here, so that nothing can be said of it. */
  async #unmerged(records: readonly CandidateRecord[], view: RemoteView): Promise<ReadonlySet<string> | null> {
    if (view.main === null || !(await this.#options.git.hasCommit(view.main))) return null;
    return this.#options.git.unmerged(
      records.map(({ context }) => context.sha),
      view.main,
    );
  }

  /** The facts, or null when git could not tell: what is unknown is not asserted. */
  async #facts(
    { context, key }: CandidateRecord,
    head: string | null,
    main: string | null,
    unmerged: ReadonlySet<string> | null,
  ): Promise<ProbedFacts | null> {
    const { git, repository, undelivered } = this.#options;
    if (main !== null && unmerged === null) return null;
    const isHere = await git.hasCommit(context.sha);
    let reachable = false;
    if (head !== null && isHere) {
      const ancestry = head === context.sha ? 'yes' : await git.ancestry(context.sha, head);
      if (ancestry === 'unknown') return null;
      reachable = ancestry === 'yes';
    }
    let integrated = isHere && unmerged !== null && !unmerged.has(context.sha);
    const receipt = repository.find(key)?.context.delivery;
    if (!integrated && receipt && main !== null) {
      integrated = (await git.ancestry(receipt.merge_commit, main)) === 'yes';
    }
    return { reachable, integrated, undelivered: main === null ? [] : await undelivered(context.slug, main) };
  }

  #payload(
    record: CandidateRecord,
    facts: ProbedFacts,
    head: string | null,
    main: string | null,
  ): PayloadOf<'integration.candidate.probed'> {
    const { slug, branch, sha } = record.context;
    return {
      slug,
      branch,
      sha,
      session_id: this.#options.sessionId,
      ...facts,
      ...(head === null ? {} : { branch_head: head }),
      ...(main === null ? {} : { main_head: main }),
      previous: record.lastProbe,
      probed_at: new Date(this.#options.clock.now()).toISOString(),
    };
  }
}

function headOf({ context }: CandidateRecord, view: RemoteView, main: string): string | null {
  return (context.branch === main ? view.main : view.heads.get(context.branch)) ?? null;
}

function sameFacts(a: ProbedFacts | null, b: ProbedFacts): boolean {
  return (
    a !== null &&
    a.reachable === b.reachable &&
    a.integrated === b.integrated &&
    a.undelivered.join(' ') === b.undelivered.join(' ')
  );
}
