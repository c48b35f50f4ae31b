/** The dashboard, the alerts and the page on metrics name what the daemon tells, and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { meters } from '../../scripts/docs/metrics.ts';
import { makeMeters } from '../../src/actors/metrics/meters.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; datasource: { uid: string } }[];
}
interface Dashboard {
  title: string;
  schemaVersion: number;
  templating: { list: { name: string; definition?: string }[] };
  panels: Panel[];
}
interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

const dashboard = JSON.parse(read('grafana/telec.json')) as Dashboard;
const rules = (parse(read('grafana/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const known = meters();
/** Series that Prometheus makes itself. */
const PROMETHEUS = ['up'];
const SERIES = new Map(
  known.flatMap(({ name, type, labelNames }) =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labelNames, 'le']],
          [`${name}_sum`, labelNames],
          [`${name}_count`, labelNames],
        ]
      : [[name, labelNames]],
  ) as [string, string[]][],
);
/** Labels that every target has. */
const OF_TARGET = ['instance', 'job'];

/** Series of an expression with the labels each is asked for. */
function seriesIn(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b((?:telec|process)_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
  }));
}

const expressions = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr] as const),
  ),
  ...dashboard.templating.list.flatMap(({ name, definition }) =>
    definition ? [[`variable ${name}`, definition] as const] : [],
  ),
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
];

test.each(expressions)('%s asks for series and labels that there are', (_where, expr) => {
  const asked = seriesIn(expr);
  expect(asked.length + PROMETHEUS.filter((name) => expr.includes(`${name}{`)).length).toBeGreaterThan(0);
  for (const { name, labels } of asked) {
    expect([name, SERIES.has(name)]).toEqual([name, true]);
    for (const label of labels)
      expect([name, [...(SERIES.get(name) ?? []), ...OF_TARGET]]).toEqual([name, expect.arrayContaining([label])]);
  }
  const open = [...expr].filter((sign) => sign === '(').length;
  expect([...expr].filter((sign) => sign === ')')).toHaveLength(open);
});

describe('the dashboard', () => {
  test('asks counters by their rate, and histograms by their buckets', () => {
    const counters = known.filter(({ type }) => type === 'counter').map(({ name }) => name);
    for (const [where, expr] of expressions)
      for (const { name } of seriesIn(expr))
        if (counters.includes(name) || name.endsWith('_bucket'))
          expect([where, new RegExp(`(rate|increase)\\(${name}\\b`).test(expr)]).toEqual([where, true]);
  });

  test('has panels of different numbers that do not overlap, each with a title', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { title, gridPos } of panels)
      expect([title, title !== '' && gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
    const variables = dashboard.templating.list.map(({ name }) => name);
    for (const [, expr] of expressions)
      for (const [, name = ''] of expr.matchAll(/\$(\w+)/g))
        if (!name.startsWith('__')) expect(variables).toContain(name);
  });

  test('shows every meter, but for what only names things', () => {
    const shown = new Set(expressions.flatMap(([, expr]) => seriesIn(expr).map(({ name }) => name)));
    const left = known
      .map(({ name }) => name)
      .filter((name) => ![name, `${name}_bucket`].some((series) => shown.has(series)));
    expect(left).toEqual([
      'telec_repository_info',
      'process_start_time_seconds',
      'telec_session_running',
      'telec_lease_held',
      'telec_fence',
    ]);
  });
});

test('every alert says what is wrong, how bad, and what to do next', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { alert, labels, annotations } of rules) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(info|warning|critical)$/)]);
    expect(annotations.summary).not.toBe('');
    expect([alert, annotations.description]).toEqual([alert, expect.stringContaining('telec ')]);
  }
});

test('the page names every meter, and its snippet is what Prometheus reads', () => {
  const page = read('metrics.md');
  for (const { name } of known) expect(page).toContain(`| \`${name}\` |`);
  const [, snippet = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  expect(parse(snippet)).toEqual({
    scrape_configs: [
      {
        job_name: 'telec',
        scrape_interval: '15s',
        authorization: { credentials_file: expect.stringMatching(/\/metrics-token$/) },
        static_configs: [{ targets: ['127.0.0.1:7433'] }],
      },
    ],
  });
});

test('names and labels are as Prometheus wants them: units last, counters in totals', async () => {
  for (const { name, type } of known) {
    expect(name).toMatch(/^(telec|process)_[a-z_]+$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  }
  expect((await makeMeters().registry.metrics()).split('\n').filter((line) => line.startsWith('# TYPE'))).toHaveLength(
    known.length,
  );
});
