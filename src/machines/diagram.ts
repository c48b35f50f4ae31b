/**
 * A machine as data and as a picture: every state and every edge of an XState machine, and the Mermaid text of them.
 * Reads the definition only, runs nothing. Invariant: an edge of the machine is an edge of the diagram, whatever causes
 * it (event, `always`, delay, end or failure of an effect).
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { compareText } from './identity.ts';

export interface DiagramNode {
  /** Path from the root joined by dots; '' is the machine itself. */
  id: string;
  /** Id of the parent; null for the machine itself. */
  parent: string | null;
  type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  description: string | null;
  /** Id of the child that is entered first; null when there is none or all are. */
  initial: string | null;
  /** Names of the effects that run while the state is active. */
  invokes: string[];
}

/** What makes an edge be taken. `done` and `error`: an effect, or with `done` the state's own regions, came to an end. */
export type EdgeCause = 'event' | 'always' | 'after' | 'done' | 'error';

export interface DiagramEdge {
  from: string;
  /** Equal to `from` when no state changes. */
  to: string;
  cause: EdgeCause;
  /** Event type, delay, or name of the effect; '' for `always`. */
  event: string;
  /** Name of the guard, composed ones as `not(a)`, `and(a, b)`; null without one. */
  guard: string | null;
  actions: string[];
  description: string | null;
  /** True when the edge has no target: actions only. */
  internal: boolean;
}

export interface Diagram {
  name: string;
  nodes: DiagramNode[];
  edges: DiagramEdge[];
}

/** All states and edges of `machine`, parents before children, in the order they are written. */
export function diagramOf(machine: AnyStateMachine): Diagram {
  const nodes: DiagramNode[] = [];
  const edges: DiagramEdge[] = [];
  const visit = (state: AnyStateNode): void => {
    const first = state.type === 'compound' ? state.initial.target[0] : undefined;
    nodes.push({
      id: idOf(state),
      parent: state.parent ? idOf(state.parent) : null,
      type: state.type,
      description: state.description ?? null,
      initial: first ? idOf(first) : null,
      invokes: state.invoke.map((invoke) => nameOf(invoke.src)),
    });
    for (const transition of [...(state.always ?? []), ...[...state.transitions.values()].flat()])
      edges.push(...edgesOf(state, transition));
    for (const child of Object.values(state.states)) visit(child);
  };
  visit(machine.root);
  return { name: machine.id, nodes, edges };
}

type Transition = NonNullable<AnyStateNode['always']>[number];

function edgesOf(state: AnyStateNode, transition: Transition): DiagramEdge[] {
  const from = idOf(state);
  const targets = transition.target ?? [];
  const shared = {
    from,
    ...causeOf(state, transition.eventType),
    guard: transition.guard === undefined ? null : guardName(transition.guard),
    actions: transition.actions.map(nameOf),
    description: transition.description ?? null,
  };
  if (targets.length === 0) return [{ ...shared, to: from, internal: true }];
  return targets.map((target) => ({ ...shared, to: idOf(target), internal: false }));
}

function causeOf(state: AnyStateNode, eventType: string): { cause: EdgeCause; event: string } {
  if (eventType === '') return { cause: 'always', event: '' };
  if (eventType.startsWith('xstate.after.')) {
    const delay = eventType.slice('xstate.after.'.length);
    return { cause: 'after', event: delay.endsWith(`.${state.id}`) ? delay.slice(0, -state.id.length - 1) : delay };
  }
  for (const cause of ['done', 'error'] as const) {
    const prefix = `xstate.${cause}.actor.`;
    if (!eventType.startsWith(prefix)) continue;
    const id = eventType.slice(prefix.length);
    const invoke = state.invoke.find((candidate) => candidate.id === id);
    return { cause, event: invoke ? nameOf(invoke.src) : id };
  }
  if (eventType.startsWith('xstate.done.state.')) return { cause: 'done', event: idOf(state) };
  return { cause: 'event', event: eventType };
}

function idOf(state: AnyStateNode): string {
  return state.path.join('.');
}

/** The name of a guard, action or effect as written: a string, an object or function with a `type`, or a function's own name. */
function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  const type: unknown =
    typeof named === 'object' || typeof named === 'function' ? Reflect.get(named ?? {}, 'type') : null;
  if (typeof type === 'string') return type;
  return typeof named === 'function' && named.name !== '' ? named.name : 'inline';
}

function guardName(guard: unknown): string {
  const parts: unknown = typeof guard === 'function' ? Reflect.get(guard, 'guards') : null;
  if (!Array.isArray(parts)) return nameOf(guard);
  return `${typeof guard === 'function' ? guard.name : ''}(${parts.map(guardName).join(', ')})`;
}

/**
 * The diagram as Mermaid `stateDiagram-v2`. `current`: ids of the active states, which are marked with their ancestors
 * left plain. Every text of the machine is escaped, so that no name can change the picture.
 */
export function mermaidOf(diagram: Diagram, current: readonly string[] = []): string {
  const lines = ['stateDiagram-v2'];
  const children = new Map<string, DiagramNode[]>();
  for (const node of diagram.nodes) {
    if (node.parent !== null) children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
  }
  const draw = (parent: DiagramNode, indent: string): void => {
    if (parent.initial !== null) lines.push(`${indent}[*] --> ${mermaidId(parent.initial)}`);
    for (const [index, node] of (children.get(parent.id) ?? []).entries()) {
      if (parent.type === 'parallel' && index > 0) lines.push(`${indent}--`);
      const id = mermaidId(node.id);
      const key = node.id.slice(node.id.lastIndexOf('.') + 1);
      const label = node.description === null ? key : `${key}: ${node.description}`;
      lines.push(`${indent}state "${mermaidText(label)}" as ${id}`);
      if (children.has(node.id)) {
        lines.push(`${indent}state ${id} {`);
        draw(node, `${indent}  `);
        lines.push(`${indent}}`);
      }
      if (node.type === 'final') lines.push(`${indent}${id} --> [*]`);
    }
  };
  const [root] = diagram.nodes;
  if (root) draw(root, '  ');
  for (const edge of diagram.edges) lines.push(...drawnEdge(edge, diagram));
  const known = new Set(diagram.nodes.map((node) => node.id));
  const marked = [...new Set(current)].filter((id) => id !== '' && known.has(id)).sort(compareText);
  if (marked.length > 0) {
    lines.push('  classDef current fill:#ffd54f,stroke:#333,stroke-width:3px');
    for (const id of marked) lines.push(`  class ${mermaidId(id)} current`);
  }
  return `${lines.join('\n')}\n`;
}

/** Edges of the machine itself hold in every state; Mermaid has no arrow from the whole, so they stand at each top state. */
function drawnEdge(edge: DiagramEdge, diagram: Diagram): string[] {
  const label = mermaidText(edgeLabel(edge));
  const sources =
    edge.from === ''
      ? diagram.nodes.filter((node) => node.parent === '' && node.type !== 'final').map((node) => node.id)
      : [edge.from];
  return sources.map((from) => `  ${mermaidId(from)} --> ${mermaidId(edge.to === '' ? from : edge.to)}: ${label}`);
}

/** What stands at an edge: cause, guard in brackets, actions after a slash. */
export function edgeLabel(edge: DiagramEdge): string {
  const cause =
    edge.cause === 'event' ? edge.event : edge.cause === 'always' ? 'always' : `${edge.cause} ${edge.event}`;
  const guard = edge.guard === null ? '' : ` [${edge.guard}]`;
  const actions = edge.internal && edge.actions.length > 0 ? ` / ${edge.actions.join(', ')}` : '';
  return cause + guard + actions;
}

/** Ids of Mermaid take letters, digits and `_`; the prefix keeps them clear of its keywords (`state`, `end`). */
function mermaidId(id: string): string {
  return `s_${id.replace(/[^A-Za-z0-9]/g, (char) => (char === '.' ? '__' : `_${char.codePointAt(0) ?? 0}_`))}`;
}

function mermaidText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/["#;:<>{}\\`%]/g, (char) => `#${char.codePointAt(0) ?? 0};`);
}
