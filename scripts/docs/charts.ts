/** The machines as pictures: docs/images/<machine>.svg, and the same placed charts as data for the page. */
import { readFileSync } from 'node:fs';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ChartDrawing } from '../../src/io/page/chart-drawing.tsx';
import type { Chart, ChartShapes } from '../../src/io/page/chart-shape.ts';
import { MACHINES, shapesOf } from '../charts/machines.ts';

/** Colours by which the pictures show on light and on dark pages. */
const COLOURS = `
.chart { --bg: #ffffff; --fg: #1f2328; --muted: #59636e; --line: #afb8c1; --card: #f6f8fa; --accent: #0969da; }
@media (prefers-color-scheme: dark) {
  .chart { --bg: #0d1117; --fg: #e6edf3; --muted: #9198a1; --line: #3d444d; --card: #161b22; --accent: #4493f8; }
}
`;

/** Paths from the root, with the text of each. */
export async function chartFiles(): Promise<[string, string][]> {
  const made: [string, ChartShapes][] = [];
  for (const machine of MACHINES) made.push([machine.id, await shapesOf(machine)]);
  const style = readFileSync(new URL('../../src/io/page/chart.css', import.meta.url), 'utf8');
  return [
    ['src/io/page/charts.json', dataOf(made)],
    ...made.map(([name, { wide }]): [string, string] => [`docs/images/${name}.svg`, pictureOf(wide, style)]),
  ];
}

/** A line a part, so that a change of a machine shows as such. */
function dataOf(made: readonly [string, ChartShapes][]): string {
  const list = (parts: readonly unknown[]) => `[\n${parts.map((part) => JSON.stringify(part)).join(',\n')}\n]`;
  const shape = ({ nodes, edges, ...head }: Chart) =>
    `{${JSON.stringify(head).slice(1, -1)},"nodes":${list(nodes)},"edges":${list(edges)}}`;
  const entry = ([name, { wide, narrow }]: readonly [string, ChartShapes]) =>
    `${JSON.stringify(name)}:{"wide":${shape(wide)},\n"narrow":${shape(narrow)}}`;
  return `{\n${made.map(entry).join(',\n')}\n}\n`;
}

function pictureOf(chart: Chart, style: string): string {
  const sheet = `${style.replace(/\/\*[\s\S]*?\*\//g, '').trim()}${COLOURS}`;
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
