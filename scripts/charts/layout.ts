/**
 * Places a planned chart: each box by the layered layout of elk, the inside of a state beside the chart it belongs to. Made
 * once, so that no reader's machine has to. Deterministic.
 */
import Elk, { type ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { Chart, ChartEdge, ChartNode } from '../../src/io/page/chart-shape.ts';
import type { Plan, PlannedEdge, PlannedNode } from './plan.ts';
import { textWidth } from './text-width.ts';

/** Font sizes, and the height of a line of words. */
const TEXT = { title: 14, label: 12, line: 15 };
const TITLE_HEIGHT = 32;
/** Left of the words at a state's foot, for the arrow. */
const FOOT_INDENT = 18;
const MARGIN = 10;
/** Of a state's side, for one line. */
const ARROW = 9;
/** Between a chart and the inside of its states. */
const GAP = 44;
const BOX_TITLE = 38;
/** A wide chart is as high as it must be, and not wider than this. */
const WIDE = 1400;
/** A medium one is to be read as a whole in a square of this size; smaller than this share its words are too small. */
const MEDIUM = 640;
const READABLE = 0.8;
/** A narrow one is as high as it must be, and has words at its edges if they fit into this. */
const NARROW = 450;

/** Longest line of words at an edge where there is room. */
const WORDS = 110;

type Direction = 'RIGHT' | 'DOWN';

interface Style {
  /** Directions of the chart, and of what is inside its states. */
  outer: Direction;
  inner: Direction;
  words: boolean;
  /** Longest line of words at an edge. */
  lineWidth: number;
  /** Whether insides stand below; else to the right. */
  below: boolean;
  /** Most states side by side; null for as many as come. */
  bound: number | null;
}

type Head = Pick<Chart, 'machine' | 'description'>;

const elk = new Elk.default();

/** The wide shape: of the ways that fit the width the lowest, else the narrowest. */
export async function placeWide(plan: Plan, head: Head): Promise<Chart> {
  const made: Chart[] = [];
  for (const outer of ['RIGHT', 'DOWN'] as const)
    for (const inner of plan.nodes.some(({ parent }) => parent !== null) ? (['RIGHT', 'DOWN'] as const) : [outer])
      made.push(await place(plan, head, { outer, inner, words: true, lineWidth: WORDS, below: false, bound: null }));
  const fit = made.filter(({ width }) => width <= WIDE);
  return fit.length > 0 ? best(fit, ({ height }) => height) : narrowest(made);
}

const narrowest = (charts: readonly Chart[]) => best(charts, ({ width }) => width);

function best(charts: readonly Chart[], measure: (chart: Chart) => number): Chart {
  const [found] = [...charts].sort((one, other) => measure(one) - measure(other));
  if (!found) throw new Error('no way to draw it was tried');
  return found;
}

/** The medium shape: of the ways that show it whole the largest, with words if those can be read. */
export async function placeMedium(plan: Plan, head: Head): Promise<Chart> {
  const nested = plan.nodes.some(({ parent }) => parent !== null);
  const share = ({ width, height }: Chart) => Math.min(1, MEDIUM / width, MEDIUM / height);
  let found: Chart | null = null;
  for (const words of [true, false]) {
    const made: Chart[] = [];
    for (const outer of ['RIGHT', 'DOWN'] as const)
      for (const below of nested ? [false, true] : [false]) {
        const style: Style = { outer, inner: 'DOWN', words, lineWidth: WORDS, below, bound: null };
        made.push(await place(plan, head, style));
      }
    found = best(made, (chart) => -share(chart));
    if (share(found) >= READABLE) break;
  }
  return found ?? placeWide(plan, head);
}

/** The narrow shape, from top to bottom: with words if they fit, else the less side by side the narrower it must be. */
export async function placeNarrow(plan: Plan, head: Head): Promise<Chart> {
  const style: Style = { outer: 'DOWN', inner: 'DOWN', words: true, lineWidth: 90, below: true, bound: 3 };
  const made: Chart[] = [];
  for (const way of [{}, { words: false }, { words: false, bound: 2 }, { words: false, bound: 1 }]) {
    const chart = await place(plan, head, { ...style, ...way });
    if (chart.width <= NARROW) return chart;
    made.push(chart);
  }
  return narrowest(made);
}

async function place(plan: Plan, head: Head, style: Style): Promise<Chart> {
  const nodes: ChartNode[] = [];
  const edges: ChartEdge[] = [];
  let [width, height] = [0, 0];
  const levels = [
    null,
    ...plan.nodes.filter(({ id }) => plan.nodes.some(({ parent }) => parent === id)).map(({ id }) => id),
  ];
  for (const level of levels) {
    const laid = await laidOut(graphOf(plan, level, style));
    const [w, h] = [round(laid.width), round(laid.height)];
    const x = level === null || style.below ? MARGIN : width + GAP;
    const y = level === null || !style.below ? MARGIN : height + GAP;
    const inset = level === null ? [0, 0] : [12, BOX_TITLE];
    const [left, top] = [x + (inset[0] ?? 0), y + (inset[1] ?? 0)];
    const box = { x, y, w: w + (level === null ? 0 : 24), h: h + (level === null ? 0 : BOX_TITLE + 12) };
    const owner = nodes.find(({ id }) => id === level);
    if (owner) owner.box = box;
    for (const node of laid.children ?? []) {
      const planned = plan.nodes.find(({ id }) => id === node.id);
      if (!planned) continue;
      const area = { x: left + round(node.x), y: top + round(node.y), w: round(node.width), h: round(node.height) };
      nodes.push({ ...planned, ...area, box: null });
    }
    for (const edge of laid.edges ?? []) {
      const line = plan.edges[Number(edge.id)];
      if (!line) continue;
      const corners = (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
        startPoint,
        ...bendPoints,
        endPoint,
      ]);
      const [label] = edge.labels ?? [];
      edges.push({
        from: line.from,
        to: line.to,
        points: corners.map((corner) => [left + round(corner.x), top + round(corner.y)]),
        label: label
          ? {
              lines: linesOf(line.words, style.lineWidth),
              x: left + round(label.x),
              y: top + round(label.y),
              w: round(label.width),
              h: round(label.height),
            }
          : null,
        moves: line.moves,
      });
    }
    width = Math.max(width, box.x + box.w);
    height = Math.max(height, box.y + box.h);
  }
  return {
    ...head,
    width: width + MARGIN,
    height: height + MARGIN,
    nodes,
    edges: [...edges, ...footnotes(plan, nodes, style)],
  };
}

const known = new Map<string, Promise<ElkNode>>();

/** Shapes have much in common; the same graph is laid out once. */
function laidOut(graph: ElkNode): Promise<ElkNode> {
  const key = JSON.stringify(graph);
  const laid = known.get(key) ?? elk.layout(graph);
  known.set(key, laid);
  return laid;
}

/** The edges that are words at the foot of a state. */
function footnotes(plan: Plan, nodes: readonly ChartNode[], style: Style): ChartEdge[] {
  return plan.edges.flatMap((line) => {
    const node = line.back ? nodes.find(({ id }) => id === line.from) : undefined;
    if (!node) return [];
    const area = { x: node.x, y: node.y + TITLE_HEIGHT, w: node.w, h: node.h - TITLE_HEIGHT };
    return [
      { from: line.from, to: line.to, points: [], label: { lines: footOf(line, style), ...area }, moves: line.moves },
    ];
  });
}

const round = (length: number | undefined) => Math.round((length ?? 0) * 2) / 2;

/** What elk is given of one box, or of the chart itself (`level` null). Edges are named by their place in the plan. */
function graphOf(plan: Plan, level: string | null, style: Style): ElkNode {
  const own = plan.nodes.filter(({ parent }) => parent === level);
  const direction = level === null ? style.outer : style.inner;
  const feet = (id: string) =>
    plan.edges.filter(({ back, from }) => back && from === id).flatMap((line) => footOf(line, style));
  return {
    id: '',
    layoutOptions: optionsOf(direction, style),
    children: own.map((node, index) => {
      const { width, height } = sizeOf(node, feet(node.id));
      if (node.kind === 'start') return { id: node.id, width, height };
      // Lines come and go at the side that faces the other state: each wants room for its arrow.
      const others = plan.edges.flatMap(({ back, from, to }) =>
        back || from === to || (from !== node.id && to !== node.id) ? [] : [from === node.id ? to : from],
      );
      const later = others.filter((id) => own.findIndex((other) => other.id === id) > index).length;
      const side = ARROW * (Math.max(later, others.length - later) + 1);
      return direction === 'RIGHT'
        ? { id: node.id, width, height: Math.max(height, side) }
        : { id: node.id, width: Math.max(width, side), height };
    }),
    edges: plan.edges.flatMap((edge, index) => {
      if (edge.back || edge.level !== level) return [];
      const lines = style.words ? linesOf(edge.words, style.lineWidth) : [];
      const width = Math.max(0, ...lines.map((text) => textWidth(text, TEXT.label))) + 8;
      const labels = lines.length > 0 ? [{ text: lines.join(' '), width, height: lines.length * TEXT.line + 2 }] : [];
      return [{ id: String(index), sources: [edge.from], targets: [edge.to], labels }];
    }),
  };
}

function optionsOf(direction: Direction, style: Style): Record<string, string> {
  return {
    'elk.algorithm': 'layered',
    'elk.direction': direction,
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.padding': '[top=0,left=0,bottom=0,right=0]',
    'elk.randomSeed': '1',
    'elk.spacing.nodeNode': '14',
    'elk.spacing.edgeNode': '12',
    'elk.spacing.edgeEdge': '9',
    'elk.spacing.edgeLabel': '2',
    'elk.layered.spacing.nodeNodeBetweenLayers': '8',
    'elk.layered.spacing.edgeNodeBetweenLayers': '7',
    'elk.layered.spacing.edgeEdgeBetweenLayers': '7',
    'elk.layered.edgeLabels.sideSelection': 'ALWAYS_UP',
    'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'SPACE_EFFICIENT_LAYER',
    'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
    'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
    'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
    ...(style.bound === null
      ? {}
      : {
          'elk.layered.layering.strategy': 'COFFMAN_GRAHAM',
          'elk.layered.layering.coffmanGraham.layerBound': String(style.bound),
        }),
  };
}

function sizeOf(node: PlannedNode, foot: readonly string[]): { width: number; height: number } {
  if (node.kind === 'start') return { width: 12, height: 12 };
  const title = textWidth(node.title, TEXT.title, true) + 24;
  if (foot.length === 0) return { width: title, height: TITLE_HEIGHT };
  const widest = Math.max(...foot.map((text) => textWidth(text, TEXT.label)));
  return { width: Math.max(title, widest + FOOT_INDENT + 14), height: TITLE_HEIGHT + foot.length * TEXT.line + 5 };
}

/** The words at the foot of a state that goes back to another one. */
function footOf({ to, words }: PlannedEdge, { words: worded, lineWidth }: Style): string[] {
  const name = to.slice(to.lastIndexOf('.') + 1);
  return worded ? linesOf([`${name}: ${words[0] ?? ''}`, ...words.slice(1)], lineWidth + 40) : [name];
}

/** Phrases with commas between them, in lines no wider than `width` unless one word is. */
function linesOf(phrases: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of phrases.join(', ').split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, TEXT.label) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}
