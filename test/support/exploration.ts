/**
 * Walks a machine from its definition alone: every snapshot it can reach with the given events, the shortest way to
 * each, and which of its edges were taken on the way, microsteps included. Runs no effect.
 */
import {
  type AnyActorScope,
  type AnyStateMachine,
  createEmptyActor,
  type EventObject,
  type SnapshotFrom,
} from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';

type AnyNode = AnyStateMachine['root'];
type Edge = NonNullable<AnyNode['always']>[number];

export interface ExplorationOptions<M extends AnyStateMachine, E extends EventObject> {
  input: unknown;
  /** What may happen in a snapshot. */
  events(snapshot: SnapshotFrom<M>): E[];
  /** Snapshots with equal text count as one. */
  serialize(snapshot: SnapshotFrom<M>): string;
  nameOf(event: E): string;
  /** Transitions after which the walk is called endless. */
  limit: number;
}

export interface Step<M extends AnyStateMachine, E extends EventObject> {
  from: SnapshotFrom<M>;
  event: E;
  to: SnapshotFrom<M>;
}

export interface Exploration<M extends AnyStateMachine, E extends EventObject> {
  snapshots: SnapshotFrom<M>[];
  /** Every (snapshot, event) that was tried. */
  steps: Step<M, E>[];
  /** The shortest way to each snapshot. */
  paths: { events: E[]; end: SnapshotFrom<M> }[];
  /** State paths that were active at any moment, also those that are only passed through. */
  reached: Set<string>;
  taken: Set<Edge>;
}

/** `{draining: 'merging'}` -> `draining.merging`. */
export function pathOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([name, inner]) => `${name}.${pathOf(inner)}`)
    .join(' ');
}

/** A scope in which nothing happens; it lets XState report each microstep with the edges it took. */
function inertScope(onMicrostep: (value: unknown, edges: readonly Edge[]) => void): AnyActorScope {
  const self = createEmptyActor();
  self.system.inspect((event) => {
    if (event.type === '@xstate.microstep')
      onMicrostep((event.snapshot as unknown as { value: unknown }).value, event._transitions);
  });
  const nothing = () => undefined;
  return {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: nothing,
    defer: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: nothing,
  } as unknown as AnyActorScope;
}

export function explore<M extends AnyStateMachine, E extends EventObject>(
  machine: M,
  options: ExplorationOptions<M, E>,
): Exploration<M, E> {
  const taken = new Set<Edge>();
  const reached = new Set<string>();
  const scope = inertScope((value, edges) => {
    reached.add(pathOf(value));
    for (const edge of edges) taken.add(edge);
  });
  const logic = {
    transition: (snapshot: SnapshotFrom<M>, event: E) => machine.transition(snapshot as never, event as never, scope),
    getInitialSnapshot: () => machine.getInitialSnapshot(scope, options.input as never),
  };
  const traversal = {
    events: options.events as never,
    serializeState: options.serialize as never,
    serializeEvent: options.nameOf as never,
    // The pure transition function leaves final states where a live actor refuses.
    filterEvents: ((snapshot: { status: string }) => snapshot.status === 'active') as never,
    limit: options.limit,
  };
  const map = getAdjacencyMap(logic as never, traversal);
  const snapshots: SnapshotFrom<M>[] = [];
  const steps: Step<M, E>[] = [];
  for (const { state, transitions } of Object.values(map)) {
    const from = state as unknown as SnapshotFrom<M>;
    snapshots.push(from);
    reached.add(pathOf((from as { value: unknown }).value));
    for (const { event, state: to } of Object.values(transitions as Record<string, { event: unknown; state: unknown }>))
      steps.push({ from, event: event as E, to: to as unknown as SnapshotFrom<M> });
  }
  return { snapshots, steps, paths: shortest(snapshots, steps, options), reached, taken };
}

/** The shortest way to each snapshot, the nearest first. */
function shortest<M extends AnyStateMachine, E extends EventObject>(
  [initial]: SnapshotFrom<M>[],
  steps: Step<M, E>[],
  { serialize }: Pick<ExplorationOptions<M, E>, 'serialize'>,
): Exploration<M, E>['paths'] {
  if (initial === undefined) return [];
  const from = new Map<SnapshotFrom<M>, Step<M, E>[]>();
  for (const step of steps) from.set(step.from, [...(from.get(step.from) ?? []), step]);
  const byText = new Map([...from.keys()].map((snapshot) => [serialize(snapshot), snapshot]));
  const known = new Set([serialize(initial)]);
  const paths: Exploration<M, E>['paths'] = [{ events: [], end: initial }];
  for (const { events, end } of paths) {
    for (const { event, to } of from.get(byText.get(serialize(end)) ?? end) ?? []) {
      const text = serialize(to);
      if (known.has(text)) continue;
      known.add(text);
      paths.push({ events: [...events, event], end: to });
    }
  }
  return paths;
}

/** Several walks of one machine, from different inputs, as one. */
export function together<M extends AnyStateMachine, E extends EventObject>(
  ...walks: Exploration<M, E>[]
): Exploration<M, E> {
  return {
    snapshots: walks.flatMap(({ snapshots }) => snapshots),
    steps: walks.flatMap(({ steps }) => steps),
    paths: walks.flatMap(({ paths }) => paths),
    reached: new Set(walks.flatMap(({ reached }) => [...reached])),
    taken: new Set(walks.flatMap(({ taken }) => [...taken])),
  };
}

/** Every state of the machine but the machine itself. */
export function statesOf(machine: AnyStateMachine): AnyNode[] {
  const below = (node: AnyNode): AnyNode[] => Object.values(node.states).flatMap((child) => [child, ...below(child)]);
  return below(machine.root);
}

/** Every edge of the machine, those of the machine itself included. */
export function edgesOf(machine: AnyStateMachine): Edge[] {
  return [machine.root, ...statesOf(machine)].flatMap((node) => [
    ...(node.always ?? []),
    ...[...node.transitions.values()].flat(),
  ]);
}

export function edgeName(edge: Edge): string {
  const guard = edge.guard === undefined ? '' : ` [${typeof edge.guard === 'string' ? edge.guard : 'inline'}]`;
  const targets = (edge.target ?? []).map((node) => node.path.join('.')).join(', ') || 'stays';
  return `${edge.source.path.join('.') || '(machine)'} -- ${edge.eventType || 'always'}${guard} --> ${targets}`;
}

/** An event that an effect or a delay of the machine brings about. */
export interface InnerEvent {
  type: string;
  name: string;
  output?: unknown;
  error?: unknown;
}

/** What an effect may answer in a context: the name of the answer, and the answer. */
export type Answers<Context> = Record<string, (context: Context) => { name: string; output: unknown }[]>;

/**
 * The ends of all effects that run in `snapshot` (each answer, and the failure) and the delays that may pass there.
 * Throws when an effect has no answers, so that none is forgotten.
 */
export function innerEvents<Context>(
  machine: AnyStateMachine,
  snapshot: { value: unknown; context: Context },
  answers: Answers<Context>,
): InnerEvent[] {
  const active = pathOf(snapshot.value);
  const events: InnerEvent[] = [];
  for (const node of statesOf(machine)) {
    const path = node.path.join('.');
    if (active !== path && !active.startsWith(`${path}.`)) continue;
    for (const { id } of node.invoke) {
      const answer = answers[id];
      if (!answer) throw new Error(`no answers are given for the effect ${id}`);
      for (const { name, output } of answer(snapshot.context))
        events.push({ type: `xstate.done.actor.${id}`, name: `${id}: ${name}`, output });
      events.push({ type: `xstate.error.actor.${id}`, name: `${id} throws`, error: new Error('it failed') });
    }
    for (const type of node.transitions.keys()) {
      if (!type.startsWith('xstate.after.')) continue;
      const delay = type.slice('xstate.after.'.length, -node.id.length - 1);
      events.push({ type, name: `after ${delay}` });
    }
  }
  return events;
}
