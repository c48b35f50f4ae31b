/**
 * A chart as SVG: boxes, lines, states, and what is lit of them. Draws what it is given and reacts to nothing; colours
 * come from the style sheet by class. Used by the page and, without a browser, for the pictures of the documentation.
 */
/* Scripts that know no settings of the page compile this file too. */
/** @jsxRuntime automatic */
import type { ReactNode, SVGProps } from 'react';
import { type ChartStanding, type Lit, litOf } from './chart-lit.ts';
import type { Area, Chart, ChartEdge, ChartNode } from './chart-shape.ts';

const LINE = 15;
const CORNER = 6;

export interface ChartDrawingProps {
  chart: Chart;
  standing: ChartStanding;
  /** Says what the picture shows. */
  label: string;
  /** The part to be seen; all of it without. */
  view?: Area;
  /** What is put on the element of a state beside what the drawing puts there. */
  stateProps?: (node: ChartNode) => SVGProps<SVGGElement>;
  /** Id of a state whose moves are to stand out. */
  picked?: string | null;
  /** Put before everything, as a style sheet. */
  children?: ReactNode;
  svgProps?: SVGProps<SVGSVGElement>;
}

export function ChartDrawing({
  chart,
  standing,
  label,
  view,
  stateProps,
  picked,
  children,
  svgProps,
}: ChartDrawingProps) {
  const lit = litOf(chart, standing);
  const { x, y, w, h } = view ?? { x: 0, y: 0, w: chart.width, h: chart.height };
  const touches = ({ from, to }: ChartEdge) =>
    picked !== null && picked !== undefined && (from === picked || to === picked);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      className="chart"
      viewBox={`${x} ${y} ${w} ${h}`}
      role={stateProps ? 'group' : 'img'}
      aria-label={label}
      {...svgProps}
    >
      {children}
      {chart.nodes.map((node) => (node.box ? <Inside key={node.id} node={node} box={node.box} lit={lit} /> : null))}
      {chart.edges.map((edge) => (
        <Edge key={`${edge.from} ${edge.to}`} edge={edge} lit={lit} picked={touches(edge)} part="line" />
      ))}
      {chart.nodes.map((node) => (
        <State
          key={node.id}
          node={node}
          head={headHeight(chart, node)}
          lit={lit}
          extra={stateProps?.(node)}
          picked={node.id === picked}
        />
      ))}
      {chart.edges.map((edge) => (
        <Edge key={`${edge.from} ${edge.to}`} edge={edge} lit={lit} picked={touches(edge)} part="words" />
      ))}
    </svg>
  );
}

const classes = (...names: (string | false)[]) => names.filter(Boolean).join(' ');

/** The box with the inner states of `node`, and what joins it to the state it belongs to. */
function Inside({ node, box, lit }: { node: ChartNode; box: Area; lit: Lit }) {
  const beside = box.x >= node.x + node.w;
  const joint = beside
    ? [
        [node.x + node.w, node.y],
        [box.x, box.y],
        [box.x, box.y + box.h],
        [node.x + node.w, node.y + node.h],
      ]
    : [
        [node.x, node.y + node.h],
        [box.x, box.y],
        [box.x + box.w, box.y],
        [node.x + node.w, node.y + node.h],
      ];
  return (
    <g className={classes('chart-inside', lit.states.has(node.id) && 'is-current')}>
      <polygon className="chart-joint" points={joint.map((corner) => corner.join(',')).join(' ')} />
      <rect className="chart-box" x={box.x} y={box.y} width={box.w} height={box.h} rx={8} />
      <text className="chart-box-title" x={box.x + 14} y={box.y + 23}>
        {node.title}
      </text>
    </g>
  );
}

interface StateProps {
  node: ChartNode;
  /** Height of the part that holds the name. */
  head: number;
  lit: Lit;
  extra: SVGProps<SVGGElement> | undefined;
  picked: boolean;
}

function State({ node, head, lit, extra, picked }: StateProps) {
  if (node.kind === 'start')
    return <circle className="chart-start" cx={node.x + node.w / 2} cy={node.y + node.h / 2} r={node.w / 2} />;
  const current = lit.leaves.has(node.id);
  const inside = lit.states.has(node.id) && !current;
  const { x, y, w, h } = node;
  return (
    <g
      className={classes(
        'chart-state',
        `is-${node.kind}`,
        current && 'is-current',
        inside && 'is-around',
        picked && 'is-picked',
        node.box !== null && 'has-inside',
      )}
      data-state-id={node.id}
      aria-current={current || inside ? 'step' : undefined}
      {...extra}
    >
      {node.description === '' ? null : <title>{node.description}</title>}
      <rect className="chart-body" x={x} y={y} width={w} height={h} rx={7} />
      {node.kind === 'final' ? (
        <rect className="chart-rim" x={x + 3} y={y + 3} width={w - 6} height={h - 6} rx={5} />
      ) : null}
      <text className="chart-name" x={x + w / 2} y={y + head / 2 + 5}>
        {node.title}
      </text>
    </g>
  );
}

interface EdgeProps {
  edge: ChartEdge;
  lit: Lit;
  picked: boolean;
  part: 'line' | 'words';
}

function Edge({ edge, lit, picked, part }: EdgeProps) {
  const { label } = edge;
  const name = classes(
    part === 'line' ? 'chart-edge' : 'chart-words',
    edge.moves.length === 0 && 'is-start',
    lit.open.has(edge) && 'is-open',
    lit.taken.has(edge) && 'is-taken',
    picked && 'is-picked',
  );
  const full = edge.moves.map(({ from, to, label: text }) => `${from === '' ? 'any state' : from} → ${to}: ${text}`);
  if (part === 'line') {
    if (edge.points.length === 0) return null;
    return (
      <g className={name} data-edge={`${edge.from} ${edge.to}`}>
        {full.length > 0 ? <title>{full.join('\n')}</title> : null}
        <path className="chart-reach" d={lineOf(edge.points)} />
        <path className="chart-line" d={lineOf(edge.points)} />
        <path className="chart-head" d={headOf(edge.points)} />
      </g>
    );
  }
  if (!label) return null;
  const foot = edge.points.length === 0;
  const left = label.x + 10;
  return (
    <g
      className={classes(name, foot && 'is-foot', foot && lit.leaves.has(edge.from) && 'at-current')}
      data-words={`${edge.from} ${edge.to}`}
    >
      {full.length > 0 ? <title>{full.join('\n')}</title> : null}
      {foot ? <path className="chart-return" d={`M${left + 8} ${label.y + 3}v3q0 3 -3 3h-6m3 -3l-3 3l3 3`} /> : null}
      {label.lines.map((line, index) => (
        <text
          key={line}
          className="chart-word"
          x={foot ? left + 14 : label.x + label.w / 2}
          y={label.y + 11.5 + index * LINE - (foot ? 1 : 0)}
          textAnchor={foot ? 'start' : 'middle'}
        >
          {line}
        </text>
      ))}
    </g>
  );
}

/** All of a state, or what is above the words at its foot. */
function headHeight({ edges }: Chart, { id, y, h }: ChartNode): number {
  const foot = edges.find(({ from, points }) => from === id && points.length === 0)?.label;
  return foot ? foot.y - y : h;
}

type Point = readonly [number, number];

/** The line with round corners. */
function lineOf(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (!before) return `M${point.join(' ')}`;
      if (!after) return `L${point.join(' ')}`;
      return `L${towards(point, before).join(' ')}Q${point.join(' ')} ${towards(point, after).join(' ')}`;
    })
    .join('');
}

/** The point a corner's width from `point` on the way to `other`, or half of it on a short way. */
function towards(point: Point, other: Point): Point {
  const [dx, dy] = [other[0] - point[0], other[1] - point[1]];
  const length = Math.hypot(dx, dy);
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return [tenth(point[0] + dx * share), tenth(point[1] + dy * share)];
}

const tenth = (length: number) => Math.round(length * 10) / 10;

/** The arrow at the end of the line. */
function headOf(points: readonly Point[]): string {
  const [before, end] = points.slice(-2);
  if (!before || !end) return '';
  const [dx, dy] = [Math.sign(end[0] - before[0]), Math.sign(end[1] - before[1])];
  const [x, y] = [end[0] - dx * 8, end[1] - dy * 8];
  return `M${end.join(' ')}L${x - dy * 4} ${y - dx * 4}L${x + dy * 4} ${y + dx * 4}Z`;
}
