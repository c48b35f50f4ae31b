/** The placed charts of the machines by name, as `npm run docs` makes them. */

import type { ChartShapes } from './chart-shape.ts';
import placed from './charts.json' with { type: 'json' };

const CHARTS = new Map(Object.entries(placed.charts as unknown as Record<string, ChartShapes>));

/** Null for a machine that has no chart. */
export function chartOf(machine: string): ChartShapes | null {
  return CHARTS.get(machine) ?? null;
}
