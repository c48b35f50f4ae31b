/** What `doctor` says of the guards beyond their files: whether the remote is guarded, and how all of them stood a trial. */
import { openBare } from '../../io/guards/bare-repository.ts';
import { readServerGuardFile } from '../../io/guards/server-guard-file.ts';
import { SERVER_HOOKS, serverHook } from '../../io/guards/server-hooks.ts';
import { hasSigners, hookText, standingHooks } from '../../io/guards/server-install.ts';
import type { DoctorRow } from '../client.ts';
import type { Opened } from '../commands/session.ts';
import { localRemote } from './server.ts';
import type { TriedGuard } from './server-views.ts';
import { tryGuards } from './trial.ts';

type Row = Omit<DoctorRow, 'check'>;

const ok = (detail: string): Row => ({ status: 'ok', detail, mend: null });
const warn = (detail: string, mend: string): Row => ({ status: 'warn', detail, mend });
const fail = (detail: string, mend: string): Row => ({ status: 'fail', detail, mend });

const INSTALL = 'telec guard install --server';

/** Whether the remote has its hooks, as its files say. */
export async function serverRow({ workspace, host }: Opened): Promise<Row> {
  const path = await localRemote(workspace);
  if (path === null) {
    const known = 'the remote is no folder of this machine: what guards main there cannot be known from here';
    return warn(known, `${INSTALL} --print shows hooks for its server; a hosting service needs a rule of its own`);
  }
  const bare = await openBare(path);
  const standing = standingHooks(bare);
  if (standing.length < SERVER_HOOKS.length) {
    if (host.repository.standing.modes.cutover === null)
      return ok('not in yet: until the cutover main is moved by another path');
    return warn(`the remote has no hooks of telec: whoever may write to it can move ${workspace.config.main}`, INSTALL);
  }
  const signed = hasSigners(bare);
  const rules = { main: workspace.config.main, signed, ignoreCase: bare.ignoreCase };
  if (SERVER_HOOKS.some((name) => hookText(bare, name) !== serverHook(name, rules)))
    return warn('the hooks of the remote are not those that this telec puts in', INSTALL);
  if (bare.hooksPath === null)
    return warn("a hooks path of the pusher's own configuration leads away from the hooks of the remote", INSTALL);
  const signs = readServerGuardFile(workspace.folder)?.key != null;
  if (signed && !signs)
    return fail(
      'the remote takes signed fences only, and sessions of this machine sign none',
      `${INSTALL} --key <key>`,
    );
  return ok(`both hooks stand in the remote${signed ? ', and ask for signed fences' : ''}`);
}

/** How the guards stood a trial against a scratch remote: a line each. */
export async function trialRows(opened: Opened): Promise<Row[]> {
  const { guards, passed } = await tryGuards(opened);
  const rows = guards.map(trialRow);
  return passed || rows.some(({ status }) => status === 'fail')
    ? rows
    : [...rows, fail("the integrator's own push does not get through the guards", INSTALL)];
}

const NAMES = { server: 'hooks of the remote', pre_push: 'pre-push hook', git: 'wrapper of git', gh: 'wrapper of gh' };

function trialRow({ guard, in_place: inPlace, refused, leaks, note }: TriedGuard): Row {
  const name = NAMES[guard];
  const mend = guard === 'server' ? INSTALL : 'telec guard install';
  if (leaks.length > 0) return fail(`${name}: tried, and lets through: ${leaks.join(', ')}`, mend);
  if (refused === 0) return ok(`${name}: not tried: ${note}`);
  if (note !== null)
    return warn(`${name}: refuses everybody, since it cannot ask: ${note}`, 'telec doctor, the lines above');
  const where = inPlace ? '' : ', as it would be put in';
  return ok(`${name}: tried${where}, ${refused} ${refused === 1 ? 'way' : 'ways'} to main refused`);
}
