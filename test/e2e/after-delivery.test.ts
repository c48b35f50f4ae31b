/**
 * The command that follows a drain: run once for each that delivered something, when everything is saved, by a process
 * that outlives whoever asked for it. The built program, a real redis-server, a real remote.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NotificationRow } from '../../src/actors/client.ts';
import { main } from '../../src/cli/main.ts';
import { end, makeWorld, type World } from '../support/daemon-world.ts';
import { TELEC } from '../support/e2e-world.ts';
import { git } from '../support/git-repo.ts';

const REST = 'lease:\n  ttl_ms: 3000\n  renew_ms: 300\n';

/** A world whose main configures `command`, as a block of its own lines. */
async function worldWith(command: string): Promise<World> {
  const lines = command.split('\n').map((line) => `    ${line}\n`);
  const config = `integration:\n  grace_ms: 0\n  after_delivery: |\n${lines.join('')}${REST}`;
  const world = await makeWorld({ config });
  onTestFinished(() => world.close());
  onTestFinished(() => {
    for (const pid of helpers(world)) process.kill(pid, 'SIGKILL');
  });
  return world;
}

/** Processes that run the command for this world. */
function helpers(world: World): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [command, environ] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
        return (
          command?.includes('after-delivery-process') && environ?.includes(`TELEC_HOME=${world.env['TELEC_HOME']}`)
        );
      } catch {
        return false;
      }
    });
}

interface Told {
  event: 'started' | 'finished';
  payload: Record<string, unknown>;
}

const PREFIX = 'domain.software-development.integration.after_delivery.';

/** The log, read in this process: it is asked for often, and a process each time would be most of the test. */
async function eventsOf(world: World): Promise<{ event: string; payload: Record<string, unknown> }[]> {
  const lines: string[] = [];
  const stdout = {
    write(text: string, callback?: (error?: Error | null) => void) {
      lines.push(...text.split('\n').filter(Boolean));
      callback?.();
      return true;
    },
  };
  const stdin = (async function* (): AsyncGenerator<string> {})();
  const streams = { stdin, stdout, stderr: { write: () => true } };
  await main(['events', 'tail', '--json'], { env: world.env, cwd: world.clone, ...streams });
  return lines.map((line) => JSON.parse(line) as { event: string; payload: Record<string, unknown> });
}

async function told(world: World): Promise<Told[]> {
  const events = await eventsOf(world);
  return events
    .filter(({ event }) => event.startsWith(PREFIX))
    .map(({ event, payload }) => ({ event: event.slice(PREFIX.length) as Told['event'], payload }));
}

const countOf = async (world: World, event: Told['event']) =>
  (await told(world)).filter((entry) => entry.event === event).length;

/** Lines that the command has written to a file beside the clone. */
function written(world: World, name: string): string[] {
  const path = join(world.dir, name);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

async function deliver(world: World, ...slugs: string[]): Promise<void> {
  for (const slug of slugs) {
    world.branch(`feature/${slug}`, { [`${slug}.txt`]: `${slug}\n` });
    await world.ok(['submit', '--slug', slug]);
  }
}

const rows = async (world: World) => {
  const all = await world.ok<NotificationRow[]>(['notifications']);
  return all.filter(({ id }) => id === 'system/AFTER_DELIVERY_FAILED');
};

describe('the command after a drain', () => {
  test('S3-3.3i F12 runs once for all deliveries of a drain, in the main work tree, when all is saved and the lease is back', async () => {
    const world = await worldWith(
      [
        'echo "$(pwd)" >> ../runs',
        'env > ../env',
        'ls "$TELEC_HOME"/*/snapshot.json > ../saved',
        'echo restarted',
      ].join('\n'),
    );
    await deliver(world, 'one', 'two');
    const tree = join(world.dir, 'linked');
    git(world.clone, 'worktree', 'add', '--quiet', '--detach', tree, 'origin/main');
    const secrets = { SSH_AUTH_SOCK: '/agent', TELEC_ROLE: 'admin', MY_TOKEN: 'hunter2' };
    const session = await world.ok(['integrate'], { cwd: tree, env: secrets });
    expect(session).toMatchObject({ outcome: 'drained', completed: 2 });
    await world.until(async () => (await countOf(world, 'finished')) === 1);
    expect(written(world, 'runs')).toEqual([realpathSync(world.clone)]);
    expect(written(world, 'saved')).toHaveLength(1);
    expect(written(world, 'env').filter((line) => /AGENT|AUTH|TOKEN|REDIS|TELEC_(?!HOME=)/.test(line))).toEqual([]);
    expect(await told(world)).toEqual([
      {
        event: 'started',
        payload: expect.objectContaining({ session_id: session['session_id'], folder: world.state() }),
      },
      {
        event: 'finished',
        payload: {
          session_id: session['session_id'],
          host: expect.any(String),
          exit_status: 0,
          signal: null,
          duration_ms: expect.any(Number),
          output_tail: 'restarted\n',
          failure: null,
        },
      },
    ]);
    const order = (await eventsOf(world)).map(({ event }) => event.replace(/^domain\.software-development\./, ''));
    const last = order.filter((type) => /^integration\.(session\.completed|lease\.released|after_delivery)/.test(type));
    expect(last).toEqual([
      'integration.session.completed',
      'integration.lease.released',
      'integration.after_delivery.started',
      'integration.after_delivery.finished',
    ]);
    // A drain without a delivery is followed by nothing.
    await world.ok(['integrate']);
    expect(await rows(world)).toEqual([]);
    await world.until(() => helpers(world).length === 0);
    expect(await countOf(world, 'started')).toBe(1);
  });

  test('S3-3.3i that fails is an event and a notification, and a later success settles it', async () => {
    const world = await worldWith('printf "\\033[2Jno \\377 way\\n" >&2; exit "$(cat ../status)"');
    writeFileSync(join(world.dir, 'status'), '7');
    await deliver(world, 'one');
    await world.ok(['integrate']);
    await world.until(async () => (await countOf(world, 'finished')) === 1);
    expect((await told(world)).at(-1)?.payload).toMatchObject({
      exit_status: 7,
      failure: 'it ended with 7',
      output_tail: '\ufffd[2Jno \ufffd way\n',
    });
    expect(await rows(world)).toMatchObject([
      { human_status: 'unseen', agent_status: 'none', level: 3, text: expect.stringContaining('it ended with 7') },
    ]);
    writeFileSync(join(world.dir, 'status'), '0');
    await deliver(world, 'two');
    await world.ok(['integrate']);
    await world.until(async () => (await countOf(world, 'finished')) === 2);
    expect(await rows(world)).toMatchObject([{ agent_status: 'resolved' }]);
    expect(world.landed()).toHaveLength(2);
  });

  test('S3-3.3i drains that end while it runs make it run once more, however many they are', async () => {
    const world = await worldWith('echo run >> ../runs\nwhile [ ! -e ../go ]; do sleep 0.02; done');
    await world.ok(['up']);
    await deliver(world, 'one');
    await world.until(() => written(world, 'runs').length === 1);
    for (const slug of ['two', 'three', 'four']) {
      await deliver(world, slug);
      await world.settled(slug);
    }
    await world.until(async () => (await world.ok(['lease'])) === null);
    expect(written(world, 'runs')).toEqual(['run']);
    writeFileSync(join(world.dir, 'go'), '');
    await world.until(async () => (await countOf(world, 'finished')) === 2 && helpers(world).length === 0);
    expect(written(world, 'runs')).toEqual(['run', 'run']);
    expect((await told(world)).map(({ event }) => event)).toEqual(['started', 'finished', 'started', 'finished']);
  });

  test('S3-3.3i F12 may restart the very daemon that asked for it', async () => {
    const telec = `'${process.execPath}' '${TELEC}'`;
    const world = await worldWith(`${telec} down && ${telec} up && echo up >> ../runs`);
    await world.ok(['up']);
    const before = world.daemonPid();
    await deliver(world, 'one');
    await world.until(async () => (await countOf(world, 'finished')) === 1);
    expect((await told(world)).at(-1)?.payload).toMatchObject({ exit_status: 0, failure: null });
    const after = world.daemonPid();
    expect(after).not.toBeNull();
    expect(after).not.toBe(before);
    await deliver(world, 'two');
    await world.until(() => written(world, 'runs').length === 2);
    await world.until(async () => (await countOf(world, 'finished')) === 2);
  });

  test('S3-3.3i F12 goes on and is told to its end when the daemon is killed in the middle', async () => {
    const world = await worldWith('echo run >> ../runs\nwhile [ ! -e ../go ]; do sleep 0.02; done\nexit 3');
    await world.ok(['up']);
    await deliver(world, 'one');
    await world.until(() => written(world, 'runs').length === 1);
    await end(world.daemonPid() ?? 0);
    writeFileSync(join(world.dir, 'go'), '');
    await world.until(async () => (await countOf(world, 'finished')) === 1);
    expect((await told(world)).at(-1)?.payload).toMatchObject({ exit_status: 3, failure: 'it ended with 3' });
    await world.ok(['up']);
    expect(await countOf(world, 'started')).toBe(1);
  });

  test('S3-3.3i whose end nobody saw is closed by the next daemon, as failed', async () => {
    const world = await worldWith('echo $$ >> ../runs\nexec sleep 60');
    await deliver(world, 'one');
    await world.ok(['integrate']);
    await world.until(() => written(world, 'runs').length === 1);
    const [helper = 0] = helpers(world);
    await end(helper);
    await end(Number(written(world, 'runs')[0]));
    expect(await countOf(world, 'finished')).toBe(0);
    await world.ok(['up']);
    await world.until(async () => (await countOf(world, 'finished')) === 1);
    expect((await told(world)).at(-1)?.payload).toMatchObject({
      exit_status: null,
      duration_ms: null,
      failure: expect.stringContaining('nobody saw it end'),
    });
    expect(await rows(world)).toMatchObject([{ human_status: 'unseen' }]);
  });

  test('S3-3.3i F12 a drain whose process was killed before it could ask is followed by the next one', async () => {
    const world = await worldWith('echo run >> ../runs');
    await deliver(world, 'one');
    const killed = world.start(['integrate', '--json'], {
      program: join(import.meta.dirname, '../support/mortal-telec.js'),
      env: { TEST_KILL: 'after-push-recorded:1' },
    });
    await world.until(() => killed.signalCode !== null);
    await world.ok(['up']);
    await world.until(async () => (await countOf(world, 'finished')) === 1);
    expect(written(world, 'runs')).toEqual(['run']);
    await world.until(
      () => git(world.remote, 'for-each-ref', '--format=%(refname)', 'refs/heads') === 'refs/heads/main',
    );
  });

  test('S3-3.3i a daemon and telec integrate beside each other give each drain one run', async () => {
    const world = await worldWith('echo run >> ../runs');
    await world.ok(['up']);
    for (const slug of ['one', 'two', 'three']) {
      await deliver(world, slug);
      await Promise.all([world.run(['integrate', '--json']), world.run(['integrate', '--json'])]);
      await world.settled(slug);
    }
    const runsOf = async (event: Told['event']) =>
      (await told(world)).filter((entry) => entry.event === event).map(({ payload }) => payload['session_id']);
    const drains = async () =>
      (await eventsOf(world))
        .filter(({ event }) => event.endsWith('.session.completed'))
        .filter(({ payload }) => (payload['counts'] as { completed: number }).completed > 0)
        .map(({ payload }) => payload['session_id']);
    await world.until(async () => (await runsOf('finished')).at(-1) === (await drains()).at(-1));
    const started = await runsOf('started');
    expect(started).toHaveLength(new Set(started).size);
    expect(await runsOf('finished')).toEqual(started);
    expect(written(world, 'runs')).toHaveLength(started.length);
    expect(await drains()).toEqual(expect.arrayContaining(started));
  });

  test('S3-3.3i without one configured nothing is started and nothing told', async () => {
    const world = await makeWorld();
    onTestFinished(() => world.close());
    await deliver(world, 'one');
    await world.ok(['integrate']);
    expect(helpers(world)).toEqual([]);
    expect(await told(world)).toEqual([]);
  });
});
