/**
 * The law of candidates a second time, as plainly as it can be said: one function, no machine, no index. It reads the
 * stored entries and is compared with the production fold, and the checkers judge by it. Slow on purpose.
 */
import type { LogEntry } from '../../src/io/redis/log.ts';
import { PREFIX } from '../../src/machines/events.ts';
import { parseInstant } from '../../src/machines/identity.ts';

export type ModelState = 'pending' | 'ready' | 'integrating' | 'completed' | 'blocked' | 'superseded';

export interface ModelCandidate {
  id: string;
  key: string;
  slug: string;
  branch: string;
  sha: string;
  generation: number;
  readyAt: number;
  state: ModelState;
  facts: { reachable: boolean; integrated: boolean; undelivered: string[] } | null;
  openPush: number | null;
  landed: boolean;
  borneOut: boolean;
  /** A completion came after it was superseded. */
  onMain: boolean;
  /** The follow-up of its newest block. */
  followUp: { slug: string; blockedAt: string; landed: boolean; left: boolean } | null;
}

/** What one entry says; `type` is short, null for what is not telec's. */
export interface Told {
  id: string;
  type: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: the model reads payloads without the schemas it is to check
  payload: any;
}

export function told({ id, fields }: LogEntry): Told {
  const name = fields['event'] ?? '';
  try {
    const payload: unknown = JSON.parse(fields['payload'] ?? 'null');
    return { id, type: name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null, payload };
  } catch {
    return { id, type: null, payload: null };
  }
}

interface Rank {
  at: number;
  branch: string;
  sha: string;
}

const outranks = (a: Rank, b: Rank): boolean =>
  a.at !== b.at ? a.at > b.at : a.branch !== b.branch ? a.branch > b.branch : a.sha > b.sha;

const keyOf = (p: { slug: string; branch: string; sha: string }): string => `${p.slug}/${p.branch}@${p.sha}`;

export class Model {
  readonly candidates: ModelCandidate[] = [];
  readonly #reviews: { slug: string; round: number; approved: boolean; sha: string | null }[] = [];
  readonly #pushed = new Set<string>();
  readonly #announced: (Rank & { slug: string })[] = [];
  readonly #openPushes = new Map<number, string[]>();
  hold = false;
  /** How many ms earlier the candidates of a slug count as ready, while main has that on. */
  readonly #headStarts = new Map<string, number>();
  #hasPriorities = false;

  /** The newest generation of a triple. */
  find(triple: { slug: string; branch: string; sha: string }): ModelCandidate | undefined {
    return this.candidates.findLast((candidate) => candidate.key === keyOf(triple));
  }

  /** Ready candidates, the oldest first. */
  fifo(): ModelCandidate[] {
    const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    return this.candidates
      .filter(({ state }) => state === 'ready')
      .sort((a, b) => a.readyAt - b.readyAt || text(a.slug, b.slug) || text(a.branch, b.branch) || text(a.sha, b.sha));
  }

  /** Ready candidates, the next one first. */
  queue(): ModelCandidate[] {
    const turn = ({ slug, readyAt }: ModelCandidate) =>
      readyAt - (this.#hasPriorities ? (this.#headStarts.get(slug) ?? 0) : 0);
    return this.fifo().sort((a, b) => turn(a) - turn(b));
  }

  /** Why the log alone does not let it be ready, git's facts aside. */
  unsigned(candidate: ModelCandidate): string | null {
    const reviews = this.#reviews.filter(({ slug }) => slug === candidate.slug);
    const top = Math.max(0, ...reviews.map(({ round }) => round));
    const inTop = reviews.filter(({ round }) => round === top);
    if (inTop.length === 0 || inTop.some(({ approved }) => !approved)) return 'not approved';
    const bound = inTop[0]?.sha ?? null;
    if (bound !== null && bound !== candidate.sha) return 'approved at another sha';
    if (!this.#pushed.has(`${candidate.branch}@${candidate.sha}`)) return 'not pushed';
    return null;
  }

  isReady(candidate: ModelCandidate): boolean {
    const { facts } = candidate;
    if (this.unsigned(candidate) !== null || !facts) return false;
    return facts.reachable && !facts.integrated && facts.undelivered.length === 0;
  }

  isOutranked({ slug, readyAt: at, branch, sha }: ModelCandidate): boolean {
    return this.#announced.some((other) => other.slug === slug && outranks(other, { at, branch, sha }));
  }

  apply({ type, payload: p }: Told): void {
    switch (type) {
      case 'review.approved':
      case 'review.changes_requested':
        this.#reviews.push({
          slug: p.slug,
          round: p.review_round,
          approved: type === 'review.approved',
          sha: p.sha ?? null,
        });
        break;
      case 'branch.pushed':
        if (p.remote === 'origin') this.#pushed.add(`${p.branch}@${p.sha}`);
        break;
      case 'deployment.started':
        if (!this.find(p)) this.#announce(p, 0);
        break;
      case 'integration.candidate.resumed':
        this.#resume(p);
        break;
      case 'integration.candidate.probed': {
        const candidate = this.#live(p);
        if (!candidate) break;
        candidate.facts = { reachable: p.reachable, integrated: p.integrated, undelivered: p.undelivered };
        candidate.borneOut ||= p.integrated;
        break;
      }
      case 'integration.candidate.already_merged': {
        const candidate = this.#live(p);
        if (candidate) candidate.borneOut = true;
        break;
      }
      case 'integration.candidate.dequeued': {
        const candidate = this.#live(p);
        if (candidate?.state === 'ready') candidate.state = 'integrating';
        break;
      }
      case 'integration.candidate.requeued': {
        const candidate = this.#settled(p);
        if (candidate) candidate.state = 'pending';
        break;
      }
      case 'deployment.failed': {
        const candidate = this.#settled(p);
        if (!candidate) break;
        candidate.state = 'blocked';
        const { follow_up_slug: slug, blocked_at: blockedAt } = p;
        candidate.followUp = slug === undefined ? null : { slug, blockedAt, landed: false, left: false };
        break;
      }
      case 'integration.followup.landed':
      case 'integration.followup.left':
        for (const { followUp } of this.candidates) {
          if (followUp === null || followUp.slug !== (p.slug ?? p.follow_up_slug)) continue;
          if (followUp.blockedAt !== p.blocked_at) continue;
          followUp.left = type === 'integration.followup.left';
          if (!followUp.left) followUp.landed = p.change !== 'closed';
        }
        break;
      case 'deployment.completed': {
        const candidate = this.find(p);
        if (!candidate || (!candidate.borneOut && candidate.state !== 'superseded')) break;
        if (candidate.state === 'superseded') candidate.onMain = true;
        else candidate.state = 'completed';
        this.#headStarts.delete(p.slug);
        break;
      }
      case 'integration.push.attempted':
        this.#openPushes.set(p.seq, p.members.map(keyOf));
        for (const member of p.members) {
          const candidate = this.#live(member);
          if (candidate?.state === 'integrating') Object.assign(candidate, { openPush: p.seq, borneOut: true });
        }
        break;
      case 'integration.push.succeeded':
      case 'integration.push.rejected':
      case 'integration.push.burned':
        for (const candidate of this.candidates) {
          if (candidate.state !== 'integrating' || candidate.openPush !== p.seq) continue;
          if (!this.#openPushes.get(p.seq)?.includes(candidate.key)) continue;
          candidate.openPush = null;
          if (type === 'integration.push.succeeded') candidate.landed = true;
        }
        this.#openPushes.delete(p.seq);
        break;
      case 'integration.configured':
        this.#hasPriorities = p.priorities === true;
        break;
      case 'integration.priority.set':
        this.#headStarts.set(p.slug, { urgent: 3_600_000, normal: 0, low: -3_600_000 }[p.priority as 'low'] ?? 0);
        break;
      case 'integration.hold.placed':
        this.hold = true;
        break;
      case 'integration.hold.lifted':
        this.hold = false;
        break;
    }
    this.#settle();
  }

  #live(triple: { slug: string; branch: string; sha: string }): ModelCandidate | undefined {
    const candidate = this.find(triple);
    return candidate && candidate.state !== 'completed' && candidate.state !== 'superseded' ? candidate : undefined;
  }

  #settled(triple: { slug: string; branch: string; sha: string }): ModelCandidate | undefined {
    const candidate = this.#live(triple);
    const free = candidate?.state === 'integrating' && candidate.openPush === null && !candidate.landed;
    return free ? candidate : undefined;
  }

  #announce(p: { slug: string; branch: string; sha: string; ready_at: string }, generation: number): void {
    const before = this.find(p);
    const readyAt = parseInstant(p.ready_at) ?? 0;
    const { slug, branch, sha } = p;
    const key = keyOf(p);
    this.candidates.push({
      id: generation === 0 ? key : `${key}#${generation}`,
      key,
      slug,
      branch,
      sha,
      generation,
      readyAt,
      state: 'pending',
      facts: before?.facts ?? null,
      openPush: null,
      landed: false,
      borneOut: before?.facts?.integrated ?? false,
      onMain: false,
      followUp: null,
    });
    this.#announced.push({ slug, at: readyAt, branch, sha });
  }

  #resume(p: { slug: string; branch: string; sha: string; ready_at: string; generation: number }): void {
    const candidate = this.find(p);
    if (candidate?.state === 'blocked') candidate.state = 'pending';
    if (candidate?.state === 'superseded' && !candidate.onMain && p.generation === candidate.generation + 1)
      this.#announce(p, p.generation);
  }

  #settle(): void {
    for (const candidate of this.candidates) {
      const { state } = candidate;
      if (state === 'completed' || state === 'superseded') continue;
      const bound = state === 'integrating' && (candidate.openPush !== null || candidate.landed);
      if (!bound && this.isOutranked(candidate)) candidate.state = 'superseded';
      else if (state === 'pending' && this.isReady(candidate)) candidate.state = 'ready';
      else if (state === 'ready' && !this.isReady(candidate)) candidate.state = 'pending';
    }
  }
}
