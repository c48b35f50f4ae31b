/**
 * The cartridge pipeline: each entry of the log passes an ordered list of cartridges, each of which may act on it and
 * hands it on (or drops it). Annotations live beside the event, never in its payload. Users' cartridges come last.
 *
 * Invariants: one cartridge that throws is reported and does not stop the others; effects run only for entries above
 * a cartridge's recorded position, so a replay has none.
 */
import { EXIT, InvariantViolation, TelecError } from '../errors.ts';
import type { DomainEvent, Envelope, EventSchema } from '../machines/events.ts';
import { candidateKey } from '../machines/identity.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type { NotificationBoard } from './notifications.ts';
import type { Repository } from './repository.ts';

/** One entry on its way through the cartridges. */
export interface PipelineEvent {
  /** Entry id in the log. */
  id: string;
  envelope: Envelope;
  /** What the catalogue says about its type; null for a type nobody registered. */
  schema: EventSchema | null;
  /** Decoded for the machines; null unless it is one of telec's own types. */
  domain: DomainEvent | null;
  /** Notes of cartridges for those after them. */
  annotations: Map<string, unknown>;
}

/** What a cartridge may use. */
export interface PipelineContext {
  repository: Repository;
  notifications: NotificationBoard;
  /** Id of the last entry applied before this one. */
  appliedId: string;
  /** True while this cartridge saw the entry before: it must have no effect then. */
  replaying: boolean;
  /** Called when a candidate became ready (or was found on main already). */
  onCandidateReady(record: CandidateRecord): void;
  /** Wakes the one integrator; does nothing while it runs. */
  spawnIntegrator(slug: string, branch: string, sha: string): void;
  /** The entry cannot be applied: it goes to the dead-letter stream with this reason. */
  reject(reason: string): void;
}

export interface Cartridge {
  /** Names the recorded position; unique in a pipeline. */
  readonly name: string;
  /** Gives the event on, changed only in its annotations, or null to end its way here. */
  process(event: PipelineEvent, context: PipelineContext): PipelineEvent | null | Promise<PipelineEvent | null>;
}

/** Compares two stream ids (`<ms>-<n>`) as numbers. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const dash = a.indexOf('-');
  // Of one shape, as ids of one log nearly always are, they order as text does: no number has to be made.
  if (dash > 0 && a.length === b.length && b[dash] === '-') return a < b ? -1 : 1;
  const [aMs = '0', aSeq = '0'] = a.split('-');
  const [bMs = '0', bSeq = '0'] = b.split('-');
  return Number(aMs) - Number(bMs) || Number(aSeq) - Number(bSeq);
}

/** Ends the way of an entry that was applied before: redelivery changes nothing. */
export const dedup: Cartridge = {
  name: 'dedup',
  process: (event, context) => (compareIds(event.id, context.appliedId) > 0 ? event : null),
};

/** Feeds the candidate actors, and wakes the integrator when one becomes ready. Other events pass unchanged. */
export const integrationTrigger: Cartridge = {
  name: 'integration-trigger',
  process(event, context) {
    if (!event.domain) return event;
    const { changes, unbelieved } = context.repository.apply(event.domain);
    event.annotations.set('changes', changes);
    if (unbelieved !== null) {
      context.reject(unbelieved);
      return null;
    }
    if (context.replaying) return event;
    for (const { record, to } of changes) if (to === 'ready') context.onCandidateReady(record);
    const { domain } = event;
    if (domain.type === 'integration.candidate.probed' && domain.payload.integrated) {
      const record = context.repository.find(candidateKey(domain.payload));
      if (record && record.state !== 'completed' && record.state !== 'superseded') context.onCandidateReady(record);
    }
    return event;
  },
};

/** Keeps the notification rows. */
export const notificationProjector: Cartridge = {
  name: 'notification-projector',
  process(event, context) {
    if (event.schema) context.notifications.project(event);
    return event;
  },
};

export interface PipelineOptions {
  cartridges?: readonly Cartridge[];
  /** Where each cartridge's effects stand: name -> entry id. Mutated as entries pass. */
  positions: Record<string, string>;
  /** Keeps the position of a user's cartridge for good, before the next entry comes. */
  record?(cartridge: string, entryId: string): Promise<void>;
  report(cartridge: string, entryId: string, error: unknown): void;
}

const OWN: readonly Cartridge[] = [dedup, integrationTrigger, notificationProjector];

export class Pipeline {
  readonly #cartridges: readonly Cartridge[];
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    const own = options.cartridges ?? [];
    const names = [...OWN, ...own].map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new TelecError('DUPLICATE_CARTRIDGE', EXIT.usage, `a cartridge called ${twice} is there already`);
    }
    this.#cartridges = [...OWN, ...own];
    this.#options = options;
  }

  get positions(): Readonly<Record<string, string>> {
    return this.#options.positions;
  }

  /** Sends one event through all cartridges, in order. */
  async run(event: PipelineEvent, context: Omit<PipelineContext, 'replaying'>): Promise<void> {
    let current: PipelineEvent | null = event;
    let own = null as PipelineContext | null;
    for (const cartridge of this.#cartridges) {
      if (current === null) return;
      const replaying = compareIds(event.id, this.#options.positions[cartridge.name] ?? '0') <= 0;
      try {
        const given: PipelineEvent = current;
        if (own?.replaying !== replaying) own = { ...context, replaying };
        const result = cartridge.process(given, own);
        current = result instanceof Promise ? await result : result;
      } catch (error) {
        // A contradiction in the fold is no fault of a cartridge: nobody may go on from it.
        if (error instanceof InvariantViolation) throw error;
        this.#options.report(cartridge.name, event.id, error);
      }
      if (replaying) continue;
      this.#options.positions[cartridge.name] = event.id;
      if (!OWN.includes(cartridge)) await this.#options.record?.(cartridge.name, event.id);
    }
  }
}
