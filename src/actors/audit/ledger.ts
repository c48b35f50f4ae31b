/**
 * What the log says of main: the receipts of deliveries and of follow-ups, and the statements of people and of the modes
 * that explain commits without one. A pure fold of entries; the log is read page by page and no entry is kept, only what
 * names a commit: about half a kilobyte a delivery.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { EventLog } from '../../io/redis/log.ts';
import { type DomainEvent, type EventCatalogue, type PayloadOf, readEntry } from '../../machines/events.ts';
import { candidateKey } from '../../machines/identity.ts';
import type { Claims, Delivery, FollowUpCommit } from './verify.ts';

const PAGE_ENTRIES = 500;

type Attempt = Pick<PayloadOf<'integration.push.attempted'>, 'base' | 'members' | 'follow_ups' | 'tip'>;

/** A person may bring main to a commit. */
interface Permit {
  actor: string;
  reason: string;
}

/** A person accepted main as it was; `order` tells what had been said by then. */
interface Acceptance extends Permit {
  main: string;
  order: number;
}

/** Main while another path moved it: above `from`, up to `to`. Null: from the root, or up to now. */
export interface ForeignRule {
  from: string | null;
  to: string | null;
}

export class Ledger implements Claims {
  /** The repository was set up, live or in shadow. */
  begun = false;
  /** Main at the first cutover; null before it. */
  cutover: { main: string | null } | null = null;
  readonly permits = new Map<string, Permit>();
  readonly foreignRules: ForeignRule[] = [];
  readonly #acceptances: Acceptance[] = [];
  readonly #deliveries = new Map<string, Delivery>();
  readonly #followUps = new Map<string, FollowUpCommit>();
  /** Pushes whose end is not known, by the number of the fence they brought. */
  readonly #attempts = new Map<number, Attempt>();
  /** When a finding was told first, when a delivery was recorded, and when main was found rewound. */
  readonly #told = new Map<string, number>();
  readonly #recorded = new Map<string, number>();
  readonly #rewinds: number[] = [];
  #live: boolean;
  #order = 0;

  /** `live`: what mode the log was in where it is read from. */
  constructor({ live }: { live: boolean }) {
    this.#live = live;
  }

  delivery(mergeCommit: string): Delivery | undefined {
    return this.#deliveries.get(mergeCommit);
  }

  followUps(commit: string): FollowUpCommit | undefined {
    return this.#followUps.get(commit);
  }

  /** Everything the log says was brought to main, in its order. */
  deliveries(): IterableIterator<Delivery> {
    return this.#deliveries.values();
  }

  /** The acceptance of main that covers a finding told before it; null when there is none at or behind its commit. */
  acceptance(finding: { commit: string; code: string }, covers: (main: string) => boolean): Acceptance | null {
    const told = this.#told.get(`${finding.code} ${finding.commit}`) ?? Number.POSITIVE_INFINITY;
    const isKnown = ({ order }: Acceptance) => finding.code === 'no_receipt' || told < order;
    return this.#acceptances.find((one) => isKnown(one) && covers(one.main)) ?? null;
  }

  /** The acceptance of main without the delivery, after main had been found rewound; null when nobody gave it. */
  acceptedWithout(mergeCommit: string): Acceptance | null {
    const recorded = this.#recorded.get(mergeCommit) ?? Number.POSITIVE_INFINITY;
    const rewound = this.#rewinds.find((order) => order > recorded) ?? Number.POSITIVE_INFINITY;
    return this.#acceptances.find(({ order }) => order > rewound) ?? null;
  }

  /** Takes what the log says of pushes whose end it does not know yet; their trees are not told. */
  expect(): void {
    for (const { base, members, tip, follow_ups: changes } of this.#attempts.values()) {
      let before = base;
      for (const { slug, branch, sha, merge_commit: mergeCommit, tip: end } of members) {
        const key = candidateKey({ slug, branch, sha });
        const known = { key, sha, base: before, mergeCommit, tip: end, tree: null, strategy: null };
        if (!this.#deliveries.has(mergeCommit)) this.#deliveries.set(mergeCommit, known);
        before = end;
      }
      if (tip && changes) this.#landed(tip, base, null, changes);
    }
  }

  apply(event: DomainEvent): void {
    this.#order += 1;
    switch (event.type) {
      case 'integration.push.attempted':
        this.#attempts.set(event.payload.seq, event.payload);
        break;
      case 'integration.push.succeeded':
      case 'integration.push.rejected':
      case 'integration.push.burned':
        // Perhaps told by a later session than the one that pushed.
        this.#attempts.delete(event.payload.seq);
        break;
      case 'deployment.completed':
        this.#delivered(event.payload);
        break;
      case 'integration.followup.landed': {
        const { commit, base, tree, slug } = event.payload;
        this.#landed(commit, base, tree, [{ slug }]);
        break;
      }
      case 'integration.guard.permitted':
        this.permits.set(event.payload.commit, event.payload);
        break;
      case 'integration.main.rewound':
        this.#rewinds.push(this.#order);
        break;
      case 'integration.main.accepted': {
        const { main, actor, reason } = event.payload;
        if (main !== null) this.#acceptances.push({ main, actor, reason, order: this.#order });
        break;
      }
      case 'integration.main.audited':
        for (const { commit, code } of event.payload.violations) {
          const key = `${code} ${commit}`;
          if (!this.#told.has(key)) this.#told.set(key, this.#order);
        }
        break;
      default:
        this.#applyMode(event);
    }
  }

  #applyMode(event: DomainEvent): void {
    const { type, payload } = event;
    if (type === 'integration.cutover.enabled' || type === 'integration.shadow.started') this.begun = true;
    if (type === 'integration.cutover.enabled') {
      this.cutover ??= { main: payload.main_sha };
      const open = this.#live ? undefined : this.foreignRules.at(-1);
      if (open) open.to = payload.main_sha;
      this.#live = true;
    } else if (type === 'integration.shadow.started' || type === 'integration.cutover.rolled_back') {
      if (!this.#live || ('drill' in payload && payload.drill)) return;
      this.foreignRules.push({ from: payload.main_sha, to: null });
      this.#live = false;
    }
  }

  #delivered({
    slug,
    branch,
    sha,
    merge_commit: mergeCommit,
    outcome,
    receipt,
  }: PayloadOf<'deployment.completed'>): void {
    // What was on main already has no commit of its own.
    if (outcome !== 'merged' || !receipt) return;
    this.#recorded.set(mergeCommit, this.#order);
    const { base, tip, tree, strategy } = receipt;
    const key = candidateKey({ slug, branch, sha });
    this.#deliveries.set(mergeCommit, { key, sha, base, mergeCommit, tip, tree, strategy });
  }

  #landed(commit: string, base: string, tree: string | null, changes: readonly { slug: string }[]): void {
    const slugs = changes.map(({ slug }) => slug);
    const known = this.#followUps.get(commit);
    // A follow-up that main had already like that is told with main's own commit, which is no commit of follow-ups.
    if (commit === base) return;
    this.#followUps.set(commit, { base, tree, slugs: [...(known?.slugs ?? []), ...slugs] });
  }
}

export interface LedgerSource {
  log: Pick<EventLog, 'read'>;
  catalogue: EventCatalogue;
}

/**
 * Reads the log behind `after` ('0': from its first entry) to its end into the ledger; answers the last entry. Thrown:
 * NEWER_LOG (6) for an entry of a newer telec.
 */
export async function readLedger({ log, catalogue }: LedgerSource, ledger: Ledger, after: string): Promise<string> {
  let last = after;
  for (;;) {
    const page = await log.read(last, PAGE_ENTRIES);
    for (const { id, fields } of page) {
      const read = readEntry(catalogue, id, fields);
      if (read.kind === 'newer') {
        throw new TelecError('NEWER_LOG', EXIT.refused, `entry ${id} of the log was written by a newer telec`, {
          hint: 'upgrade telec on this machine',
        });
      }
      // What cannot be read was put aside by who folds; it explains nothing.
      if (read.kind === 'event') ledger.apply(read.event);
    }
    last = page.at(-1)?.id ?? last;
    if (page.length < PAGE_ENTRIES) return last;
  }
}
