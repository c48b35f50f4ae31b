/**
 * Every state with every event, decided on purpose. The tables are kept as pages beside this file: a change of a chart
 * shows in them, and is reviewed there.
 */

import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { candidateMachine } from '../../src/machines/candidate.ts';
import { deliveryMachine } from '../../src/machines/delivery.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { todoMachine } from '../../src/machines/todo.ts';
import { essenceOf, eventsAt, INPUT } from '../support/candidate-model.ts';
import { DELIVERY_CALLS, DELIVERY_INPUT, deliveryEssence, deliveryEventsAt } from '../support/delivery-model.ts';
import { type Exploration, edgesOf, explore, pathOf, statesOf } from '../support/exploration.ts';
import { CALLS, walkSessions } from '../support/integrator-model.ts';
import { LEASE_CALLS, LEASE_INPUT, leaseEssence, leaseEventsAt } from '../support/lease-model.ts';
import { TODO_INPUT, todoEssence, todoEventsAt } from '../support/todo-model.ts';
import {
  CANDIDATE_REASONS,
  DELIVERY_REASONS,
  INTEGRATOR_REASONS,
  LEASE_REASONS,
  type Reasons,
  reasonOf,
  TODO_REASONS,
} from './decisions.ts';

type Edge = ReturnType<typeof edgesOf>[number];

const leavesOf = (machine: AnyStateMachine) =>
  statesOf(machine)
    .filter((node) => node.type === 'atomic' && node.always === undefined)
    .concat(statesOf(machine).filter((node) => node.type === 'atomic' && node.always !== undefined && rests(node)))
    .map((node) => node.path.join('.'))
    .sort((a, b) => order(machine, a) - order(machine, b));
/** A state whose every way on is open at once is never rested in. */
const rests = (node: ReturnType<typeof statesOf>[number]) =>
  (node.always ?? []).every(({ guard }) => guard !== undefined);
const order = (machine: AnyStateMachine, id: string) =>
  statesOf(machine).findIndex((node) => node.path.join('.') === id);

/** The edges an event may take in a state, the nearest first; what stands after one without a guard is never asked. */
function edgesFor(machine: AnyStateMachine, state: string, event: string): Edge[] {
  const parts = state.split('.');
  const sources = parts.map((_, at) => parts.slice(0, parts.length - at).join('.')).concat('');
  const all = edgesOf(machine).filter((edge) => edge.eventType === event);
  const own = sources.flatMap((source) => all.filter((edge) => edge.source.path.join('.') === source));
  const last = own.findIndex(({ guard }) => guard === undefined);
  return last === -1 ? own : own.slice(0, last + 1);
}

function decision(edge: Edge): string {
  const to = edge.target?.map((node) => node.path.join('.')).join(', ');
  const guard = typeof edge.guard === 'string' ? `[${edge.guard}] ` : '';
  const actions = edge.actions.filter((action) => typeof action === 'string').join(', ');
  return `${guard}${to === undefined ? 'stays' : `→ ${to}`}${actions ? ` / ${actions}` : ''}`;
}

/** One row a state and event: what the chart does, and the reason where it does nothing. */
function totality(
  machine: AnyStateMachine,
  events: readonly string[],
  reasons: Reasons,
): { rows: string[]; undecided: string[]; needless: string[] } {
  const rows: string[] = [];
  const undecided: string[] = [];
  const used = new Set<string>();
  for (const state of leavesOf(machine)) {
    for (const event of events) {
      const edges = edgesFor(machine, state, event);
      const open = edges.at(-1)?.guard !== undefined || edges.length === 0;
      const reason = open ? reasonOf(reasons, event, state) : null;
      if (open && reason === null) undecided.push(`${state} x ${event}`);
      if (reason !== null) used.add(`${event}: ${reason}`);
      const does = edges.map(decision).join('; ');
      const otherwise = edges.length === 0 ? 'ignored' : 'otherwise ignored';
      rows.push(
        `| ${state} | ${event} | ${does}${does && open ? '; ' : ''}${open ? otherwise : ''} | ${reason ?? ''} |`,
      );
    }
  }
  const needless = Object.entries(reasons)
    .flatMap(([event, byState]) => Object.values(byState).map((reason) => `${event}: ${reason}`))
    .filter((each) => !used.has(each));
  return { rows, undecided, needless: [...new Set(needless)] };
}

/** For each state that works or waits for a delay: what each outcome of its effect leads to, as it was seen. */
function outcomes<M extends AnyStateMachine, E extends { name: string; type: string }>(
  walk: Exploration<M, E>,
  calls: readonly string[],
): string[] {
  const seen = new Map<string, Set<string>>();
  for (const { from, event, to } of walk.steps) {
    if (calls.includes(event.type)) continue;
    const key = `| ${pathOf((from as { value: unknown }).value)} | ${event.name.replace(/ \(\d+\)$/, '')}`;
    seen.set(key, (seen.get(key) ?? new Set()).add(pathOf((to as { value: unknown }).value)));
  }
  return [...seen].map(([key, targets]) => `${key} | ${[...targets].sort().join(', ')} |`).sort();
}

const page = (title: string, ...sections: [string, string[]][]) =>
  `${[
    `# ${title}: every state with every event`,
    'Kept by test/spec/tables.test.ts; `npx vitest run --project spec -u` writes it anew, and a person reads what changed.',
    ...sections.flatMap(([heading, rows]) => [heading, rows.join('\n')]),
  ].join('\n\n')}\n`;

const TABLE = ['| State | Event | What it does | Why nothing |', '| --- | --- | --- | --- |'];
const OUTCOMES = ['| State | What happened | Leads to |', '| --- | --- | --- |'];

describe('every state with every event is decided on purpose', () => {
  test('Card-S4 Card-S1 the candidate', async () => {
    const walk = explore(candidateMachine, {
      input: INPUT,
      events: eventsAt,
      serialize: essenceOf,
      nameOf: (event) => event.id,
      limit: 40_000,
    });
    const events = [...new Set(walk.steps.map(({ event }) => event.type))];
    const { rows, undecided, needless } = totality(candidateMachine, events, CANDIDATE_REASONS);
    expect(undecided).toEqual([]);
    expect(needless).toEqual([]);
    expect(events.sort()).toEqual([...new Set(candidateMachine.events)].sort());
    const seen = new Map<string, Set<string>>();
    for (const { from, event, to } of walk.steps) {
      const key = `| ${String(from.value)} | ${event.id}`;
      seen.set(key, (seen.get(key) ?? new Set()).add(String(to.value)));
    }
    const moves = [...seen].map(([key, targets]) => `${key} | ${[...targets].sort().join(', ')} |`).sort();
    const text = page(
      'Candidate',
      ['## By the chart', [...TABLE, ...rows]],
      ['## As it was seen, in every context', [...OUTCOMES, ...moves]],
    );
    await expect(text).toMatchFileSnapshot('tables/candidate.md');
  });

  test('Card-S4 Card-S2 the integrator', { timeout: 120_000 }, async () => {
    const walk = walkSessions();
    const calls = CALLS.map(({ type }) => type);
    const heard = [...calls, 'checks.settled', 'checks.stopped', 'member.left'];
    const { rows, undecided, needless } = totality(integratorMachine, heard, INTEGRATOR_REASONS);
    expect(undecided).toEqual([]);
    expect(needless).toEqual([]);
    const text = page(
      'Integrator',
      ['## Calls from outside', [...TABLE, ...rows]],
      ['## Outcomes of its effects and delays', [...OUTCOMES, ...outcomes(walk, calls)]],
    );
    await expect(text).toMatchFileSnapshot('tables/integrator.md');
  });

  test('Card-S4 the lease', async () => {
    const walk = explore(leaseMachine, {
      input: LEASE_INPUT,
      events: leaseEventsAt,
      serialize: leaseEssence,
      nameOf: (event) => event.name,
      limit: 2000,
    });
    const calls = LEASE_CALLS.map(({ type }) => type);
    const { rows, undecided, needless } = totality(leaseMachine, calls, LEASE_REASONS);
    expect(undecided).toEqual([]);
    expect(needless).toEqual([]);
    const text = page(
      'Lease',
      ['## Calls from outside', [...TABLE, ...rows]],
      ['## Outcomes of its effects and delays', [...OUTCOMES, ...outcomes(walk, calls)]],
    );
    await expect(text).toMatchFileSnapshot('tables/lease.md');
  });

  test('Card-S4 the sender of a surface', async () => {
    const walk = explore(deliveryMachine, {
      input: DELIVERY_INPUT,
      events: deliveryEventsAt,
      serialize: deliveryEssence,
      nameOf: (event) => event.name,
      limit: 5000,
    });
    const calls = [...new Set(DELIVERY_CALLS.map(({ type }) => type))];
    const { rows, undecided, needless } = totality(deliveryMachine, calls, DELIVERY_REASONS);
    expect(undecided).toEqual([]);
    expect(needless).toEqual([]);
    const text = page(
      'Sender of a surface',
      ['## Calls from outside', [...TABLE, ...rows]],
      ['## Outcomes of its effects and delays', [...OUTCOMES, ...outcomes(walk, calls)]],
    );
    await expect(text).toMatchFileSnapshot('tables/delivery.md');
  });

  test('Card-S4 the work item', async () => {
    const walk = explore(todoMachine, {
      input: TODO_INPUT,
      events: todoEventsAt,
      serialize: todoEssence,
      nameOf: (event) => event.name,
      limit: 5000,
    });
    const events = [...new Set(walk.steps.map(({ event }) => event.type))];
    const { rows, undecided, needless } = totality(todoMachine, events, TODO_REASONS);
    expect(undecided).toEqual([]);
    expect(needless).toEqual([]);
    expect(events.sort()).toEqual([...new Set(todoMachine.events)].sort());
    const text = page(
      'Work item',
      ['## By the chart', [...TABLE, ...rows]],
      ['## As it was seen, in every context', [...OUTCOMES, ...outcomes(walk, [])]],
    );
    await expect(text).toMatchFileSnapshot('tables/todo.md');
  });
});
