/**
 * The machines as pictures: docs/images/<machine>.svg, and the same placed charts as data for the page. Placing takes
 * seconds, so what was placed before is taken as long as the machines and what places them are the same.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ChartDrawing } from '../../src/io/page/chart-drawing.tsx';
import type { Chart, ChartShapes } from '../../src/io/page/chart-shape.ts';
import { MACHINES, planFor, shapesOf } from '../charts/machines.ts';

const root = new URL('../../', import.meta.url);
const DATA = 'src/io/page/charts.json';

/** Colours by which the pictures show on light and on dark pages. */
const COLOURS = `
.chart { --bg: #ffffff; --fg: #1f2328; --muted: #59636e; --line: #afb8c1; --card: #f6f8fa; --accent: #0969da; }
@media (prefers-color-scheme: dark) {
  .chart { --bg: #0d1117; --fg: #e6edf3; --muted: #9198a1; --line: #3d444d; --card: #161b22; --accent: #4493f8; }
}
`;

/** Paths from the root, with the text of each. */
export async function chartFiles(): Promise<[string, string][]> {
  const charts = readCharts() ?? (await placeCharts());
  const style = readFileSync(new URL('src/io/page/chart.css', root), 'utf8');
  const pictures = Object.entries(charts).map(([name, { wide }]): [string, string] => [
    `docs/images/${name}.svg`,
    pictureOf(wide, style),
  ]);
  return [[DATA, dataOf(charts)], ...pictures];
}

type Charts = Record<string, ChartShapes>;

/** All charts, placed anew. */
export async function placeCharts(): Promise<Charts> {
  const charts: Charts = {};
  for (const machine of MACHINES) charts[machine.id] = await shapesOf(machine);
  return charts;
}

/** What was placed before; null when it is not of these machines, or was changed by hand. */
function readCharts(): Charts | null {
  try {
    const { made_from, charts } = JSON.parse(readFileSync(new URL(DATA, root), 'utf8')) as {
      made_from: string;
      charts: Charts;
    };
    return made_from === digestOf(charts) ? charts : null;
  } catch {
    return null;
  }
}

/** Of the charts and of all they are made from. */
function digestOf(charts: Charts): string {
  const hash = createHash('sha256');
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  hash.update(`${lock.packages['node_modules/elkjs']?.version}\n`);
  for (const file of ['layout', 'text-width'])
    hash.update(readFileSync(new URL(`scripts/charts/${file}.ts`, root), 'utf8'));
  hash.update(JSON.stringify(MACHINES.map(planFor)));
  return hash.update(JSON.stringify(charts)).digest('hex');
}

/** A line a part, so that a change of a machine shows as such. */
function dataOf(charts: Charts): string {
  const list = (parts: readonly unknown[]) => `[\n${parts.map((part) => JSON.stringify(part)).join(',\n')}\n]`;
  const shape = ({ nodes, edges, ...head }: Chart) =>
    `{${JSON.stringify(head).slice(1, -1)},"nodes":${list(nodes)},"edges":${list(edges)}}`;
  const made = Object.entries(charts).map(([name, shapes]) => {
    const all = Object.entries<Chart>({ ...shapes }).map(([kind, chart]) => `${JSON.stringify(kind)}:${shape(chart)}`);
    return `${JSON.stringify(name)}:{${all.join(',\n')}}`;
  });
  return `{"made_from":"${digestOf(charts)}",\n"charts":{\n${made.join(',\n')}\n}}\n`;
}

function pictureOf(chart: Chart, style: string): string {
  const sheet = `${pictureRules(style)}${COLOURS}`;
  const picture = createElement(
    ChartDrawing,
    {
      chart,
      standing: { value: '' },
      label: `The machine ${chart.machine}: ${chart.description}`,
      svgProps: { width: chart.width, height: chart.height },
    },
    createElement('style', null, sheet),
  );
  return `${renderToStaticMarkup(picture).replace(/(<\/g>|<\/style>)/g, '$1\n')}\n`;
}

/** The part of the style sheet that concerns the drawing, up to the mark where the page begins. */
function pictureRules(style: string): string {
  const [drawing] = style.split('/* The chart in the page');
  return `${drawing ?? ''}`.replace(/\/\*[\s\S]*?\*\//g, '').trim();
}
