/**
 * Who may what: the table against the whole command line, every role against every row, and how a refusal reads. No test
 * here looks at the environment it runs in.
 */
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { TelecError } from '../../src/errors.ts';
import {
  daemonEnvironment,
  declaredRole,
  declaredSession,
  sessionEnvironment,
  withoutActor,
} from '../../src/io/acting.ts';
import {
  isAllowed,
  PERMISSIONS,
  permissionFor,
  permit,
  ROLE_MEANINGS,
  ROLES,
  type Role,
  roleOf,
  rowName,
  whoMay,
} from '../../src/machines/permissions.ts';
import { fakeRuntime, runTelec } from '../support/fake-runtime.ts';

const program = buildProgram(() => async () => undefined);

/** Every command that runs something, with its words. */
function commandsOf(command: Command, before = ''): { path: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const path = `${before}${child.name()}`;
    return [{ path, command: child }, ...commandsOf(child, `${path} `)];
  });
}
/** One with a command below it runs by itself only if it says how; then it has a summary and answers without one. */
const isGroup = ({ command }: { command: Command }) =>
  command.commands.length > 0 && (command as unknown as { _actionHandler: unknown })._actionHandler == null;
const commands = commandsOf(program).filter((each) => !isGroup(each));

describe('F37 the table of rights', () => {
  test('has a row for every command there is, one at most for each case', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(commands.map(({ path }) => path).filter((path) => permissionFor(path) === null)).toEqual([]);
    const names = PERMISSIONS.map(rowName);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('has no row for a command that does not exist', () => {
    const known = new Set(commands.map(({ path }) => path));
    expect(PERMISSIONS.map(({ command }) => command).filter((command) => !known.has(command))).toEqual([]);
  });

  test('a case comes before the row of the rest, and every command has one of the rest', () => {
    for (const [at, row] of PERMISSIONS.entries()) {
      const rest = PERMISSIONS.findIndex(({ command, when }) => command === row.command && when === undefined);
      expect(rest, rowName(row)).toBeGreaterThanOrEqual(at);
    }
  });

  /** What each role may not, spelled out here once more. */
  const REFUSED: Record<Role, string[]> = {
    worker: [
      'adopt',
      'cutover enable',
      'cutover rollback',
      'down --redis',
      'events archive',
      'guard allow',
      'guard install --server',
      'guard uninstall',
      'integrate',
      'lease adopt',
      'lease break',
      'priority',
      'rollout report --write',
      'sessions end',
      'sessions start',
      'sessions start --role admin',
      'sessions start --role integrator',
      'sessions start --role orchestrator',
      'shadow restart',
      'todo handover',
      'unhold (of a halt)',
      'web',
    ],
    orchestrator: [
      'cutover enable',
      'cutover rollback',
      'down --redis',
      'events archive',
      'guard allow',
      'guard install --server',
      'guard uninstall',
      'integrate',
      'lease adopt',
      'lease break',
      'sessions start --role admin',
      'sessions start --role integrator',
      'sessions start --role orchestrator',
      'shadow restart',
      'unhold (of a halt)',
      'web',
    ],
    integrator: [
      'cutover enable',
      'cutover rollback',
      'down --redis',
      'events archive',
      'guard allow',
      'guard install --server',
      'guard uninstall',
      'lease adopt',
      'lease break',
      'sessions start --role admin',
      'sessions start --role orchestrator',
      'shadow restart',
      'submit',
      'todo finalize',
      'todo gate',
      'todo mark-phase',
      'unhold (of a halt)',
      'web',
    ],
    admin: [],
  };

  test.each(ROLES)('F37 %s is refused exactly what the role is not for', (role) => {
    const refused = PERMISSIONS.filter((row) => !isAllowed(row, role)).map(rowName);
    expect(refused.sort()).toEqual(REFUSED[role]);
    expect(ROLE_MEANINGS[role]).not.toBe('');
  });

  test('where nobody declared a role nothing is narrowed', () => {
    expect(PERMISSIONS.filter((row) => !isAllowed(row, null))).toEqual([]);
  });

  test.each(PERMISSIONS.map((row) => [rowName(row), row] as const))(
    '%s: a refusal says who may, and what to do instead',
    (name, row) => {
      for (const role of ROLES) {
        if (isAllowed(row, role)) {
          expect(() => permit(row, role)).not.toThrow();
          continue;
        }
        let fault: unknown;
        try {
          permit(row, role);
        } catch (error) {
          fault = error;
        }
        expect(fault).toBeInstanceOf(TelecError);
        const { code, exit, message, hint } = fault as TelecError;
        expect([code, exit]).toEqual(['PERMISSION_DENIED', 6]);
        expect(message).toBe(`permission denied: telec ${name} is for ${whoMay(row)}, and the role here is ${role}`);
        expect(hint).toBeTruthy();
      }
    },
  );

  test('the case that counts is told from what was typed', () => {
    const named = (command: string, asked = {}) => rowName(permissionFor(command, asked) ?? { command: '?', may: [] });
    expect(named('down', { options: { redis: true } })).toBe('down --redis');
    expect(named('down', { options: { redis: false } })).toBe('down');
    expect(named('sessions start', { options: { role: 'admin' } })).toBe('sessions start --role admin');
    expect(named('sessions start', { options: { role: 'worker' } })).toBe('sessions start');
    expect(named('sessions end', { args: ['self'] })).toBe('sessions end self');
    expect(named('sessions end', { args: ['x'] })).toBe('sessions end');
    expect(named('adopt', { options: { dryRun: true } })).toBe('adopt --dry-run');
    expect(named('unhold', { state: 'halt' })).toBe('unhold (of a halt)');
    expect(permissionFor('no such command')).toBeNull();
  });

  test('the choices of --role on the command line are the roles', () => {
    for (const path of ['sessions', 'sessions list', 'sessions start']) {
      const found = commands.find((each) => each.path === path)?.command;
      expect(found?.options.find(({ long }) => long === '--role')?.argChoices, path).toEqual([...ROLES]);
    }
  });
});

describe('a declared role', () => {
  test('S0-2.1n S0-2.2p a worker that dispatches is refused before anything runs, and told the way around', async () => {
    const fake = fakeRuntime();
    for (const command of ['next-prepare-draft login', 'next-prepare-gate login']) {
      const argv = ['sessions', 'start', '--role', 'worker', '--command', command, '--json'];
      const run = await runTelec(argv, { runtime: fake.runtime, env: { TELEC_ROLE: 'worker' } });
      expect(run.status).toBe(6);
      expect(run.json()).toEqual({
        error: {
          code: 'PERMISSION_DENIED',
          message:
            'permission denied: telec sessions start is for orchestrators, the integrator and admins, and the role here is worker',
          hint: 'do the step yourself in a session of your own: telec todo draft <slug>, telec todo gate <slug>; the record is the same',
        },
      });
    }
    expect(fake.asked).toEqual([]);
    const help = (await runTelec(['sessions', 'start', '--help'])).stdout.replace(/\s+/g, ' ');
    expect(help).toContain('telec todo draft <slug>, telec todo gate <slug>');
  });

  test.each([
    [{ TELEC_ROLE: 'admin', TELECLAUDE_SYSTEM_ROLE: 'worker', TELECLAUDE_ROLE: 'worker' }, 0],
    [{ TELECLAUDE_SYSTEM_ROLE: 'worker', TELECLAUDE_ROLE: 'admin' }, 6],
    [{ TELECLAUDE_ROLE: 'orchestrator' }, 6],
    [{ TELEC_ROLE: '', TELECLAUDE_ROLE: 'integrator' }, 0],
    [{ TELEC_ROLE: 'integrator' }, 0],
    [{}, 0],
  ])('is the first that is set: %j, and telec integrate ends with %i', async (env, status) => {
    expect((await runTelec(['integrate'], { env })).status).toBe(status);
  });

  test.each(['boss', 'Worker', 'worker ', 'admin\n'])(
    'that is none (%j) refuses what needs a right, names the roles, and lets read',
    async (role) => {
      for (const name of ['TELEC_ROLE', 'TELECLAUDE_SYSTEM_ROLE', 'TELECLAUDE_ROLE']) {
        const run = await runTelec(['hold', '--json'], { env: { [name]: role } });
        expect(run.status).toBe(2);
        expect(run.json()).toMatchObject({
          error: {
            code: 'INVALID_ROLE',
            hint: `set ${name} to one of worker, orchestrator, integrator, admin, or unset it`,
          },
        });
        expect((await runTelec(['queue'], { env: { [name]: role } })).status).toBe(0);
        expect(() => roleOf(role, name)).toThrow(TelecError);
      }
    },
  );

  test('comes with a session; without one the other names count', () => {
    expect(declaredSession({ TELEC_SESSION_ID: 'a', TELECLAUDE_SESSION_ID: 'b' })).toBe('a');
    expect(declaredSession({ TELECLAUDE_SESSION_ID: 'b' })).toBe('b');
    expect(declaredSession({})).toBeNull();
    expect(declaredRole({ TELECLAUDE_ROLE: 'x' })).toEqual({ name: 'TELECLAUDE_ROLE', value: 'x' });
  });
});

describe('S3-5.1b the environment of a session', () => {
  test('has the switch of the cutover once the repository is live, and parity for the integrator alone', () => {
    const worker = sessionEnvironment({ role: 'worker', id: 'w-1', live: true, narrowed: false });
    expect(worker).toEqual({
      TELEC_ROLE: 'worker',
      TELECLAUDE_SYSTEM_ROLE: 'worker',
      TELECLAUDE_ROLE: 'worker',
      TELEC_SESSION_ID: 'w-1',
      TELECLAUDE_SESSION_ID: 'w-1',
      TELEC_INTEGRATOR_CUTOVER_ENABLED: '1',
      TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED: '1',
      TELEC_INTEGRATOR_PARITY_EVIDENCE: null,
      TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE: null,
    });
    const parity = (role: string, live: boolean) => sessionEnvironment({ role, id: 'x', live, narrowed: false });
    expect(parity('integrator', true)).toMatchObject({
      TELEC_INTEGRATOR_PARITY_EVIDENCE: 'accepted',
      TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE: 'accepted',
    });
    expect(parity('admin', true)['TELEC_INTEGRATOR_PARITY_EVIDENCE']).toBeNull();
    expect(parity('integrator', false)).toMatchObject({
      TELEC_INTEGRATOR_CUTOVER_ENABLED: null,
      TELEC_INTEGRATOR_PARITY_EVIDENCE: null,
    });
  });

  test('S3-5.1n keeps what a session starts to shadow when its own switches do', () => {
    for (const role of ['worker', 'integrator'])
      expect(sessionEnvironment({ role, id: 'x', live: true, narrowed: true })).toMatchObject({
        TELEC_INTEGRATOR_CUTOVER_ENABLED: '0',
        TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED: '0',
        TELEC_INTEGRATOR_PARITY_EVIDENCE: null,
        TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE: null,
      });
  });

  test('S3-5.1a of a daemon has the switch of the cutover as the log has it, and leaves alone one that says no', () => {
    const on = { TELEC_INTEGRATOR_CUTOVER_ENABLED: '1', TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED: '1' };
    expect(daemonEnvironment({ PATH: '/bin' }, true)).toEqual({ PATH: '/bin', ...on });
    expect(daemonEnvironment({ PATH: '/bin', ...on }, false)).toEqual({
      PATH: '/bin',
      TELEC_INTEGRATOR_CUTOVER_ENABLED: undefined,
      TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED: undefined,
    });
    const off = { TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED: 'never' };
    expect(daemonEnvironment(off, true)).toEqual(off);
  });

  test('is taken from a process that acts for nobody', () => {
    const env = { ...sessionEnvironment({ role: 'worker', id: 'w', live: true, narrowed: false }), PATH: '/bin' };
    expect(Object.keys(withoutActor(env as Record<string, string>))).toEqual([
      'TELEC_INTEGRATOR_CUTOVER_ENABLED',
      'TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED',
      'PATH',
    ]);
  });
});
