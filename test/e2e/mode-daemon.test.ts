/**
 * The modes under a daemon: what it does in shadow, when the mode changes under it, and what the switches of its
 * environment make of it. The built program, a real redis-server, a real remote.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CandidateView, DoctorRow, StatusView, WhyView } from '../../src/actors/client.ts';
import { commandId, enabledNow, plant } from '../support/cutover-world.ts';
import { makeWorld, type World, type WorldOptions } from '../support/daemon-world.ts';
import { git } from '../support/git-repo.ts';

const SWITCHES = [
  'TELEC_INTEGRATOR_CUTOVER_ENABLED',
  'TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED',
  'TELEC_INTEGRATOR_PARITY_EVIDENCE',
  'TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE',
] as const;

async function worldWith(options: WorldOptions = {}): Promise<World> {
  const world = await makeWorld(options);
  onTestFinished(() => world.close());
  return world;
}

/** The switches in the environment of a process; null for those that are not set. */
function switchesOf(pid: number): (string | null)[] {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return SWITCHES.map((name) => {
    const entry = entries.find((one) => one.startsWith(`${name}=`));
    return entry === undefined ? null : entry.slice(name.length + 1);
  });
}

const logOf = (world: World) => ({ cloneDir: world.clone, env: world.env });
const status = (world: World) => world.ok<StatusView>(['status']);
const main = (world: World) => git(world.remote, 'rev-parse', 'main');
const ways = async (world: World) =>
  (await world.events()).filter(({ event }) => event.endsWith('.cutover.rolled_back'));

async function submit(world: World, slug: string): Promise<void> {
  world.branch(slug, { [`${slug}.txt`]: `${slug}\n` });
  await world.ok(['submit', slug]);
}

describe('the switches of the environment', () => {
  test('S3-5.1a a daemon and the sessions of agents have the switch of the cutover once the repository is live, and parity is not theirs', async () => {
    const world = await worldWith();
    const forged = { TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted' };
    const { pid } = await world.ok<{ pid: number }>(['up']);
    expect(switchesOf(pid)).toEqual(['1', '1', null, null]);
    const session = await world.ok<{ pid: number }>(
      ['sessions', 'start', '--role', 'worker', '--command', 'sleep 60'],
      {
        env: forged,
      },
    );
    expect(switchesOf(session.pid)).toEqual(['1', '1', null, null]);
    const integrator = await world.ok<{ environment: Record<string, string | null> }>([
      'sessions',
      'start',
      '--role',
      'integrator',
      '--command',
      'sleep 60',
    ]);
    expect(SWITCHES.map((name) => integrator.environment[name])).toEqual(['1', '1', 'accepted', 'accepted']);
  });

  test('S3-5.1n in shadow nobody is given them, and forged ones move nothing', async () => {
    const world = await worldWith({ init: false });
    await world.ok(['init', '--shadow']);
    const forged = Object.fromEntries(SWITCHES.map((name) => [name, name.includes('PARITY') ? 'accepted' : '1']));
    const { pid } = await world.ok<{ pid: number }>(['up'], { env: forged });
    expect(switchesOf(pid).slice(0, 2)).toEqual([null, null]);
    const before = main(world);
    await submit(world, 'one');
    await world.until(async () => (await world.ok<CandidateView[]>(['candidates']))[0]?.shadow !== null);
    expect(await world.ok(['integrate'], { env: forged })).toMatchObject({ mode: 'shadow', completed: 0 });
    expect(main(world)).toBe(before);
    expect(git(world.remote, 'for-each-ref', 'refs/telec')).toBe('');
    expect(await status(world)).toMatchObject({ mode: 'shadow' });
  });

  test.each([
    ['TELEC_INTEGRATOR_CUTOVER_ENABLED', '0'],
    ['TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE', 'withdrawn'],
  ])('S3-5.1n a daemon with %s=%s judges and moves nothing, in a live repository, and says so', async (name, value) => {
    const world = await worldWith();
    await world.ok(['up'], { env: { [name]: value } });
    const before = main(world);
    await submit(world, 'one');
    await world.until(async () => (await world.ok<CandidateView[]>(['candidates']))[0]?.shadow !== null);
    expect(main(world)).toBe(before);
    expect(await status(world)).toMatchObject({
      mode: 'live',
      rollback_required: false,
      mode_reason: 'live by the log, but switches of the environment keep sessions to shadow',
    });
    expect((await world.ok<WhyView>(['why', 'one'])).waiting_for).toMatchObject([{ code: 'narrowed' }]);
    // Whoever waits hears the verdict, which is all that comes of it.
    const waited = await world.run(['submit', 'one', '--wait', '--timeout', '20000', '--json']);
    expect([waited.code, waited.json<CandidateView>().shadow?.verdict]).toEqual([0, 'would_integrate']);
    // Another session without the switch is live as ever.
    expect(await world.ok(['integrate'])).toMatchObject({ mode: 'live', completed: 1 });
    expect(main(world)).not.toBe(before);
  });
});

describe('the mode under a daemon', () => {
  test('S1-OQ3 the daemon takes the cutover back when three sessions in a row failed by themselves, and goes on in shadow', async () => {
    const world = await worldWith();
    await world.ok(['up']);
    const before = main(world);
    for (const detail of ['first', 'second', 'third'])
      await plant(logOf(world), {
        type: 'integration.session.aborted',
        payload: { session_id: `integrator-${detail}`, fence: null, reason: 'bug', detail, command_id: commandId() },
      });
    await world.until(async () => (await status(world)).mode === 'shadow');
    expect(await status(world)).toMatchObject({ rollback_required: true, daemon: { running: true } });
    expect((await ways(world)).map(({ payload }) => [payload['trigger'], payload['drill']])).toEqual([
      ['faulty_aborts', false],
    ]);
    expect((await ways(world))[0]?.payload['actor']).toMatch(/^daemon\//);
    const rows = await world.run(['doctor', '--json']);
    expect(rows.json<DoctorRow[]>().find(({ check }) => check === 'mode')).toMatchObject({
      status: 'fail',
      mend: 'telec cutover status says what is missing',
    });

    await submit(world, 'one');
    await world.until(async () => (await world.ok<CandidateView[]>(['candidates']))[0]?.shadow !== null);
    expect(main(world)).toBe(before);

    // A person decides: the fault is mended, nobody else moves main.
    await world.ok(['cutover', 'enable', '--reason', 'mended', '--no-other-path']);
    await world.settled('one');
    expect(world.landed()).toHaveLength(1);
    expect(await status(world)).toMatchObject({ mode: 'live', rollback_required: false });
  });

  test('S1-C2 a person takes back what a daemon has in the middle of a push: it is settled, the rest waits, and main stands', async () => {
    const world = await worldWith();
    await world.ok(['up']);
    const gate = world.gate();
    await submit(world, 'one');
    await world.until(() => gate.reached());
    await submit(world, 'two');
    const back = await world.ok<{ mode: string; in_hand: string[] }>(['cutover', 'rollback', '--reason', 'stop it']);
    expect(back.mode).toBe('shadow');
    expect(back.in_hand.map((key) => key.split('/')[0])).toEqual(['one']);
    gate.open();
    await world.settled('one');
    await world.until(async () => (await status(world)).lease === null);
    const landed = main(world);
    const [two] = await world.ok<CandidateView[]>(['candidates', '--slug', 'two']);
    expect(two?.state).toBe('ready');
    await world.until(
      async () => (await world.ok<CandidateView[]>(['candidates', '--slug', 'two']))[0]?.shadow !== null,
    );
    expect(main(world)).toBe(landed);
    expect(world.landed()).toHaveLength(1);
    expect(await ways(world)).toHaveLength(1);
  });

  test('where nothing may follow a withdrawn cutover, the daemon begins no session and status says why', async () => {
    const world = await worldWith();
    await world.ok(['up']);
    await plant(logOf(world), enabledNow(main(world), { rollback_on_incomplete_parity: false }));
    for (const detail of ['first', 'second', 'third'])
      await plant(logOf(world), {
        type: 'integration.session.aborted',
        payload: {
          session_id: `integrator-${detail}`,
          fence: null,
          reason: 'invariant',
          detail,
          command_id: commandId(),
        },
      });
    await world.until(async () => (await status(world)).mode === 'shadow');
    await submit(world, 'one');
    const said = await status(world);
    expect(said.mode_reason).toMatch(/^no session begins, not even in shadow: /);
    const asked = await world.run(['sessions', 'start', '--role', 'integrator', '--json']);
    expect(asked.stdout).toContain('the cutover is enabled, but its evidence was withdrawn');
    const types = (await world.events()).map(({ event }) => event);
    expect(types.filter((type) => type.endsWith('integration.session.started'))).toEqual([]);
  });
});
