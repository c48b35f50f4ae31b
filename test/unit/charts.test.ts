/**
 * The charts as they are drawn: nothing of a machine is missing, nothing lies on anything else, and what is lit is what
 * the machine does.
 */
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { placeNarrow, placeWide } from '../../scripts/charts/layout.ts';
import { MACHINES } from '../../scripts/charts/machines.ts';
import { planOf } from '../../scripts/charts/plan.ts';
import { textWidth } from '../../scripts/charts/text-width.ts';
import { placeCharts } from '../../scripts/docs/charts.ts';
import { machineNames } from '../../src/actors/commands/reading.ts';
import { chartOf } from '../../src/io/page/chart-data.ts';
import { ChartDrawing } from '../../src/io/page/chart-drawing.tsx';
import { litOf } from '../../src/io/page/chart-lit.ts';
import type { Area, Chart, ChartEdge, ChartShapes } from '../../src/io/page/chart-shape.ts';
import { closeness, nextState, panned, wholeOf, zoomed } from '../../src/io/page/chart-view.ts';
import { diagramOf, edgeLabel } from '../../src/machines/diagram.ts';

const chart = (name: string, shape: keyof ChartShapes = 'wide'): Chart => {
  const shapes = chartOf(name);
  if (!shapes) throw new Error(`${name} has no chart`);
  return shapes[shape];
};

/** Every machine in every shape. */
const ALL = MACHINES.flatMap((machine) =>
  (['wide', 'medium', 'narrow'] as const).map(
    (shape) => [`${machine.id}, ${shape}`, machine, chart(machine.id, shape)] as const,
  ),
);

const overlap = (one: Area, other: Area) =>
  one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
const holds = (outer: Area, inner: Area) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.w <= outer.x + outer.w &&
  inner.y + inner.h <= outer.y + outer.h;
/** The straight pieces of a line, a hair thick. */
const piecesOf = ({ points }: ChartEdge): Area[] =>
  points.slice(1).flatMap(([x, y], index) => {
    const [px, py] = points[index] ?? [x, y];
    return [{ x: Math.min(x, px), y: Math.min(y, py), w: Math.abs(x - px), h: Math.abs(y - py) }];
  });
const pairs = <Item>(list: readonly Item[]) =>
  list.flatMap((one, index) => list.slice(index + 1).map((other): [Item, Item] => [one, other]));

describe('the charts', () => {
  test('are there for every machine that telec names', () => {
    expect(MACHINES.map(({ id }) => id).sort()).toEqual(machineNames().sort());
  });

  test('placed anew are those that are kept: the same machine gives the same picture', async () => {
    expect(await placeCharts()).toEqual(Object.fromEntries(MACHINES.map(({ id }) => [id, chartOf(id)])));
  }, 60_000);
});

describe.each(ALL)('the chart %s', (_title, machine, drawn) => {
  const { nodes, edges } = drawn;
  const diagram = diagramOf(machine);
  const states = nodes.filter(({ kind }) => kind !== 'start');
  const worded = edges.flatMap(({ label, points }) => (label && points.length > 0 ? [label] : []));
  const boxes = nodes.flatMap(({ box }) => (box ? [box] : []));

  test('has each state once, with its words', () => {
    expect(states.filter(({ kind }) => kind !== 'any').map(({ id, description }) => [id, description])).toEqual(
      expect.arrayContaining(diagram.nodes.flatMap(({ id, description }) => (id === '' ? [] : [[id, description]]))),
    );
    const drawnStates = states.filter(({ kind }) => kind !== 'any').length;
    expect(drawnStates).toBe(diagram.nodes.length - 1);
  });

  test('has each edge of the machine once: as a move of a line, or noted at its state', () => {
    const moves = edges.flatMap((edge) => edge.moves.map(({ from, to, label }) => `${from} -> ${to}: ${label}`));
    const noted = states.flatMap(({ id, kind, stays }) =>
      stays.map((label) => `${kind === 'any' ? '' : id} stays: ${label}`),
    );
    const own = diagram.edges.map((edge) =>
      edge.internal ? `${edge.from} stays: ${edgeLabel(edge)}` : `${edge.from} -> ${edge.to}: ${edgeLabel(edge)}`,
    );
    expect([...moves, ...noted].sort()).toEqual(own.sort());
  });

  test('lies within its bounds, and what is inside a state within its box', () => {
    const all = { x: 0, y: 0, w: drawn.width, h: drawn.height };
    const parts = [...nodes, ...boxes, ...worded, ...edges.flatMap(piecesOf)];
    expect(parts.filter((part) => !holds(all, part))).toEqual([]);
    const outside = nodes.filter(({ parent, ...area }) => {
      const box = nodes.find(({ id }) => id === parent)?.box;
      return parent !== null && !(box && holds(box, area));
    });
    expect(outside).toEqual([]);
  });

  test('has no state, box or word upon another', () => {
    const top = nodes.filter(({ parent }) => parent === null);
    const upon = [
      ...pairs(nodes).filter(([one, other]) => overlap(one, other)),
      ...pairs(worded).filter(([one, other]) => overlap(one, other)),
      ...nodes.flatMap((node) => worded.filter((label) => overlap(node, label))),
      ...boxes.flatMap((box) => top.filter((node) => overlap(box, node))),
      ...pairs(boxes).filter(([one, other]) => overlap(one, other)),
    ];
    expect(upon).toEqual([]);
  });

  test('has room for all its words', () => {
    const narrow = edges.flatMap(({ label }) =>
      label ? label.lines.filter((line) => textWidth(line, 12) > label.w).map((line) => [line, label.w]) : [],
    );
    expect(narrow).toEqual([]);
    expect(states.filter(({ title, w }) => textWidth(title, 14, true) > w - 10)).toEqual([]);
  });

  test('has room for each arrow at a state', () => {
    const ends = edges.flatMap(({ to, points }) => {
      const end = points.at(-1);
      return end ? [{ to, end }] : [];
    });
    const close = pairs(ends).filter(
      ([one, other]) => one.to === other.to && Math.hypot(one.end[0] - other.end[0], one.end[1] - other.end[1]) < 6,
    );
    expect(close).toEqual([]);
  });

  test('has lines of straight pieces, from state to state and through none', () => {
    for (const edge of edges.filter(({ points }) => points.length > 0)) {
      expect(edge.points.length).toBeGreaterThan(1);
      const pieces = piecesOf(edge);
      expect(pieces.filter(({ w, h }) => w > 0 && h > 0)).toEqual([]);
      const touched = (place: [number, number] | undefined) =>
        nodes
          .filter((node) => place && holds({ x: node.x - 1, y: node.y - 1, w: node.w + 2, h: node.h + 2 }, dot(place)))
          .map(({ id }) => id);
      expect(touched(edge.points[0])).toEqual([edge.from]);
      expect(touched(edge.points.at(-1))).toEqual([edge.to]);
      const inner = nodes.map(({ id, x, y, w, h }) => ({ id, x: x + 1, y: y + 1, w: w - 2, h: h - 2 }));
      expect(inner.filter((node) => pieces.some((piece) => overlap(node, piece))).map(({ id }) => id)).toEqual([]);
    }
  });
});

const dot = ([x, y]: [number, number]): Area => ({ x, y, w: 0, h: 0 });

test('wide charts fit a desk, medium ones a panel as a whole, narrow ones a phone', () => {
  for (const { id } of MACHINES) {
    expect(chart(id).width).toBeLessThanOrEqual(1560);
    const { width, height } = chart(id, 'medium');
    expect(Math.min(640 / width, 640 / height)).toBeGreaterThan(0.74);
    expect(chart(id, 'narrow').width).toBeLessThanOrEqual(480);
  }
});

describe('a plan', () => {
  const machine = setup({ guards: { isEmptyWithTrain: () => true } }).createMachine({
    id: 'drain',
    initial: 'idle',
    states: {
      idle: { on: { wake: 'working', stop: 'over' } },
      working: {
        initial: 'one',
        states: {
          one: { on: { next: 'two', lost: '#drain.over' } },
          two: {
            on: { next: { target: 'one', guard: 'isEmptyWithTrain' }, lost: '#drain.over', again: '#drain.working' },
          },
        },
      },
      over: { type: 'final' },
    },
  });
  const lines = planOf(diagramOf(machine), (id) => `what ends ${id}`).edges.map(
    ({ from, to, level, words }) => `${level ?? 'top'}: ${from} -> ${to} (${words.join('; ')})`,
  );

  test('draws a line in the smallest box around both its ends, and says which inner state leaves it', () => {
    expect(lines).toEqual([
      'top: #start  -> idle ()',
      'working: #start working -> working.one ()',
      'top: idle -> working (wake)',
      'top: idle -> over (stop)',
      'working: working.one -> working.two (next)',
      'top: working -> over (one: lost; two: lost)',
      'working: working.two -> working.one (next if empty with train; again)',
    ]);
  });

  test('can be placed wide and narrow', async () => {
    const plan = planOf(diagramOf(machine), () => '');
    const head = { machine: 'drain', description: '' };
    for (const placed of [await placeWide(plan, head), await placeNarrow(plan, head)]) {
      expect(placed.nodes.map(({ id }) => id)).toEqual(
        expect.arrayContaining(['idle', 'working', 'over', 'working.one', 'working.two']),
      );
      expect(placed.nodes.filter(({ box }) => box).map(({ id }) => id)).toEqual(['working']);
    }
  });

  test('many ways back to one state are words at the foot of those they leave', () => {
    const back = chart('integrator').edges.filter(({ points }) => points.length === 0);
    expect(new Set(back.map(({ to }) => to))).toEqual(new Set(['draining.selecting', 'draining.testing']));
    expect(back.length).toBeGreaterThan(5);
    for (const { from, to, label } of back) {
      const node = chart('integrator').nodes.find(({ id }) => id === from);
      expect(label?.lines.join(' ')).toContain(to.replace('draining.', ''));
      expect(node && label && holds(node, label)).toBe(true);
    }
  });
});

describe('what is lit', () => {
  const lit = (name: string, standing: Parameters<typeof litOf>[1]) => {
    const { states, leaves, taken, open } = litOf(chart(name), standing);
    const names = (set: ReadonlySet<ChartEdge>) => [...set].map(({ from, to }) => `${from} -> ${to}`).sort();
    return { states: [...states], leaves: [...leaves], taken: names(taken), open: names(open) };
  };

  test('is the state, what it lies in, and the move that led there', () => {
    expect(
      lit('integrator', { value: 'draining.merging', previous: 'draining.rechecking', accepts: ['lease.lost'] }),
    ).toEqual({
      states: ['draining', 'draining.merging'],
      leaves: ['draining.merging'],
      taken: ['draining.rechecking -> draining.merging'],
      open: [
        'draining -> releasing',
        'draining.merging -> draining.bookkeeping',
        'draining.merging -> draining.selecting',
        'draining.merging -> draining.testing',
      ],
    });
  });

  test('is the line out of the box when an inner state left it', () => {
    const { taken, states } = lit('integrator', { value: 'releasing', previous: 'draining.pushing' });
    expect(states).toEqual(['releasing']);
    expect(taken).toEqual(['draining -> releasing']);
  });

  test('goes by the event where the state before is not known, with or without its domain', () => {
    for (const lastEvent of ['integration.candidate.dequeued', 'somewhere.integration.candidate.dequeued'])
      expect(lit('candidate', { value: 'integrating', lastEvent }).taken).toEqual(['ready -> integrating']);
    expect(lit('candidate', { value: 'ready', lastEvent: 'review.approved' }).taken).toEqual([]);
  });

  test('shows of the moves to come those whose event is accepted', () => {
    const accepts = ['deployment.completed', 'integration.candidate.dequeued'];
    expect(lit('candidate', { value: 'ready', accepts }).open).toEqual([
      '#any -> completed',
      'ready -> integrating',
      'ready -> pending',
      'ready -> superseded',
    ]);
  });

  test('is nothing to come in a final state, and nothing at all where none is known', () => {
    expect(lit('candidate', { value: 'completed' }).open).toEqual([]);
    expect(lit('integrator', { value: '' })).toEqual({ states: [], leaves: [], taken: [], open: [] });
    expect(lit('integrator', { value: 'draining.no-such-state' }).states).toEqual([]);
  });
});

describe('the drawing', () => {
  const markup = renderToStaticMarkup(
    createElement(ChartDrawing, {
      chart: chart('integrator'),
      standing: { value: 'draining.merging', previous: 'draining.rechecking' },
      label: 'The <integrator>',
    }),
  );

  test('names every state, marks the current one and those around it, and says what it shows', () => {
    const ids = [...markup.matchAll(/data-state-id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.sort()).toEqual(
      diagramOf(MACHINES.find(({ id }) => id === 'integrator') ?? fail())
        .nodes.map(({ id }) => id)
        .filter((id) => id !== '')
        .sort(),
    );
    const current = [...markup.matchAll(/data-state-id="([^"]+)" aria-current="step"/g)].map(([, id]) => id);
    expect(current).toEqual(['draining', 'draining.merging']);
    expect(markup).toMatch(/^<svg [^>]*role="img" aria-label="The &lt;integrator&gt;"/);
    expect([...markup.matchAll(/chart-edge[^"]*is-taken" data-edge="([^"]+)"/g)].map(([, edge]) => edge)).toEqual([
      'draining.rechecking draining.merging',
    ]);
  });

  test('says of an edge in full what stands at it in short', () => {
    expect(markup).toContain(
      '<title>draining.rechecking → draining.merging: done recheckCandidate [stillHolds]</title>',
    );
  });
});

const fail = (): never => {
  throw new Error('there is no such machine');
};

describe('looking around', () => {
  const drawn = chart('integrator');
  const whole = wholeOf(drawn);

  test('goes closer around a point and never out of the chart', () => {
    const close = zoomed(drawn, whole, 3, 0, 0);
    expect(close).toMatchObject({ x: 0, y: 0 });
    expect(closeness(drawn, close)).toBeCloseTo(1.25 ** 3);
    expect(closeness(drawn, zoomed(drawn, whole, 99))).toBe(6);
    expect(zoomed(drawn, close, -99)).toEqual(whole);
    expect(panned(drawn, whole, 1, 1)).toEqual(whole);
    const corner = panned(drawn, close, 99, 99);
    expect([corner.x + corner.w, corner.y + corner.h]).toEqual([drawn.width, drawn.height]);
  });

  test('an arrow key leads to the next state that way, or nowhere', () => {
    expect(nextState(drawn, 'standby', 'ArrowUp')).toBe('standby');
    expect(nextState(drawn, 'standby', 'ArrowDown')).toBe('acquiring');
    expect(nextState(drawn, 'acquiring', 'ArrowUp')).toBe('standby');
    expect(nextState(drawn, 'no-such-state', 'ArrowUp')).toBe('no-such-state');
    const reached = new Set(['standby']);
    for (const id of reached)
      for (const way of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const)
        reached.add(nextState(drawn, id, way));
    const states = drawn.nodes.filter(({ kind }) => kind !== 'start').map(({ id }) => id);
    expect(states.filter((id) => !reached.has(id))).toEqual([]);
  });
});
