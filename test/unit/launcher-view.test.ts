/** How the launcher looks: made from the configuration alone, equal for equal agents. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildSessionLauncherView, pressedAgent } from '../../src/io/surfaces/launcher-view.ts';

const agents = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ name: `agent-${at}`, enabled: true, run: 'never shown' }));

test('S1-Sc5 the launcher has one primary button for each enabled agent, named with a capital, in their order', () => {
  const view = buildSessionLauncherView([
    { name: 'claude', enabled: true },
    { name: 'gemini', enabled: false },
    { name: 'codex', enabled: true },
  ]);
  expect(view).toEqual({
    content: '**Start a session**',
    components: [
      {
        type: 1,
        components: [
          { type: 2, style: 1, label: 'Claude', custom_id: 'launch:claude' },
          { type: 2, style: 1, label: 'Codex', custom_id: 'launch:codex' },
        ],
      },
    ],
    allowed_mentions: { parse: [] },
  });
  expect(view.components[0]?.components.map(({ custom_id }) => pressedAgent(custom_id))).toEqual(['claude', 'codex']);
});

test('S1-Sc5 nothing is imported or set up for it: it costs a moment whenever it is asked for, and is the same each time', () => {
  const path = new URL('../../src/io/surfaces/launcher-view.ts', import.meta.url);
  expect(readFileSync(path, 'utf8')).not.toMatch(/^import |import\(|require\(|await /m);
  expect(buildSessionLauncherView(agents(3))).toEqual(buildSessionLauncherView(agents(3)));
  const startedAt = performance.now();
  for (let at = 0; at < 1000; at += 1) buildSessionLauncherView(agents(25));
  expect((performance.now() - startedAt) / 1000).toBeLessThan(5);
});

test('as many agents as a message has room for stand in rows of five; without any it says so', () => {
  expect(buildSessionLauncherView(agents(25)).components.map(({ components }) => components.length)).toEqual([
    5, 5, 5, 5, 5,
  ]);
  expect(buildSessionLauncherView([])).toMatchObject({
    content: '**Start a session**: no agent is enabled',
    components: [],
  });
  expect(JSON.stringify(buildSessionLauncherView(agents(25)))).not.toContain('never shown');
});

test('a button of somebody else is none of the launcher', () => {
  for (const id of ['', 'launch', 'vote:claude', 'xlaunch:claude', undefined, 7]) expect(pressedAgent(id)).toBeNull();
});
