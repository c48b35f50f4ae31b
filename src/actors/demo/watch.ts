/**
 * Follows the log of the demo's repository like every reader, and tells what every entry did: states, places in the queue,
 * lease and fence, main growing, evidence. Reads only; the states it tells come from the same fold as everywhere.
 */
import { systemClock } from '../../io/clock.ts';
import type { CandidateState } from '../../machines/candidate.ts';
import type { DomainEvent } from '../../machines/events.ts';
import type { CandidateRecord, Change } from '../candidate-record.ts';
import { type Host, openHost } from '../host.ts';
import type { PipelineEvent } from '../pipeline.ts';
import { reasonsOf } from '../views.ts';
import type { Beat, Label } from './story.ts';

type Push = { base: string; to: string; deliveries: Label[] };

/** Findings and remarks shown of one block, and characters of each. */
const EVIDENCE_LINES_MAX = 6;
const EVIDENCE_WIDTH = 110;

export const labelOf = ({ slug, sha }: { slug: string; sha: string }): Label => `${slug}@${sha.slice(0, 7)}`;

const short = (sha: string) => sha.slice(0, 7);

export class Watch {
  /** The states each candidate went through, oldest first. */
  readonly paths = new Map<Label, CandidateState[]>();
  readonly #host: Host;
  readonly #tell: (beat: Beat) => void;
  readonly #end = new AbortController();
  readonly #pushes = new Map<number, Push>();
  readonly #waiting = new Set<() => void>();
  /** Whether a session holds main, as far as the log tells. */
  #leased = false;
  #followed: Promise<void> = Promise.resolve();

  private constructor(host: Host, tell: (beat: Beat) => void) {
    this.#host = host;
    this.#tell = tell;
  }

  /** Begins to follow the log of `repoId` in its state folder. */
  static async open(options: { repoId: string; folder: string; tell: (beat: Beat) => void }): Promise<Watch> {
    let watch: Watch | null = null;
    const host = await openHost(
      {
        repoId: options.repoId,
        folder: options.folder,
        redisUrl: null,
        source: 'worker/demo',
        fresh: true,
        readOnly: true,
      },
      { onApplied: (event, changes) => watch?.onApplied(event, changes) },
    );
    const opened = new Watch(host, options.tell);
    watch = opened;
    opened.#followed = host.dispatcher.follow(opened.#end.signal, async (error) => {
      opened.#tell({ kind: 'trouble', text: `the log could not be read: ${String(error)}` });
      opened.#end.abort();
    });
    return opened;
  }

  /** The queue as it is now. */
  queue(): Beat {
    const { queue, standing } = this.#host.repository;
    return { kind: 'queue', labels: queue.map(({ context }) => labelOf(context)), onHold: standing.hold !== null };
  }

  /** Waits until the log says so; false when `ms` passed first or `signal` was aborted. */
  until(holds: (records: CandidateRecord[]) => boolean, ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (held: boolean) => {
        systemClock.clearTimeout(timer as never);
        signal.removeEventListener('abort', giveUp);
        this.#waiting.delete(look);
        resolve(held);
      };
      const giveUp = () => settle(false);
      const look = () => {
        if (holds(this.#host.repository.all())) settle(true);
      };
      const timer = systemClock.setTimeout(giveUp, ms);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(look);
      if (signal.aborted) giveUp();
      else look();
    });
  }

  /** Waits until every candidate has come to rest and the session that brought it there has ended. */
  async settled(ms: number, signal: AbortSignal): Promise<boolean> {
    await this.catchUp();
    return this.until((records) => !this.#leased && records.every(hasSettled), ms, signal);
  }

  /** Tells everything the log holds by now. */
  catchUp(): Promise<void> {
    return this.#host.dispatcher.catchUp();
  }

  /** Lets go of the log. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#followed;
    await this.#host.close();
  }

  onApplied({ domain }: PipelineEvent, changes: readonly Change[]): void {
    if (domain) this.#before(domain);
    for (const { record, from, to } of changes) {
      const label = labelOf(record.context);
      this.paths.set(label, [...(this.paths.get(label) ?? []), to]);
      if (from !== to) this.#tell({ kind: 'state', label, from, to, note: this.#note(domain, record, to) });
    }
    if (domain) this.#after(domain);
    for (const look of [...this.#waiting]) look();
  }

  #integrator(what: string, tone: 'plain' | 'good' | 'bad' = 'plain'): void {
    this.#tell({ kind: 'did', who: 'integrator', what, tone });
  }

  /** What is told before the change of state that an event caused. */
  #before(event: DomainEvent): void {
    switch (event.type) {
      case 'integration.lease.acquired':
        this.#leased = true;
        this.#integrator(
          `session …${event.payload.session_id.slice(-6)} takes the lease of main, fence ${event.payload.fence}`,
        );
        break;
      case 'integration.push.attempted': {
        const { seq, base, members, tip, follow_ups: followUps = [] } = event.payload;
        const deliveries = members.map(labelOf);
        this.#pushes.set(seq, { base, to: tip ?? members.at(-1)?.tip ?? base, deliveries });
        const freight = [...deliveries, ...followUps.map(({ slug }) => slug)].join(', ');
        this.#integrator(`pushes ${freight} and a new fence commit, all or nothing`);
        break;
      }
      case 'integration.push.rejected':
        this.#integrator('the remote took nothing of it', 'bad');
        break;
      case 'integration.push.succeeded': {
        const push = this.#pushes.get(event.payload.seq);
        if (push) this.#tell({ kind: 'main', from: push.base, to: push.to, deliveries: push.deliveries });
        break;
      }
      case 'integration.merge.conflicted':
        if (event.payload.provisional)
          this.#integrator(
            `${labelOf(event.payload)} conflicts with what is not on main yet; it is tried again after the push`,
          );
        break;
      default:
    }
  }

  #after(event: DomainEvent): void {
    switch (event.type) {
      case 'deployment.failed': {
        const { conflict_evidence, diagnostics, next_action } = event.payload;
        const lines = [...conflict_evidence, ...diagnostics].slice(0, EVIDENCE_LINES_MAX).map(shortened);
        this.#tell({ kind: 'evidence', lines: [...lines, `next: ${next_action}`] });
        break;
      }
      case 'integration.session.completed': {
        const { completed, blocked } = event.payload.counts;
        this.#integrator(`has drained the queue: ${completed} completed, ${blocked} blocked`);
        break;
      }
      case 'integration.lease.released':
        this.#leased = false;
        this.#integrator('releases the lease');
        break;
      case 'integration.session.aborted':
      case 'integration.lease.lost':
        this.#leased = false;
        this.#integrator('the session ends early', 'bad');
        break;
      default:
    }
  }

  #note(event: DomainEvent | null, record: CandidateRecord, to: CandidateState): string {
    switch (to) {
      case 'pending':
        return reasonsOf(record)
          .map(({ text }) => text)
          .join('; ');
      case 'ready': {
        const place = `place ${this.#host.repository.queue.indexOf(record) + 1} in the queue`;
        return event?.type === 'integration.candidate.resumed' ? `resumed, ${place}` : place;
      }
      case 'integrating':
        return event?.type === 'integration.candidate.dequeued' ? `merging into ${short(event.payload.base)}` : '';
      case 'completed':
        if (event?.type !== 'deployment.completed') return '';
        return event.payload.outcome === 'merged'
          ? `merged as ${short(event.payload.merge_commit)}`
          : 'main holds this commit already; nothing to merge';
      case 'superseded':
        return event?.type === 'deployment.started'
          ? `${labelOf(event.payload)} is newer`
          : 'a newer commit ranks higher';
      case 'blocked':
        return event?.type === 'deployment.failed' ? (BLOCKED_BY[event.payload.kind] ?? event.payload.kind) : '';
    }
  }
}

const hasSettled = ({ state }: CandidateRecord) => ['completed', 'blocked', 'superseded'].includes(state);

const BLOCKED_BY: Record<string, string> = {
  conflict: 'it does not merge with what has landed',
  push: 'it merges, but the remote does not take it',
};

/** A remark with commit ids short enough to read, cut to one line of a terminal. */
function shortened(text: string): string {
  const line = text.replace(/\b([0-9a-f]{7})[0-9a-f]{33}\b/g, '$1');
  return line.length > EVIDENCE_WIDTH ? `${line.slice(0, EVIDENCE_WIDTH)}…` : line;
}
