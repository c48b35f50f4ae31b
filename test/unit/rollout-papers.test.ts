/** The papers of the kept rollout, in both of its moments, judged by the commands that judge any work item. */
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { verdictIn } from '../../src/io/todos/dor-report.ts';
import { DOR_GATES, readState } from '../../src/io/todos/state-file.ts';
import { type PaperWorld, paperWorld } from '../support/paper-world.ts';

const PARENT = 'integration-orchestrator-rollout';
const SLICES = [
  'integration-events-model',
  'integrator-shadow-mode',
  'integrator-cutover',
  'integration-blocked-flow',
] as const;

function moment(name: 'prepared' | 'wired'): PaperWorld {
  const world = paperWorld();
  const from = fileURLToPath(new URL(`../../examples/rollout/${name}`, import.meta.url));
  for (const entry of readdirSync(from)) cpSync(join(from, entry), join(world.dir, entry), { recursive: true });
  return world;
}

describe('the kept rollout', () => {
  test('S0-4.1b S1-FR1.1i S3-5.4b is consistent in both moments: parent, slices, roadmap and texts agree', async () => {
    const wired = await moment('wired').papers().validate(null, false);
    expect(wired).toEqual({ ok: true, problems: [], fixed: [] });
    const { problems } = await moment('prepared').papers().validate(null, false);
    expect([...new Set(problems.map(({ code, slug }) => `${code} ${slug}`))]).toEqual([`unchecked_task ${PARENT}`]);
  });

  test('S0-4.1c has three open tasks in the plan of its prepared moment, and none once it is wired', async () => {
    for (const [name, count] of [
      ['prepared', 3],
      ['wired', 0],
    ] as const) {
      const { problems } = await moment(name).papers().validate(PARENT, false);
      expect(problems.filter(({ code }) => code === 'unchecked_task')).toHaveLength(count);
    }
  });

  test.each(['prepared', 'wired'] as const)('S0-4.1a has a demo that validates when it is %s', async (name) => {
    expect(await moment(name).papers().demo(PARENT)).toMatchObject({ ok: true, problems: [], exempt: null });
  });

  test.each(SLICES)(
    'S0-2.1b S0-2.2a S0-2.2v1 S0-2.2v2 S2-B3r has all papers of %s, drafted in one session and passed with 8 in another, its plan with both gates',
    async (slug) => {
      const world = moment('prepared');
      const { state, problems } = readState('state.yaml', world.read(`todos/${slug}/state.yaml`));
      expect(problems).toEqual([]);
      expect(state.dor).toMatchObject({ status: 'pass', score: 8, blockers: [] });
      expect(state.dor?.gates.map(({ name }) => name)).toEqual([...DOR_GATES]);
      expect(state.draft?.session_id).not.toBe(state.dor?.session_id);
      expect(verdictIn(world.read(`todos/${slug}/dor-report.md`) ?? '')).toEqual({ status: 'pass', score: 8 });
      expect((await world.papers().draft(slug)).drafted.at(-1)).toMatchObject({ slug, written: [] });
      expect((await world.papers().validate(slug, false)).problems).toEqual([]);
    },
  );
});
