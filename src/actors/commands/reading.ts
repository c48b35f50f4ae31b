/** What commands read beyond the read model: the log as envelopes, histories, actors, machines as data. */
import { type AnyMachineSnapshot, getNextTransitions } from 'xstate';
import { EXIT, TelecError } from '../../errors.ts';
import type { LogEntry } from '../../io/redis/log.ts';
import { candidateMachine } from '../../machines/candidate.ts';
import { deliveryMachine } from '../../machines/delivery.ts';
import { diagramOf, edgeLabel, mermaidOf } from '../../machines/diagram.ts';
import { decodeEnvelope, fullType } from '../../machines/events.ts';
import { integratorMachine } from '../../machines/integrator.ts';
import { leaseMachine } from '../../machines/lease.ts';
import { todoMachine } from '../../machines/todo.ts';
import type { CandidateRecord, Change } from '../candidate-record.ts';
import type { ActorDetailView, ActorRow, EnvelopeView, HistoryRow, MachineView } from '../client.ts';
import { type RunningActor, type Session, statePath } from '../integrator.ts';
import type { PipelineEvent } from '../pipeline.ts';
import type { Repository } from '../repository.ts';
import { chainRows } from '../tests/shown.ts';

const MACHINES = {
  candidate: candidateMachine,
  delivery: deliveryMachine,
  integrator: integratorMachine,
  lease: leaseMachine,
  todo: todoMachine,
} as const;

export function machineNames(): string[] {
  return Object.keys(MACHINES);
}

/** A machine as data and Mermaid text; null when there is none of that name. */
export function machineView(name: string): MachineView | null {
  if (!Object.hasOwn(MACHINES, name)) return null;
  const diagram = diagramOf(MACHINES[name as keyof typeof MACHINES]);
  const accepts = (id: string) => [
    ...new Set(diagram.edges.filter(({ from, cause }) => from === id && cause === 'event').map(({ event }) => event)),
  ];
  return {
    name,
    description: diagram.nodes.find(({ id }) => id === '')?.description ?? '',
    states: diagram.nodes
      .filter(({ id }) => id !== '')
      .map(({ id, description, type }) => ({
        name: id,
        description: description ?? '',
        kind: type,
        accepts: accepts(id),
      })),
    edges: diagram.edges.map((edge) => ({ from: edge.from, to: edge.to, event: edgeLabel(edge), guard: edge.guard })),
    mermaid: mermaidOf(diagram),
  };
}

/** One entry as `events tail` shows it; an unreadable one says so in its description. */
export function envelopeView({ id, fields }: LogEntry): EnvelopeView {
  const decoded = decodeEnvelope(fields);
  if (decoded.kind !== 'ok') {
    const { event = '', timestamp = '', source = '' } = fields;
    return { id, event, timestamp, source, payload: {}, unreadable: decoded.kind };
  }
  const { extra, ...envelope } = decoded.envelope;
  return { ...extra, id, ...envelope };
}

/** The live candidates as actors, with the events each accepts now. */
export function candidateActors(repository: Repository): ActorRow[] {
  return repository.live().map((record) => candidateActor(repository, record));
}

function acceptedNow(snapshot: AnyMachineSnapshot): string[] {
  const types = getNextTransitions(snapshot).map(({ eventType }) => eventType);
  return [...new Set(types)].filter((type) => type !== '' && !type.startsWith('xstate.'));
}

function candidateActor(repository: Repository, record: CandidateRecord): ActorRow {
  const snapshot = repository.actor(record.id)?.getSnapshot();
  const accepts = snapshot ? acceptedNow(snapshot).map(fullType) : [];
  return { id: record.id, machine: 'candidate', value: record.state, since: record.updatedAt, accepts };
}

/** One candidate's actor with its context in brief and its chart. Thrown: NOT_FOUND (1). */
export function candidateActorDetail(repository: Repository, id: string): ActorDetailView {
  const record = [...repository.records()].find((other) => other.id === id);
  if (!record) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `there is no actor ${JSON.stringify(id)}`, { hint: 'telec actors' });
  }
  const { slug, branch, sha, generation, readyAt, review, pushed, facts, attempt, fence, openPush } = record.context;
  return {
    ...candidateActor(repository, record),
    context: {
      slug,
      branch,
      sha,
      generation,
      ready_at: readyAt,
      review,
      pushed,
      facts,
      attempt,
      fence,
      open_push: openPush,
    },
    mermaid: mermaidOf(diagramOf(candidateMachine), [record.state]),
  };
}

/** The actors of a running session; none without one. */
export function sessionActors(session: Session | null): ActorRow[] {
  return (session?.actors() ?? []).map(sessionActor);
}

function sessionActor({ id, machine, snapshot, since }: RunningActor): ActorRow {
  return { id, machine, value: statePath(snapshot.value), since, accepts: acceptedNow(snapshot) };
}

/** Fields of a context that may be shown, by machine: no token, and nothing that is long. */
const SHOWN = {
  integrator: [
    'sessionId',
    'mode',
    'fence',
    'candidate',
    'base',
    'window',
    'batch',
    'patience',
    'lostRaces',
    'stopping',
  ],
  lease: ['sessionId', 'ttlMs', 'renewMs', 'replacedStale', 'lostBecause'],
} as const;

/** One actor of a running session with its chart; null when it has none of that id. */
export function sessionActorDetail(session: Session | null, id: string): ActorDetailView | null {
  const actor = session?.actors().find((other) => other.id === id);
  if (!actor) return null;
  const { machine, snapshot } = actor;
  const context = snapshot.context as Record<string, unknown>;
  const row = sessionActor(actor);
  return {
    ...row,
    context: {
      ...Object.fromEntries(SHOWN[machine].map((name) => [snakeCase(name), context[name] ?? null])),
      ...(machine === 'integrator' && session ? { chain: chainRows(session.chain()) } : {}),
    },
    mermaid: mermaidOf(diagramOf(MACHINES[machine]), activeStates(row.value)),
  };
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `a.b c` -> `a`, `a.b`, `c`: the states a path names, with those around them. */
function activeStates(path: string): string[] {
  return path
    .split(' ')
    .flatMap((one) => one.split('.').map((_name, index, names) => names.slice(0, index + 1).join('.')));
}

/** One step of a candidate as its history shows it. */
export function historyRow(event: PipelineEvent, change: Change): HistoryRow {
  const { timestamp: at, event: type } = event.envelope;
  return { id: event.id, at, event: type, from: change.from, to: change.to };
}
