/** Rollouts beside a log: what was delivered and approved through telec counts, and a log out of reach is said. */
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { GateView, ReportView, RolloutStatusView } from '../../src/actors/rollout/views.ts';
import { ago, endWorlds, makeWorld, type World } from '../support/e2e-world.ts';
import { EXAMPLES, PARENT } from '../support/rollout-tree.ts';

afterAll(endWorlds);

const CUTOVER = 'integrator-cutover';
const SHADOW = 'integrator-shadow-mode';
const CHANGES = { slug: SHADOW, review_round: 2, reviewer_session_id: 'reviewer', findings: ['look again'] };
const reportOf = (world: World, slug: string) =>
  readFileSync(join(world.cloneDir, `todos/${slug}/dor-report.md`), 'utf8');

test('S2-G1 S2-N1 S2-N3 what telec delivered and a review approved is evidence; what the log does not show stays missing', async () => {
  const world = await makeWorld();
  cpSync(join(EXAMPLES, 'prepared'), world.cloneDir, { recursive: true });
  const before = await world.run<RolloutStatusView>(['rollout', 'status']);
  expect(before.code).toBe(0);
  expect(before.json).toMatchObject({ log: 'read', mode: 'live', consistent: true });
  expect(before.json.rollouts[0]?.go?.points.filter(({ met }) => met)).toEqual([]);

  await world.ready([{ slug: 'integration-events-model' }, { slug: SHADOW }]);
  expect((await world.integrate()).json).toMatchObject({ outcome: 'drained', completed: 2 });
  const { json, code } = await world.run<RolloutStatusView>(['rollout', 'status']);
  expect(code).toBe(0);
  const [rollout] = json.rollouts;
  expect(rollout?.slices.map(({ stage }) => stage)).toEqual([
    'delivered',
    'delivered',
    'delivered',
    'waiting',
    'waiting',
  ]);
  expect(rollout).toMatchObject({ next: null, go: { verdict: 'no_go', cutover: CUTOVER, shadow: SHADOW } });
  const merged = (await world.candidate(SHADOW)).merge_commit?.slice(0, 12);
  expect(rollout?.go?.points.map(({ id, met, evidence, missing }) => [id, met, evidence, missing])).toEqual([
    ['shadow_delivered', true, `the log: merged as ${merged}; the log: review round 1 approved it`, []],
    ['parity', false, null, ['nothing was compared in shadow']],
    ['others_refused', false, null, ['no refused push of main is recorded']],
    ['integrator_passes', false, null, ['2 delivered, none under guards']],
    ['rollback', false, null, ['no rollback was tried']],
  ]);

  const withdrawn = await world.run([
    'events',
    'emit',
    'review.changes_requested',
    '--payload',
    JSON.stringify(CHANGES),
    '--set',
    `requested_at=${ago(1)}`,
  ]);
  expect(withdrawn.code).toBe(0);
  const later = await world.run<GateView>(['rollout', 'gate', CUTOVER]);
  expect(later.json.go?.points[0]?.missing).toEqual([`no approval of ${SHADOW} is known`]);
  const again = { ...CHANGES, review_round: 3, approved_at: ago(1), requested_at: undefined, findings: undefined };
  expect((await world.run(['events', 'emit', 'review.approved', '--payload', JSON.stringify(again)])).code).toBe(0);

  const gate = await world.run<GateView>(['rollout', 'gate', CUTOVER]);
  expect(gate.code).toBe(1);
  expect(gate.json.reasons.map(({ code: reason }) => reason)).toEqual(Array(4).fill('evidence_missing'));
  const written = await world.run<ReportView>(['rollout', 'report', PARENT, '--write']);
  expect(written.json.written).toEqual([`todos/${PARENT}/dor-report.md`, `todos/${CUTOVER}/dor-report.md`]);
  expect(reportOf(world, CUTOVER).match(/\*\*Blocker:\*\*/g)).toHaveLength(4);
  expect(reportOf(world, PARENT)).toContain('telec moves main of this repository already');
  expect((await world.run<ReportView>(['rollout', 'report', PARENT, '--write'])).json.written).toEqual([]);
});

test('S2-N1 S0-4.2a S2-D1 a build is begun only of what its rollout lets go: not the cutover without evidence, not the rollout', async () => {
  const world = await makeWorld();
  cpSync(join(EXAMPLES, 'prepared'), world.cloneDir, { recursive: true });
  const begin = (slug: string) =>
    world.run<{ error: { problems: { path: string }[] } }>(['todo', 'mark-phase', slug, 'build', 'started']);
  const against = async (slug: string) => (await begin(slug)).json.error.problems.map(({ path }) => path);
  expect(await against(CUTOVER)).toEqual(['waiting_for', ...Array(5).fill('evidence_missing')]);
  expect(await against(PARENT)).toEqual(['is_container']);
  const next = async () => (await world.run<{ slug: string } | null>(['todo', 'next'])).json;
  expect(await next()).toMatchObject({ slug: 'integration-events-model' });
  await world.ready([{ slug: 'integration-events-model' }, { slug: SHADOW }]);
  await world.integrate();
  expect(await against(CUTOVER)).toEqual(Array(4).fill('evidence_missing'));
  const shown = await world.run<{ next: { command: string } }>(['todo', 'show', CUTOVER]);
  expect(shown.json.next.command).toBe(`telec rollout gate ${CUTOVER}`);
});

test('S2-D2 the next slice may be begun', async () => {
  const world = await makeWorld();
  cpSync(join(EXAMPLES, 'prepared'), world.cloneDir, { recursive: true });
  expect((await world.run(['todo', 'mark-phase', 'integration-events-model', 'build', 'started'])).code).toBe(0);
  const { json } = await world.run<RolloutStatusView>(['rollout', 'status']);
  expect(json.rollouts[0]).toMatchObject({ next: 'integration-events-model', problems: [] });
  expect(json.rollouts[0]?.slices[1]).toMatchObject({ stage: 'building', next_action: 'is being built' });
});

test('S3-5.4a an empty folder left in the later moment is found, named and removed on request', async () => {
  const world = await makeWorld();
  cpSync(join(EXAMPLES, 'wired'), world.cloneDir, { recursive: true });
  const folder = join(world.cloneDir, 'todos/integration-events-model');
  mkdirSync(folder);
  expect((await world.run(['rollout', 'status'])).code).toBe(0);
  const found = await world.run<{ problems: { code: string; path: string }[] }>(['todo', 'validate']);
  expect(found.code).toBe(1);
  expect(found.json.problems.map(({ code, path }) => [code, path])).toEqual([
    ['empty_folder', 'todos/integration-events-model'],
  ]);
  expect((await world.run(['todo', 'validate', '--fix'])).code).toBe(0);
  expect(existsSync(folder)).toBe(false);
});

test('with a log out of reach the files alone are judged and that is said; nothing is written then', async () => {
  const world = await makeWorld();
  cpSync(join(EXAMPLES, 'prepared'), world.cloneDir, { recursive: true });
  const env = { ...world.env, TELEC_REDIS_URL: 'redis://127.0.0.1:1/0' };
  const read = await world.run<RolloutStatusView>(['rollout', 'status'], { env });
  expect(read.code).toBe(0);
  expect(read.json).toMatchObject({ log: 'unreachable', mode: null, consistent: true });
  expect(read.stderr).toBe('the log cannot be reached; judged from the files alone\n');
  const before = reportOf(world, CUTOVER);
  const write = await world.run<{ error: { code: string } }>(['rollout', 'report', CUTOVER, '--write'], { env });
  expect(write.code).toBe(3);
  expect(reportOf(world, CUTOVER)).toBe(before);
});

test('S2-D2 the built program says what is next in a clone that telec was never set up in', async () => {
  const world = await makeWorld({ raw: true });
  cpSync(join(EXAMPLES, 'prepared'), world.cloneDir, { recursive: true });
  const { stdout, code, stderr } = await world.start(['rollout', 'status']).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const view = JSON.parse(stdout) as RolloutStatusView;
  expect(view).toMatchObject({ log: 'read', mode: null, consistent: true });
  expect(view.rollouts.map(({ next }) => next)).toEqual(['integration-events-model']);
});
