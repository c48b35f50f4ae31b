import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { archiveView } from '../../scripts/archive-examples.ts';
import { shapes as answers, examples } from '../../scripts/examples.ts';
import { watched } from '../../scripts/live-examples.ts';
import type { OutputStream } from '../../src/cli/output.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { InvariantViolation, TelecError } from '../../src/errors.ts';
import { isAllowed, permissionFor, ROLES } from '../../src/machines/permissions.ts';
import { fakeRuntime, runTelec } from '../support/fake-runtime.ts';

/** Answers of all commands; what a watcher is told is made of the others. */
const shapes: Record<string, unknown> = { ...answers, watch: watched };

/** A command line for each command, by its path. */
const LINES: Record<string, string[]> = {
  init: ['init'],
  up: ['up', '--foreground'],
  down: ['down'],
  status: ['status'],
  doctor: ['doctor'],
  demo: ['demo'],
  submit: ['submit'],
  'events emit': ['events', 'emit', 'branch.pushed', '--set', 'branch=x'],
  'events tail': ['events', 'tail'],
  'events catalog': ['events', 'catalog'],
  'events dead': ['events', 'dead'],
  'events archive': ['events', 'archive'],
  candidates: ['candidates'],
  candidate: ['candidate', 'login'],
  queue: ['queue'],
  radar: ['radar'],
  why: ['why', 'login'],
  checks: ['checks'],
  'checks log': ['checks', 'log', 'login', 'unit'],
  watch: ['watch'],
  integrate: ['integrate'],
  resume: ['resume', 'login'],
  priority: ['priority', 'login', 'urgent', '--reason', 'customers wait'],
  hold: ['hold'],
  unhold: ['unhold'],
  lease: ['lease'],
  'lease break': ['lease', 'break', '--reason', 'gone'],
  'lease adopt': ['lease', 'adopt', '--reason', 'gone'],
  notifications: ['notifications'],
  'notifications seen': ['notifications', 'seen', 'deployment/login'],
  'notifications claim': ['notifications', 'claim', 'deployment/login'],
  'notifications resolve': ['notifications', 'resolve', 'deployment/login'],
  replay: ['replay'],
  audit: ['audit'],
  'machine list': ['machine', 'list'],
  'machine show': ['machine', 'show', 'candidate'],
  actors: ['actors'],
  actor: ['actor', 'x'],
  web: ['web', '--print'],
  'config show': ['config', 'show'],
  'config schema': ['config', 'schema'],
  completion: ['completion', 'bash'],
  sessions: ['sessions'],
  'sessions list': ['sessions', 'list'],
  'sessions start': ['sessions', 'start', '--role', 'worker', '--command', 'x'],
  'sessions end': ['sessions', 'end', 'builder-1'],
  adopt: ['adopt'],
  simulate: ['simulate', '--candidates', '100'],
  'todo create': ['todo', 'create', 'login'],
  'todo list': ['todo', 'list'],
  'todo show': ['todo', 'show', 'login'],
  'todo next': ['todo', 'next'],
  'todo mark-phase': ['todo', 'mark-phase', 'login', 'build', 'started'],
  'todo finalize': ['todo', 'finalize', 'login'],
  'todo handover': ['todo', 'handover', 'login', '--worker-output', '-'],
  'todo draft': ['todo', 'draft'],
  'todo gate': ['todo', 'gate', 'login', '--score', '9', '--status', 'pass'],
  'todo set-deps': ['todo', 'set-deps', 'login'],
  'todo validate': ['todo', 'validate'],
  'todo demo list': ['todo', 'demo', 'list'],
  'todo demo validate': ['todo', 'demo', 'validate', 'login'],
  'todo demo run': ['todo', 'demo', 'run', 'login'],
  'todo demo create': ['todo', 'demo', 'create', 'login'],
  'roadmap list': ['roadmap', 'list'],
  'roadmap add': ['roadmap', 'add', 'login'],
  'roadmap deps': ['roadmap', 'deps', 'login'],
  'roadmap move': ['roadmap', 'move', 'login', '--before', 'search'],
  'roadmap remove': ['roadmap', 'remove', 'login'],
  'roadmap deliver': ['roadmap', 'deliver', 'login'],
  'roadmap freeze': ['roadmap', 'freeze', 'login'],
  'shadow report': ['shadow', 'report'],
  'shadow restart': ['shadow', 'restart', '--reason', 'r'],
  'cutover status': ['cutover', 'status'],
  'cutover enable': ['cutover', 'enable', '--reason', 'r'],
  'cutover rollback': ['cutover', 'rollback', '--reason', 'r'],
  'rollout status': ['rollout', 'status'],
  'rollout gate': ['rollout', 'gate', 'search-index'],
  'rollout report': ['rollout', 'report', 'search-rollout'],
  'guard install': ['guard', 'install'],
  'guard check': ['guard', 'check'],
  'guard env': ['guard', 'env'],
  'guard uninstall': ['guard', 'uninstall'],
  'guard allow': ['guard', 'allow', '1a2b3c4d', '--reason', 'an outage'],
};

function tree(command: Command, path: string[] = []): { path: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()];
    return [{ path: own.join(' '), command: child }, ...tree(child, own)];
  });
}

const all = tree(buildProgram(() => async () => undefined));

describe('the command table', () => {
  test('has the commands that are tried here, and no other', () => {
    const runnable = all
      .filter(({ path, command }) => command.commands.length === 0 || LINES[path])
      .map(({ path }) => path);
    expect(runnable.sort()).toEqual(Object.keys(LINES).sort());
  });

  test.each(all.map(({ path }) => path))('the help of %s says what it does, with examples', async (path) => {
    const run = await runTelec([...path.split(' '), '--help']);
    expect(run.status).toBe(0);
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/Examples:\n {2}\$ telec /);
    expect(run.stdout).toContain(`Usage: telec ${path}`);
    expect(run.stdout).toContain('--json');
  });

  test('help names a command by all its words', async () => {
    const page = await runTelec(['events', 'emit', '--help']);
    expect(await runTelec(['help', 'events', 'emit'])).toMatchObject({ status: 0, stdout: page.stdout });
  });

  test('without a word it shows its help; --version says the version', async () => {
    const help = await runTelec([]);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: telec');
    expect((await runTelec(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('answers', () => {
  test.each(Object.entries(LINES))(
    '%s --json is one document in the shape of the page, and closes what it opened',
    async (path, line) => {
      const fake = fakeRuntime({ emit: async () => [{ status: 'appended', id: '1767261600000-0' }] });
      const run = await runTelec([...line, '--json'], { runtime: fake.runtime });
      expect(run.stderr).toBe('');
      expect(run.status).toBe(0);
      expect(run.stdout.split('\n')).toHaveLength(2);
      expect(fake.closed()).toBe(true);
      if (path === 'down') expect(run.json()).toEqual({ running: false, pid: null, changed: false });
      else if (path in shapes && path !== 'candidates') expect(run.json()).toEqual(shapes[path]);
    },
  );

  test.each(Object.entries(LINES))(
    '%s for people is text on stdout, in the same words with and without --quiet',
    async (_path, line) => {
      const loud = await runTelec(line);
      expect(loud.status).toBe(0);
      expect(loud.stdout.trim()).not.toBe('');
      expect(loud.stdout).not.toContain('undefined');
      expect((await runTelec([...line, '--quiet'])).stdout).toBe(loud.stdout);
    },
  );

  test('global options stand before or after the command', async () => {
    expect((await runTelec(['--json', 'queue'])).json()).toEqual(examples.queue);
    expect((await runTelec(['queue', '--json'])).json()).toEqual(examples.queue);
  });

  test('what is asked reaches the runtime as it was meant', async () => {
    const fake = fakeRuntime();
    const world = { runtime: fake.runtime };
    await runTelec(['candidates', '--state', 'blocked', '--slug', 'login'], world);
    await runTelec(['hold', '--for', '30m', '--main-busy', '--reason', 'r'], world);
    await runTelec(['hold'], world);
    await runTelec(['unhold', '--reason', 'r'], world);
    await runTelec(['resume', 'login', '--force', '--reason', 'r'], world);
    await runTelec(['submit', 'feature/x', '--slug', 'x'], world);
    await runTelec(['submit', '--wait', '--timeout', '5000'], world);
    await runTelec(['notifications', 'claim', 'a', 'b'], world);
    await runTelec(['notifications', '--unseen'], world);
    await runTelec(['replay', '--at', '5-0', '--verify'], world);
    for (const before of [[], ['--before', '7d'], ['--before', '1718000000000-0']])
      await runTelec(['events', 'archive', ...before], world);
    const { slug, branch, sha } = examples.submit;
    expect(fake.asked.map((call) => call.filter((part) => !(part instanceof AbortSignal)))).toEqual([
      ['candidates', { state: 'blocked', slug: 'login' }],
      ['hold', { reason: 'r', forMs: 1_800_000, mainBusy: true }],
      ['hold', { reason: null, forMs: null, mainBusy: false }],
      ['unhold', { reason: 'r' }],
      ['resume', { slug: 'login', force: true, reason: 'r' }],
      ['submit', { branch: 'feature/x', slug: 'x' }],
      ['submit', { branch: null, slug: null }],
      // How far it is is told meanwhile.
      ['live'],
      ['settle', { slug, branch, sha }, 5000],
      ['markNotifications', ['a', 'b'], 'claimed'],
      ['notifications', { unseen: true }],
      ['replay', { at: '5-0', verify: true }],
      ['archive', { beforeId: null, olderThanMs: 30 * 86_400_000 }],
      ['archive', { beforeId: null, olderThanMs: 7 * 86_400_000 }],
      ['archive', { beforeId: '1718000000000-0', olderThanMs: null }],
    ]);
    for (const before of ['yesterday', '5', '400d', '-1d', '5-0-0', ''])
      expect([before, (await runTelec(['events', 'archive', `--before=${before}`], world)).status]).toEqual([
        before,
        2,
      ]);
  });

  test('what a branch, a file name or a remote says never reaches the terminal raw', async () => {
    const evil = 'x\u001b]0;pwned\u0007\n\u202e';
    const { blocked } = examples.blocked;
    const candidate = {
      ...examples.candidate,
      branch: evil,
      state: 'blocked' as const,
      blocked: blocked && {
        ...blocked,
        diagnostics: [evil],
        conflict_evidence: [evil],
        next_action: evil,
        reproduce: evil,
      },
      reasons: [{ code: 'x', text: evil }],
      history: [{ id: evil, at: evil, event: evil, from: evil, to: evil }],
    };
    const fake = fakeRuntime({
      candidate: async () => candidate,
      candidates: async () => [candidate],
      status: async () => ({
        ...examples.status,
        repo_id: evil,
        stale: { id: evil, type: evil },
        hold: { ...examples.hold, reason: evil, owner: evil },
      }),
      why: async () => ({
        slug: evil,
        state: null,
        meaning: evil,
        place: null,
        waiting_for: [{ code: evil, text: evil, event: evil, who: evil }],
      }),
      queue: async () => [{ ...examples.queue[0], branch: evil } as (typeof examples.queue)[number]],
      lease: async () => ({ ...examples.lease, owner_session_id: evil }),
      notifications: async () => examples.notifications.map((row) => ({ ...row, text: evil })),
      dead: async () => [{ id: evil, reason: evil, entry: { [evil]: evil } }],
      archive: async () => ({
        ...archiveView,
        files: [evil],
        through: evil,
        held_back: { through: evil, why: evil },
      }),
      actor: async () => ({ ...examples.actor, id: evil, context: { [evil]: evil }, accepts: [evil], mermaid: evil }),
      tail: async function* () {
        yield { ...examples.envelope, event: evil, payload: { branch: evil } };
      },
      resume: async () => {
        throw new TelecError('NOT_FOUND', 1, `no ${evil}`, { hint: evil, problems: [{ path: evil, message: evil }] });
      },
    });
    const lines = [
      'candidate',
      'candidates',
      'status',
      'why',
      'queue',
      'lease',
      'notifications',
      'events dead',
      'events archive',
      'actor',
      'events tail',
      'resume',
    ];
    for (const path of lines) {
      for (const more of [[], ['--json'], ...(path === 'actor' ? [['--mermaid']] : [])]) {
        const run = await runTelec([...(LINES[path] ?? []), ...more], { runtime: fake.runtime });
        expect(run.stdout + run.stderr, path).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
        expect(run.stdout + run.stderr, path).toMatch(/pwned/);
      }
    }
  });
});

describe('F37 rights', () => {
  test.each(ROLES)('a %s runs what the table allows, and for the rest nothing is even opened', async (role) => {
    for (const [path, argv] of Object.entries(LINES)) {
      const fake = fakeRuntime();
      const run = await runTelec([...argv, '--json'], { runtime: fake.runtime, env: { TELEC_ROLE: role } });
      const asked = { options: { role: 'worker' }, args: argv };
      const row = permissionFor(path, asked);
      if (row && isAllowed(row, role)) expect([path, run.status]).toEqual([path, 0]);
      else {
        expect([path, run.status]).toEqual([path, 6]);
        expect(run.json()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
        expect(fake.asked).toEqual([]);
      }
    }
  });
});

describe('exit statuses', () => {
  test.each([
    ['drained', 0],
    ['busy', 4],
    ['held', 6],
    ['halted', 6],
    ['aborted', 1],
    ['unreachable', 3],
  ] as const)('a session that ended %s exits %s, with its result on stdout', async (outcome, status) => {
    const fake = fakeRuntime({ integrate: async () => ({ ...examples.integrate, outcome }) });
    const run = await runTelec(['integrate', '--json'], { runtime: fake.runtime });
    expect(run.status).toBe(status);
    expect(run.json()).toMatchObject({ outcome, blocked: 1 });
    expect(run.stderr === '').toBe(status === 0);
  });

  test.each([
    ['completed', 0],
    ['blocked', 1],
    ['superseded', 1],
  ] as const)('a submission waited for that ends %s exits %s, with the candidate on stdout', async (state, status) => {
    const fake = fakeRuntime({ settle: async () => ({ kind: 'settled', candidate: { ...examples.blocked, state } }) });
    const run = await runTelec(['submit', '--wait', '--json'], { runtime: fake.runtime });
    expect(run.status).toBe(status);
    expect(run.json()).toMatchObject({ slug: 'search', state });
  });

  test('a submission that takes longer than --timeout exits 5', async () => {
    const fake = fakeRuntime({ settle: async () => ({ kind: 'timeout', candidate: examples.ready }) });
    const run = await runTelec(['submit', '--wait', '--timeout', '10', '--json'], { runtime: fake.runtime });
    expect(run.status).toBe(5);
    expect(run.json()).toMatchObject({ error: { code: 'TIMEOUT', hint: 'telec why login' } });
  });

  test('doctor exits 1 only when a check fails', async () => {
    const rows = [{ check: 'git', status: 'fail' as const, detail: 'is missing', mend: 'install git' }];
    const fake = fakeRuntime({}, { doctor: async () => rows });
    const run = await runTelec(['doctor'], { runtime: fake.runtime });
    expect(run).toMatchObject({ status: 1, stdout: 'fail  git: is missing\n      mend: install git\n' });
  });

  test('a replay that differs from the daemon exits 1', async () => {
    const fake = fakeRuntime({ replay: async () => ({ ...examples.replay, equal: false }) });
    expect(await runTelec(['replay', '--verify', '--json'], { runtime: fake.runtime })).toMatchObject({ status: 1 });
  });

  test('a machine that does not exist is not found, and the others are named', async () => {
    const run = await runTelec(['machine', 'show', 'nope', '--json']);
    expect(run.status).toBe(1);
    expect(run.json()).toMatchObject({
      error: { code: 'NOT_FOUND', hint: 'name one of: candidate, integrator, lease, todo' },
    });
  });

  test.each([
    [['nope'], "error: unknown command 'nope'\nhint: see telec --help\n"],
    [['nope', 'status'], "error: unknown command 'nope'\nhint: see telec --help\n"],
    [['help', 'nope'], "error: unknown command 'nope'\nhint: see telec --help\n"],
    [['help', 'events', 'nope'], "error: unknown command 'nope'\nhint: see telec events --help\n"],
    [['statsu'], "error: unknown command 'statsu'\nhint: did you mean status? See telec --help\n"],
    [
      ['events'],
      'error: telec events needs a command\nhint: one of emit, tail, catalog, dead, archive; see telec events --help\n',
    ],
    [['queue', '--jsn'], "error: unknown option '--jsn'\nhint: did you mean --json? See telec queue --help\n"],
    [['why'], "error: missing required argument 'slug'\nhint: see telec why --help\n"],
    [['hold', '--for', 'soon'], 'error: --for is no duration\nhint: write --for 90s, 30m, 2h or 1d\n'],
    [
      ['resume', 'x', '--force'],
      'error: --reason is missing: what is forced is recorded with its reason\nhint: add --reason "…"\n',
    ],
    [
      ['lease', 'break'],
      'error: --reason is missing: breaking a lease is recorded with its reason\nhint: add --reason "…"\n',
    ],
    [
      ['todo', 'handover', 'x'],
      'error: --worker-output is missing: its last line says that the work is ready\nhint: add --worker-output "…"\n',
    ],
    [
      ['todo', 'handover', 'x', '--worker-output', ' '],
      'error: --worker-output is empty\nhint: give --worker-output a text, or leave it out\n',
    ],
    [['submit', '--timeout', '5'], 'error: --timeout needs --wait\nhint: add --wait, or leave --timeout out\n'],
    [
      ['-C', '/nowhere/at/all', 'status'],
      'error: /nowhere/at/all is no directory\nhint: name an existing directory after -C\n',
    ],
    [['hold', '--reason', ' '], 'error: --reason is empty\nhint: give --reason a text, or leave it out\n'],
  ])('wrong use exits 2 with a sentence and a hint: %j', async (argv, stderr) => {
    const plain = await runTelec(argv);
    expect(plain).toMatchObject({ status: 2, stdout: '', stderr });
    const json = await runTelec([...argv, '--json']);
    expect(json.status).toBe(2);
    expect(json.json()).toMatchObject({ error: { code: 'USAGE' } });
  });

  test('a fault keeps its status, code, hint and every problem', async () => {
    const problems = [
      { path: 'main', message: 'is empty' },
      { path: '', message: 'is no mapping' },
    ];
    const fake = fakeRuntime({
      init: async () => {
        throw new TelecError('CONFIG_INVALID', 2, 'the configuration has 2 problems', { hint: 'mend it', problems });
      },
    });
    const run = await runTelec(['init', '--json'], { runtime: fake.runtime });
    expect(run).toMatchObject({
      status: 2,
      stderr: 'error: the configuration has 2 problems\n  main: is empty\n  is no mapping\nhint: mend it\n',
    });
    expect(run.json()).toEqual({
      error: { code: 'CONFIG_INVALID', message: 'the configuration has 2 problems', hint: 'mend it', problems },
    });
    expect(fake.closed()).toBe(true);
  });

  test('a bug exits 70, says what to send, and keeps secrets to itself', async () => {
    const fake = fakeRuntime({
      queue: async () => {
        throw new InvariantViolation('two of redis://u:hunter2@h');
      },
    });
    const run = await runTelec(['queue', '--json'], { runtime: fake.runtime });
    expect(run.status).toBe(70);
    expect(run.stderr).toMatch(/^error: telec has a bug: two of redis:\/\/u:\*\*\*@h\n {2}telec \S+, node v/);
    expect(run.stderr).toContain('command: telec queue --json');
    expect(run.stderr).toMatch(/hint: report it with the lines above/);
    expect(run.stdout + run.stderr).not.toContain('hunter2');
    expect(run.json()).toMatchObject({ error: { code: 'BUG' } });
  });

  test.each([
    new InvariantViolation('said hunter-2222'),
    new TelecError('X', 3, 'said hunter-2222', {
      hint: 'not hunter-2222',
      problems: [{ path: '', message: 'hunter-2222' }],
    }),
  ])('a secret of the environment is shown by no error: %s', async (error) => {
    const fake = fakeRuntime({
      queue: async () => {
        throw error;
      },
    });
    for (const words of [['queue'], ['queue', '--json']]) {
      const run = await runTelec(words, { runtime: fake.runtime, env: { SOME_PASSWORD: 'hunter-2222' } });
      expect(run.stderr).toContain('said ***');
      expect(run.stdout + run.stderr).not.toContain('hunter');
    }
  });

  test('Ctrl-C exits 130 and says nothing, also in the middle of a question', async () => {
    const controller = new AbortController();
    const fake = fakeRuntime({
      queue: () => {
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    const run = await runTelec(['queue', '--json'], { runtime: fake.runtime, signal: controller.signal });
    expect(run).toMatchObject({ status: 130, stdout: '', stderr: '' });
  });

  test('Ctrl-C lets a session release what it holds before it exits 130', async () => {
    const controller = new AbortController();
    const steps: string[] = [];
    const fake = fakeRuntime({
      integrate: async (signal) => {
        controller.abort();
        steps.push(signal.aborted ? 'told' : 'not told');
        await Promise.resolve();
        steps.push('released');
        return { ...examples.integrate, outcome: 'aborted' };
      },
    });
    const run = await runTelec(['integrate'], { runtime: fake.runtime, signal: controller.signal });
    expect(run.status).toBe(130);
    expect(steps).toEqual(['told', 'released']);
    expect(fake.closed()).toBe(true);
  });

  test('a reader that goes away ends the program quietly', async () => {
    const gone: OutputStream = {
      write(_text, callback) {
        callback?.(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
        return false;
      },
    };
    const fake = fakeRuntime();
    const run = await runTelec(['events', 'tail', '--json'], { runtime: fake.runtime, stdout: gone });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(fake.closed()).toBe(true);
  });
});

describe('events emit', () => {
  const emitted = async (...argv: string[]) => {
    const fake = fakeRuntime();
    const run = await runTelec(['events', 'emit', ...argv, '--json'], { runtime: fake.runtime });
    return { run, requests: fake.asked.flatMap(([method, requests]) => (method === 'emit' ? requests : [])) };
  };

  test.each(['review.changes_requested', 'domain.software-development.review.changes_requested'])(
    '--set takes the type the schema of %s wants; --set goes on top of --payload',
    async (type) => {
      const { requests } = await emitted(
        type,
        '--payload',
        '{"slug": "a", "kept": true}',
        ...['--set', 'slug=login', '--set', 'review_round=2', '--set', 'findings=["a=b"]', '--set', 'other=7'],
      );
      expect(requests).toEqual([
        { event: type, payload: { slug: 'login', kept: true, review_round: 2, findings: ['a=b'], other: '7' } },
      ]);
    },
  );

  test('a value that does not fit stays text, for the schema to refuse with all other problems', async () => {
    const { requests } = await emitted('review.changes_requested', '--set', 'review_round=two', '--set', '__proto__=x');
    const [{ payload }] = requests as [{ payload: object }];
    expect(Object.entries(payload)).toEqual([
      ['review_round', 'two'],
      ['__proto__', 'x'],
    ]);
  });

  test.each([
    [['x', '--set', 'a'], /has no =/],
    [['x', '--set', 'a=1', '--set', 'a=2'], /stands twice/],
    [['review.changes_requested', '--set', 'findings=a,b'], /is no JSON/],
    [['x', '--payload', '[1]'], /no JSON object/],
    [['x', '--payload', '{'], /no JSON object/],
    [['x', '--stdin'], /takes type and payload from its lines/],
    [[], /no event type/],
  ])('wrong use is told before anything is opened: %j', async (argv, message) => {
    const { run, requests } = await emitted(...argv);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(message);
    expect(requests).toEqual([]);
  });

  test('the same key with other content exits 2 and names both', async () => {
    const conflict = { status: 'conflict' as const, id: '5-0', problems: [{ path: 'sha', message: 'differs' }] };
    const fake = fakeRuntime({ emit: async () => [conflict] });
    const run = await runTelec(['events', 'emit', 'x', '--json'], { runtime: fake.runtime });
    expect(run.status).toBe(2);
    expect(run.json()).toEqual(conflict);
    expect(run.stderr).toMatch(/entry 5-0/);
  });

  test.each([2, 6])('a rejected event is an error with its own status: %s', async (exit) => {
    const rejected = {
      status: 'rejected' as const,
      code: 'NO',
      message: 'no',
      hint: 'h',
      exit,
      problems: [{ path: 'a', message: 'b' }],
    };
    const fake = fakeRuntime({ emit: async () => [rejected] });
    const run = await runTelec(['events', 'emit', 'x', '--json'], { runtime: fake.runtime });
    expect(run.status).toBe(exit);
    expect(run.json()).toEqual({ error: { code: 'NO', message: 'no', hint: 'h', problems: rejected.problems } });
  });

  const lines = async (chunks: string[], client = {}) => {
    const fake = fakeRuntime(client);
    const input = (async function* () {
      yield* chunks;
    })();
    const run = await runTelec(['events', 'emit', '--stdin', '--json'], { runtime: fake.runtime, input });
    const answers =
      run.stdout.trim() === ''
        ? []
        : run.stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as object);
    return { run, answers, fake };
  };

  test('--stdin answers a line for each line in order, wherever the chunks are cut; the good go in beside the bad', async () => {
    const text = [
      '{"event":"a","payload":{"n":1}}',
      'not json',
      '',
      '{"event":"b","payload":{}}',
      '{"event":"c"}',
      '[]',
      '{"event":"d","payload":{},"extra":1}',
      '{"event":"é","payload":{}}',
    ].join('\n');
    const cuts = [text.slice(0, 10), text.slice(10, 33), text.slice(33)];
    const { run, answers, fake } = await lines(cuts);
    expect(run.status).toBe(2);
    expect(answers).toMatchObject([
      { status: 'appended' },
      { status: 'rejected', problems: [{ message: 'the line is no JSON' }] },
      { status: 'appended' },
      { status: 'rejected', problems: [{ message: 'payload is missing or no object' }] },
      { status: 'rejected' },
      { status: 'rejected', problems: [{ message: 'extra is no field of a line; it has event and payload' }] },
      { status: 'appended' },
    ]);
    const events = fake.asked.flatMap(([, requests]) => (requests as { event: string }[]).map(({ event }) => event));
    expect(events).toEqual(['a', 'b', 'é']);
  });

  test('--stdin with only good lines exits 0, and with none at all too', async () => {
    expect((await lines(['{"event":"a","payload":{}}\n'])).run.status).toBe(0);
    expect((await lines([])).run).toMatchObject({ status: 0, stdout: '' });
  });

  test('--stdin with a refused emitter rejects that line and exits 2', async () => {
    const rejected = {
      status: 'rejected',
      code: 'EMITTER',
      message: 'only a session may',
      hint: null,
      exit: 6,
      problems: [],
    };
    const { run, answers } = await lines(['{"event":"a","payload":{}}'], { emit: async () => [rejected] });
    expect(run.status).toBe(2);
    expect(answers).toEqual([
      { status: 'rejected', code: 'EMITTER', problems: [{ path: '', message: 'only a session may' }] },
    ]);
  });

  test('--stdin refuses an endless line without keeping it', async () => {
    const { answers } = await lines([
      ...Array<string>(5).fill('x'.repeat(1_000_000)),
      '\n{"event":"a","payload":{}}\n',
    ]);
    expect(answers).toMatchObject([{ problems: [{ message: 'the line is too long' }] }, { status: 'appended' }]);
  });
});

test('events tail prints one envelope a line as it comes', async () => {
  const fake = fakeRuntime({
    async *tail() {
      yield examples.envelope;
      yield { ...examples.envelope, id: '2-0' };
    },
  });
  const run = await runTelec(['events', 'tail', '--from', '1-0', '--json'], { runtime: fake.runtime });
  expect(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id),
  ).toEqual([examples.envelope.id, '2-0']);
  expect(fake.asked[0]?.slice(0, 3)).toEqual(['tail', '1-0', false]);
  expect((await runTelec(['events', 'tail', '--from', 'x'])).status).toBe(2);
});
