/** The graph of what is ahead of main: it says what it surely knows, and leaves the rest to git. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AheadGraph } from '../../src/io/git/ahead.ts';

/** A history as arrays of parents; commit n may only have parents below n. */
type History = number[][];

const name = (commit: number): string => `c${commit}`;

function ancestors(history: History, commit: number): Set<number> {
  const found = new Set<number>();
  const open = [commit];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    open.push(...(history[at] ?? []));
  }
  return found;
}

function mergeBases(history: History, one: number, other: number): string[] {
  const reach = ancestors(history, other);
  const shared = [...ancestors(history, one)].filter((commit) => reach.has(commit));
  const best = shared.filter((commit) =>
    shared.every((above) => above === commit || !ancestors(history, above).has(commit)),
  );
  return best.map(name).sort();
}

/** What `git rev-list --parents <commits> ^<tip>` prints. */
function listing(history: History, commits: number[], tip: number): string[] {
  const without = ancestors(history, tip);
  const listed = new Set(commits.flatMap((commit) => [...ancestors(history, commit)]));
  return [...listed]
    .filter((commit) => !without.has(commit))
    .map((commit) => [commit, ...(history[commit] ?? [])].map(name).join(' '));
}

const histories = fc
  .array(fc.array(fc.nat(), { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 24 })
  .map((seeds): History => [[], ...seeds.map((parents, at) => [...new Set(parents.map((seed) => seed % (at + 1)))])]);

describe('the graph of commits ahead of main', () => {
  test('never contradicts the history, whatever was listed, whatever telec wrote and whatever is asked', () => {
    let told = 0;
    let listed = 0;
    fc.assert(
      fc.property(
        histories,
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { maxLength: 6 }),
        (history, steps) => {
          const graph = new AheadGraph();
          const pick = (seed: number) => seed % history.length;
          for (const [tip, commit, writes] of steps) {
            if (writes) graph.add(name(pick(commit)), (history[pick(commit)] ?? []).map(name));
            else graph.learn(name(pick(tip)), listing(history, [pick(commit)], pick(tip)));
            for (const one of history.keys()) {
              for (const other of history.keys()) {
                const held = graph.contains(name(one), name(other));
                if (held !== null) expect(held).toBe(ancestors(history, one).has(other));
                const bases = graph.mergeBases(name(one), name(other));
                if (bases !== null) expect(bases.sort()).toEqual(mergeBases(history, one, other));
                if (bases !== null) told += 1;
                const beyond = graph.beyond(name(one), name(other));
                if (beyond === null) continue;
                const own = beyond.map(([commit, parents]) => [commit, ...parents].join(' ')).sort();
                expect(own).toEqual(listing(history, [other], one).sort());
                listed += 1;
              }
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(told).toBeGreaterThan(100);
    expect(listed).toBeGreaterThan(100);
  });

  test('begins anew for a tip that main does not lead to: its listing has commits that main holds', () => {
    const graph = new AheadGraph();
    graph.learn('main', ['x root']);
    graph.learn('x', ['older root']);
    expect(graph.contains('main', 'older')).toBeNull();
    expect(graph.contains('x', 'older')).toBe(false);
  });

  test('answers for a train: each tip holds the members before it, and forks where they forked', () => {
    const graph = new AheadGraph();
    graph.learn('main', ['x2 x1', 'x1 fork', 'y1 main']);
    expect(graph.mergeBases('main', 'x2')).toEqual(['fork']);
    graph.add('m1', ['main', 'x2']);
    expect(graph.contains('m1', 'x1')).toBe(true);
    expect(graph.contains('m1', 'y1')).toBe(false);
    expect(graph.mergeBases('m1', 'y1')).toEqual(['main']);
    expect(graph.mergeBases('m1', 'x2')).toEqual(['x2']);
    graph.add('m2', ['m1', 'y1']);
    expect(graph.contains('m2', 'x2')).toBe(true);
    expect(graph.contains('m1', 'y1')).toBe(false);
  });

  test('leaves to git what a branch shares with another above main, and what left main twice', () => {
    const graph = new AheadGraph();
    graph.learn('main', ['x1 fork', 'x2 x1', 'y2 x1', 'z1 fork later']);
    graph.add('m1', ['main', 'x2']);
    expect(graph.mergeBases('m1', 'y2')).toBeNull();
    expect(graph.mergeBases('main', 'z1')).toBeNull();
    expect(graph.mergeBases('main', 'unheard')).toBeNull();
    expect(graph.contains('unheard', 'x1')).toBeNull();
  });
});
