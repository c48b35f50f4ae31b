/** The page docs/machines.md: the charts as pictures and tables, made from the machines themselves. */
import type { AnyStateMachine } from 'xstate';
import { type DiagramEdge, diagramOf, mermaidOf } from '../../src/machines/diagram.ts';
import { INTEGRATOR_LAWS } from '../../src/machines/integrator-laws.ts';
import { CANDIDATE_LAWS, DELIVERY_LAWS, type Law, LEASE_LAWS, TODO_LAWS } from '../../src/machines/invariants.ts';
import { endsBy, MACHINES } from '../charts/machines.ts';

const LAWS: Record<string, readonly Pick<Law<never>, 'id' | 'says'>[]> = {
  candidate: CANDIDATE_LAWS,
  integrator: INTEGRATOR_LAWS,
  lease: LEASE_LAWS,
  todo: TODO_LAWS,
  delivery: DELIVERY_LAWS,
};

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

function section(machine: AnyStateMachine): string[] {
  const diagram = diagramOf(machine);
  const [own, ...nodes] = diagram.nodes;
  const delays = [...new Set(diagram.edges.filter((edge) => edge.cause === 'after').map(({ event }) => event))];
  const missing = delays.filter((delay) => DELAYS[delay] === undefined);
  if (missing.length > 0) throw new Error(`no meaning is given for the delays ${missing.join(', ')}`);
  return [
    `## ${machine.id}`,
    cell(own?.description ?? ''),
    `![${machine.id} as a chart](images/${machine.id}.svg)`,
    // What changes no state is in the table alone; drawn, it hides what does.
    `<details><summary>The same as Mermaid text</summary>\n\n\`\`\`mermaid\n${mermaidOf({ ...diagram, edges: diagram.edges.filter(({ internal }) => !internal) }).trimEnd()}\n\`\`\`\n\n</details>`,
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
    (LAWS[machine.id] ?? []).map(({ id, says }) => `- **${id}**: ${cell(says)}`).join('\n'),
  ];
}

export function render(): string {
  return [
    '<!-- Made by `npm run docs` from src/machines; edit the machines, not this page. -->',
    '# Machines',
    'Four charts hold the rules of telec. Candidates are folded from the log; a session and its lease are live; a work item is kept in its ' +
      '`state.yaml` and in the log. Edges from `any` are those of the machine itself: they hold in every state that is not final. ' +
      'In the pictures words at an edge are short: the guard, `otherwise` where no other guard holds, `fails` where the effect fails; ' +
      'a bent arrow at the foot of a state leads back to the one it names, and the inside of a state is drawn beside it. What each state does with each event, and why it ignores some, is kept under ' +
      '`test/spec/tables/`.',
    ...MACHINES.flatMap(section),
  ]
    .join('\n\n')
    .concat('\n');
}
