/** The page docs/machines.md: the charts as pictures and tables, made from the machines themselves. */
import type { AnyStateMachine } from 'xstate';
import { candidateMachine } from '../../src/machines/candidate.ts';
import { deliveryMachine } from '../../src/machines/delivery.ts';
import { type DiagramEdge, diagramOf, mermaidOf } from '../../src/machines/diagram.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import {
  CANDIDATE_LAWS,
  DELIVERY_LAWS,
  INTEGRATOR_LAWS,
  type Law,
  LEASE_LAWS,
  TODO_LAWS,
} from '../../src/machines/invariants.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { todoMachine } from '../../src/machines/todo.ts';

const MACHINES: [AnyStateMachine, readonly Pick<Law<never>, 'id' | 'says'>[]][] = [
  [candidateMachine, CANDIDATE_LAWS],
  [integratorMachine, INTEGRATOR_LAWS],
  [leaseMachine, LEASE_LAWS],
  [todoMachine, TODO_LAWS],
  [deliveryMachine, DELIVERY_LAWS],
];

/** What a delay of a chart is, by its name there. */
const DELAYS: Record<string, string> = {
  gathering: '400 ms',
  grace: 'the grace window, `integration.grace_ms`',
  pause:
    'as long as the surface, the minute, or the turn of another daemon asks; 1 s doubled to 10 minutes after failures',
  rebuild: 'a pause that doubles with each lost race',
  recheck: 'an hour',
  renewal: '`lease.renew_ms`',
  retry: 'a quarter of `lease.renew_ms`, at least 50 ms',
  validity: 'what is left of the lease, counted from when the request was sent',
};

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
const table = (heading: string[], body: string[][]) =>
  [heading, heading.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');

function endsBy(machine: AnyStateMachine, id: string): string {
  const node = machine.getStateNodeById(`${machine.id}.${id}`);
  if (node.type === 'final') return 'final';
  return (node.meta as { endsBy?: string } | undefined)?.endsBy ?? '';
}

function cause({ cause: kind, event }: DiagramEdge): string {
  switch (kind) {
    case 'event':
      return `\`${event}\``;
    case 'always':
      return 'at once';
    case 'after':
      return `after ${event}`;
    case 'done':
      return `\`${event}\` answers`;
    case 'error':
      return `\`${event}\` fails`;
  }
}

function section(machine: AnyStateMachine, laws: readonly Pick<Law<never>, 'id' | 'says'>[]): string[] {
  const diagram = diagramOf(machine);
  const [own, ...nodes] = diagram.nodes;
  const delays = [...new Set(diagram.edges.filter((edge) => edge.cause === 'after').map(({ event }) => event))];
  const missing = delays.filter((delay) => DELAYS[delay] === undefined);
  if (missing.length > 0) throw new Error(`no meaning is given for the delays ${missing.join(', ')}`);
  return [
    `## ${machine.id}`,
    cell(own?.description ?? ''),
    // What changes no state is in the table alone; drawn, it hides what does.
    `\`\`\`mermaid\n${mermaidOf({ ...diagram, edges: diagram.edges.filter(({ internal }) => !internal) }).trimEnd()}\n\`\`\``,
    '### States',
    table(
      ['State', 'What it is', 'Ended by', 'Effect'],
      nodes.map(({ id, description, invokes }) => [
        `\`${id}\``,
        cell(description ?? ''),
        cell(endsBy(machine, id)),
        invokes.map((name) => `\`${name}\``).join(', '),
      ]),
    ),
    '### Edges',
    table(
      ['From', 'On', 'If', 'To', 'Notes'],
      diagram.edges.map((edge) => [
        edge.from === '' ? 'any' : `\`${edge.from}\``,
        cause(edge),
        edge.guard === null ? '' : `\`${cell(edge.guard)}\``,
        edge.internal ? 'stays' : `\`${edge.to}\``,
        edge.actions.map((name) => `\`${name}\``).join(', '),
      ]),
    ),
    ...(delays.length > 0
      ? [
          '### Delays',
          table(
            ['Delay', 'How long'],
            delays.map((delay) => [delay, DELAYS[delay] ?? '']),
          ),
        ]
      : []),
    '### What always holds',
    laws.map(({ id, says }) => `- **${id}**: ${cell(says)}`).join('\n'),
  ];
}

export function render(): string {
  return [
    '<!-- Made by `npm run docs` from src/machines; edit the machines, not this page. -->',
    '# Machines',
    'Four charts hold the rules of telec. Candidates are folded from the log; a session and its lease are live; a work item is kept in its ' +
      '`state.yaml` and in the log. Edges from `any` are those of the machine itself: they hold in every state that is not final. What each state does with each event, and why it ignores some, is kept under ' +
      '`test/spec/tables/`.',
    ...MACHINES.flatMap(([machine, laws]) => section(machine, laws)),
  ]
    .join('\n\n')
    .concat('\n');
}
