/** One word, one idea: every state, every noun and every deed in the names of events stands in the glossary, once a list. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { candidateMachine } from '../../src/machines/candidate.ts';
import { deliveryMachine } from '../../src/machines/delivery.ts';
import { diagramOf } from '../../src/machines/diagram.ts';
import { buildDefaultCatalogue, shortType } from '../../src/machines/events.ts';
import { integratorMachine } from '../../src/machines/integrator.ts';
import { leaseMachine } from '../../src/machines/lease.ts';
import { todoMachine } from '../../src/machines/todo.ts';

const page = readFileSync(new URL('../../docs/glossary.md', import.meta.url), 'utf8');
const rows = (heading: string): string[] => {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const cells = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, first]) => (first ?? '').trim());
  return cells.filter((cell) => cell !== 'Word' && cell !== '---');
};
const words = (heading: string): string[] => rows(heading).flatMap((cell) => cell.split(', '));

/** Family and thing of `integration.merge.succeeded` are integration and merge; its last part is what happened. */
const parts = buildDefaultCatalogue()
  .list()
  .map(({ type }) => (shortType(type) ?? type).split('.'));
/** Words that name a family of events, not a thing in it. */
const FAMILIES = new Set(['integration']);

describe('the glossary', () => {
  test('has every state of every machine', () => {
    const states = [candidateMachine, integratorMachine, leaseMachine, todoMachine, deliveryMachine].flatMap(
      (machine) =>
        diagramOf(machine)
          .nodes.filter(({ id }) => id !== '')
          .map(({ id }) => id.slice(id.lastIndexOf('.') + 1)),
    );
    expect([...new Set(states)].filter((state) => !words('States').includes(state))).toEqual([]);
    expect(words('States').filter((word) => !states.includes(word))).toEqual([]);
  });

  test('has every thing that events are about', () => {
    const nouns = new Set(parts.flatMap((names) => names.slice(0, -1)).filter((noun) => !FAMILIES.has(noun)));
    expect([...nouns].filter((noun) => !words('Things').includes(noun))).toEqual([]);
  });

  test('has every deed by the name under which events tell it, and none that they do not', () => {
    const told = [...page.matchAll(/^\| [^|]+ \| `(\w+)` \|/gm)].map(([, name]) => name ?? '');
    const happened = new Set(parts.map((names) => names.at(-1) ?? ''));
    expect([...told].sort()).toEqual([...happened].sort());
  });

  test('has each word once in a list, in the order of the alphabet where it is long', () => {
    for (const heading of ['Things', 'Deeds', 'States']) {
      const list = words(heading);
      expect(list.length, heading).toBeGreaterThan(10);
      expect(new Set(list).size, heading).toBe(list.length);
    }
    expect(words('Things')).toEqual([...words('Things')].sort());
    expect(words('Deeds')).toEqual([...words('Deeds')].sort());
  });
});
