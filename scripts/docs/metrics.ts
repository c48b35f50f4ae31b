/** The table of docs/metrics.md, made from the meters the daemon has. */
import { makeMeters } from '../../src/actors/metrics/meters.ts';

interface Described {
  name: string;
  help: string;
  type: string;
  labelNames: string[];
}

/** All meters as they are declared; the client keeps these in fields of its own and types none of them. */
export const meters = (): Described[] => makeMeters().registry.getMetricsAsArray() as unknown as Described[];

export function meterTables(): [string, string][] {
  const rows = meters().map(({ name, type, labelNames, help }) => [
    `\`${name}\``,
    type,
    labelNames.map((label) => `\`${label}\``).join(', '),
    help.replaceAll('|', '\\|'),
  ]);
  const heading = ['Name', 'Type', 'Labels', 'Meaning'];
  return [['meters', [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')]];
}
