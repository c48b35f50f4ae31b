import { expect, test } from 'vitest';
import { and, fromPromise, not, setup } from 'xstate';
import { diagramOf, edgeLabel, mermaidOf } from '../../src/machines/diagram.ts';

const machine = setup({
  actors: { merge: fromPromise(async () => 1) },
  guards: { isReady: () => true, isHeld: () => false },
  actions: { note: () => undefined },
  delays: { grace: 2000 },
}).createMachine({
  id: 'drain',
  initial: 'idle',
  on: { HALT: '.halted' },
  states: {
    idle: {
      description: 'Waits for "work"; nothing runs',
      always: { guard: and(['isReady', not('isHeld')]), target: 'working' },
      on: { POKE: { actions: 'note' } },
    },
    working: {
      initial: 'merging',
      states: {
        merging: { invoke: { src: 'merge', onDone: 'resting', onError: '#drain.halted' } },
        resting: { after: { grace: { target: 'over', guard: 'isReady' } } },
        over: { type: 'final' },
      },
      onDone: 'split',
    },
    split: { type: 'parallel', states: { left: {}, right: {} } },
    halted: { type: 'final' },
  },
});

test('every state of a machine is a node, with its parent, description and effects', () => {
  const { nodes } = diagramOf(machine);
  expect(nodes.map((node) => [node.id, node.parent, node.type])).toEqual([
    ['', null, 'compound'],
    ['idle', '', 'atomic'],
    ['working', '', 'compound'],
    ['working.merging', 'working', 'atomic'],
    ['working.resting', 'working', 'atomic'],
    ['working.over', 'working', 'final'],
    ['split', '', 'parallel'],
    ['split.left', 'split', 'atomic'],
    ['split.right', 'split', 'atomic'],
    ['halted', '', 'final'],
  ]);
  expect(nodes[0]).toMatchObject({ initial: 'idle' });
  expect(nodes[1]).toMatchObject({ description: 'Waits for "work"; nothing runs' });
  expect(nodes[3]).toMatchObject({ invokes: ['merge'] });
});

test('every cause of a move is an edge: events, always, delays, and how effects end', () => {
  const edges = diagramOf(machine).edges.map((edge) => `${edge.from} -> ${edge.to} ${edgeLabel(edge)}`);
  expect(edges.sort()).toEqual([
    ' -> halted HALT',
    'idle -> idle POKE / note',
    'idle -> working always [and(isReady, not(isHeld))]',
    'working -> split done working',
    'working.merging -> halted error merge',
    'working.merging -> working.resting done merge',
    'working.resting -> working.over after grace [isReady]',
  ]);
});

test('the Mermaid text nests states, marks the current one, and lets no text break out', () => {
  expect(mermaidOf(diagramOf(machine), ['working.resting', 'unknown'])).toBe(`stateDiagram-v2
  [*] --> s_idle
  state "idle#58; Waits for #34;work#34;#59; nothing runs" as s_idle
  state "working" as s_working
  state s_working {
    [*] --> s_working__merging
    state "merging" as s_working__merging
    state "resting" as s_working__resting
    state "over" as s_working__over
    s_working__over --> [*]
  }
  state "split" as s_split
  state s_split {
    state "left" as s_split__left
    --
    state "right" as s_split__right
  }
  state "halted" as s_halted
  s_halted --> [*]
  s_idle --> s_halted: HALT
  s_working --> s_halted: HALT
  s_split --> s_halted: HALT
  s_idle --> s_working: always [and(isReady, not(isHeld))]
  s_idle --> s_idle: POKE / note
  s_working --> s_split: done working
  s_working__merging --> s_working__resting: done merge
  s_working__merging --> s_halted: error merge
  s_working__resting --> s_working__over: after grace [isReady]
  classDef current fill:#ffd54f,stroke:#333,stroke-width:3px
  class s_working__resting current
`);
});
