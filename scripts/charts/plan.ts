/**
 * What of a machine is drawn as what: which edges share a line, and the few words that stand at it. Reads the machine as
 * data and places nothing. Invariants: each state is one node; each edge of the machine is either a move of exactly one
 * line or, where it changes no state, among what its state takes note of; a line joins two nodes of the same box.
 */
import type { ChartEdge, ChartNode } from '../../src/io/page/chart-shape.ts';
import { type Diagram, type DiagramEdge, type DiagramNode, edgeLabel } from '../../src/machines/diagram.ts';

export type PlannedNode = Omit<ChartNode, 'x' | 'y' | 'w' | 'h' | 'box'>;

export interface PlannedEdge extends Pick<ChartEdge, 'from' | 'to' | 'moves'> {
  /** The box both ends lie in; null at the top. */
  level: string | null;
  /** Short words, one for each kind of move. */
  words: string[];
  /** True where it is no line but words at the foot of `from`. */
  back: boolean;
}

export interface Plan {
  nodes: PlannedNode[];
  edges: PlannedEdge[];
}

/** From more states of a box than this a move out of it is not told one by one at the line. */
const TOLD_APART = 2;
/** To a state that so many later ones of its box go back to, no line leads back. */
const GO_BACK = 5;
/** Stands for the machine itself. */
const ANY = '#any';

/** `endsBy`: what ends a state, by its id. */
export function planOf(diagram: Diagram, endsBy: (id: string) => string): Plan {
  return { nodes: nodesOf(diagram, endsBy), edges: [...startsOf(diagram), ...linesOf(diagram)] };
}

function nodesOf(diagram: Diagram, endsBy: (id: string) => string): PlannedNode[] {
  const bare = { description: '', endsBy: '', effects: [], stays: [] };
  const stays = (id: string) => diagram.edges.filter((edge) => edge.internal && edge.from === id).map(edgeLabel);
  return diagram.nodes.flatMap((node): PlannedNode[] => {
    const start: PlannedNode[] =
      node.initial === null
        ? []
        : [{ ...bare, id: startOf(node.id), parent: node.id === '' ? null : node.id, kind: 'start', title: '' }];
    if (node.id !== '') {
      const own: PlannedNode = {
        id: node.id,
        parent: node.parent === '' ? null : node.parent,
        kind: node.type,
        title: lastOf(node.id),
        description: node.description ?? '',
        endsBy: endsBy(node.id),
        effects: node.invokes,
        stays: stays(node.id),
      };
      return [own, ...start];
    }
    if (!diagram.edges.some(({ from }) => from === '')) return start;
    const description = 'Holds in every state that is not final.';
    return [
      ...start,
      { ...bare, id: ANY, parent: null, kind: 'any', title: 'any state', description, stays: stays('') },
    ];
  });
}

const startOf = (id: string) => `#start ${id}`;
const lastOf = (id: string) => id.slice(id.lastIndexOf('.') + 1);

function startsOf(diagram: Diagram): PlannedEdge[] {
  return diagram.nodes.flatMap(({ id, initial }) =>
    initial === null
      ? []
      : [{ from: startOf(id), to: initial, level: id === '' ? null : id, moves: [], words: [], back: false }],
  );
}

interface Line extends Omit<PlannedEdge, 'words' | 'back'> {
  edges: DiagramEdge[];
}

function linesOf(diagram: Diagram): PlannedEdge[] {
  const byId = new Map(diagram.nodes.map((node) => [node.id, node]));
  const lines = new Map<string, Line>();
  for (const edge of diagram.edges) {
    if (edge.internal) continue;
    const ends = endsOf(edge, byId);
    const key = `${ends.from}\n${ends.to}`;
    const line = lines.get(key) ?? { ...ends, moves: [], edges: [] };
    lines.set(key, line);
    line.edges.push(edge);
    const event = edge.cause === 'event' ? edge.event : null;
    line.moves.push({ from: edge.from, to: edge.to, event, label: edgeLabel(edge) });
  }
  const places = [...byId.keys()];
  const back = [...lines.values()].filter(({ from, to }) => places.indexOf(from) > places.indexOf(to));
  const isHub = (id: string) => back.filter(({ to }) => to === id).length >= GO_BACK;
  return [...lines.values()].map(({ edges, ...line }) => ({
    ...line,
    words: wordsOf(line, edges, diagram.edges),
    back: back.some(({ from, to }) => from === line.from && to === line.to) && isHub(line.to),
  }));
}

/** Between which nodes an edge is drawn: in the smallest box around both its ends, as far inside as lies in that box. */
function endsOf(edge: DiagramEdge, byId: ReadonlyMap<string, DiagramNode>): Pick<Line, 'from' | 'to' | 'level'> {
  if (edge.from === '') return { from: ANY, to: edge.to.split('.')[0] ?? '', level: null };
  // Into a box that the state lies in: it is entered anew, by its first state.
  const target = edge.to !== edge.from && isIn(edge.from, edge.to) ? firstOf(edge.to, byId) : edge.to;
  const [from, to] = [edge.from.split('.'), target.split('.')];
  let shared = 0;
  while (shared < Math.min(from.length, to.length) - 1 && from[shared] === to[shared]) shared += 1;
  return {
    from: from.slice(0, shared + 1).join('.'),
    to: to.slice(0, shared + 1).join('.'),
    level: shared === 0 ? null : from.slice(0, shared).join('.'),
  };
}

const isIn = (id: string, box: string) => box === '' || id === box || id.startsWith(`${box}.`);

/** The state that is entered when `id` is. */
function firstOf(id: string, byId: ReadonlyMap<string, DiagramNode>): string {
  const initial = byId.get(id)?.initial ?? null;
  return initial === null ? id : firstOf(initial, byId);
}

function wordsOf(line: Omit<PlannedEdge, 'words' | 'back'>, edges: DiagramEdge[], all: DiagramEdge[]): string[] {
  const own = edges.filter(({ from }) => from === line.from || line.from === ANY);
  const inner = edges.filter((edge) => !own.includes(edge));
  const states = new Set(inner.map(({ from }) => from));
  const told = states.size > TOLD_APART ? [] : inner.map((edge) => `${lastOf(edge.from)}: ${shortOf(edge, all)}`);
  const counted = states.size > TOLD_APART ? [`or from ${states.size} of its states`] : [];
  return [...new Set([...own.map((edge) => shortOf(edge, all)), ...told, ...counted])];
}

/** The edge in a few words; in full it stands in `moves`. */
function shortOf(edge: DiagramEdge, all: readonly DiagramEdge[]): string {
  const guard = edge.guard === null ? '' : inWords(edge.guard);
  const guarded = (cause: string) => (guard === '' ? cause : `${cause} if ${guard}`);
  switch (edge.cause) {
    case 'event':
      return guarded(edge.event.replace('integration.candidate.', ''));
    case 'always':
      return guard === '' ? 'otherwise' : `if ${guard}`;
    case 'after':
      return guarded(`after ${edge.event}`);
    case 'error':
      return guarded('fails');
    case 'done': {
      const alike = all.filter(
        ({ from, cause, event }) => from === edge.from && cause === 'done' && event === edge.event,
      );
      return guard || (alike.length > 1 ? 'otherwise' : 'done');
    }
  }
}

/** `isEmptyWithTrain` as `empty with train`. */
function inWords(guard: string): string {
  return guard
    .replace(/\b(is|was|were)(?=[A-Z])/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
