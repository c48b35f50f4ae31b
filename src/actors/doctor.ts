/** `doctor`: looks at everything a session will need and says what stands in the way, each line with its mend. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TelecError } from '../errors.ts';
import { keepsToShadow } from '../io/acting.ts';
import { surveyGround } from '../io/checks/survey.ts';
import { transportSettings } from '../io/git/clone.ts';
import { quoted } from '../io/git/housekeeping.ts';
import { readCleanMemory } from '../io/leftovers.ts';
import { maskUrls } from '../io/secrets.ts';
import { readDaemonFile, registeredClones } from '../io/state.ts';
import { modeOf, whyNotLive } from '../machines/modes.ts';
import { checksRow } from './checks-row.ts';
import type { CommandContext, DoctorRow } from './client.ts';
import { lookAtRemote, type Opened } from './commands/session.ts';
import type { Host } from './host.ts';
import { openHost } from './host.ts';
import { surfaceRows } from './notify/doctor-rows.ts';
import { surfaceViews } from './notify/states.ts';
import { surfaceRow } from './surface.ts';
import { actorOf, openWorkspace, redisUrl, type Workspace } from './workspace.ts';

const run = promisify(execFile);
const GIT_LEAST = [2, 38];
/** Leftovers listed one by one at most. */
const LEFTOVERS_SHOWN = 20;

type Check = () => Promise<Omit<DoctorRow, 'check'>>;

const ok = (detail: string) => ({ status: 'ok' as const, detail, mend: null });
const warn = (detail: string, mend: string) => ({ status: 'warn' as const, detail, mend });
const fail = (detail: string, mend: string) => ({ status: 'fail' as const, detail, mend });

/** All checks, in the order in which a failing one explains those after it. Throws nothing: a fault is a line. */
export async function examine(context: CommandContext): Promise<DoctorRow[]> {
  const rows: DoctorRow[] = [];
  const check = async (name: string, look: Check) => {
    rows.push({ check: name, ...(await look().catch(inWords)) });
  };
  let workspace: Workspace | null = null;
  let host: Host | null = null;
  await check('git', gitVersion);
  await check('clone', async () => {
    workspace = await openWorkspace(context);
    return ok(`${workspace.mainWorkTree} as ${workspace.repoId}`);
  });
  if (workspace === null) return rows;
  const place: Workspace = workspace;
  await check('configuration', async () =>
    ok(`${place.rows.filter(({ source }) => source !== 'default').length} keys set`),
  );
  await check('redis', async () => {
    const url = await redisUrl(place, context.env);
    host = await openHost({
      repoId: place.repoId,
      folder: place.folder,
      redisUrl: url,
      source: actorOf(context).source,
      onWait: (word) => context.say(word),
      readOnly: true,
    });
    const { length, dead, archived } = await (host as Host).log.stats();
    const where = url === null ? 'private server' : maskUrls(url);
    const isHere = archived === 0 || (await (host as Host).log.isWhole());
    const old = archived === 0 ? '' : `, ${archived} of them in archives${isHere ? '' : ' that are not all here'}`;
    const detail = `${where}; ${length} entries in log ${(host as Host).logId}${old}`;
    const bad = archived > 0 && isHere ? await unreadable((host as Host).log) : null;
    if (bad) return warn(`${detail}; ${bad.message}`, bad.hint ?? 'telec events tail');
    return dead === 0 ? ok(detail) : warn(`${detail}; ${dead} could not be read`, 'telec events dead');
  });
  if (host === null) return rows;
  const opened: Opened = { context, workspace: place, host };
  try {
    await check('log', () => foldLog(opened.host));
    await check('mode', () => modeStands(opened));
    await check('remote', () => remoteSuits(opened));
    await check('transport', () => transport(place));
    await check('fence', () => fenceIsOurs(opened));
    await check('daemon', async () => {
      const file = readDaemonFile(place.folder);
      return file
        ? ok(`process ${file.pid}, since ${file.since}`)
        : warn('no daemon runs; candidates wait', 'telec up');
    });
    for (const row of await guardRows(opened)) await check('guards', async () => row);
    await check('guards', async () => (await import('./guards/doctor-rows.ts')).serverRow(opened));
    for (const row of await triedRows(opened)) await check('guards', async () => row);
    await check('surface', async () => surfaceRow(place.folder));
    for (const row of surfaceRows(surfaceViews(await opened.host.told.states()), place.config.notify, context.env))
      await check('notify', async () => row);
    await check('checks', async () => {
      const folder = join(place.folder, 'checks');
      return checksRow(place.config.checks, folder, surveyGround(folder));
    });
    await check('clones', async () => ok(`${registeredClones(place.folder).length} registered on this machine`));
    const left = leftoversOf(opened);
    for (const row of left) await check('cleanup', async () => row);
    if (left.length === 0) await check('cleanup', async () => ok('nothing is left of what was delivered'));
  } finally {
    await opened.host.close();
  }
  return rows;
}

function inWords(error: unknown): Omit<DoctorRow, 'check'> {
  if (!(error instanceof TelecError)) throw error;
  const problems = (error.problems ?? []).map(({ path, message }) => `${path}: ${message}`);
  return fail([error.message, ...problems].join('; '), error.hint ?? 'see the detail');
}

async function gitVersion(): Promise<Omit<DoctorRow, 'check'>> {
  const found = await run('git', ['version']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
  if (found === null) return fail('git is not on the PATH', 'install git');
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(found)?.slice(1) ?? []).map(Number);
  const [leastMajor = 0, leastMinor = 0] = GIT_LEAST;
  const suits = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return suits ? ok(found) : fail(`${found} is too old`, `install git ${GIT_LEAST.join('.')} or newer`);
}

/** What keeps an archive that is here from being read; null when nothing does. Reads every file once. */
async function unreadable(log: Host['log']): Promise<TelecError | null> {
  try {
    let after = '0';
    for (const { through } of (await log.archived())?.parts ?? []) {
      await log.read(after, 1);
      after = through;
    }
    return null;
  } catch (error) {
    if (error instanceof TelecError) return error;
    throw error;
  }
}

async function foldLog(host: Host): Promise<Omit<DoctorRow, 'check'>> {
  await host.dispatcher.catchUp();
  const { stale } = host.dispatcher;
  if (stale) return fail(`entry ${stale.id} (${stale.type}) was written by a newer telec`, 'upgrade telec');
  const { standing } = host.repository;
  if (standing.mode === null) return warn('not set up yet', 'telec init');
  if (standing.hold?.alarm)
    return fail(`halted: ${standing.hold.reason}`, 'look at main; then telec unhold --reason "..."');
  return ok(`applied up to ${host.dispatcher.appliedId}`);
}

/** The mode by the log, and whether the environment of this command keeps sessions to shadow in a live repository. */
async function modeStands({ context, host }: Opened): Promise<Omit<DoctorRow, 'check'>> {
  const { modes } = host.repository.standing;
  const decision = modeOf(modes);
  const why = whyNotLive(modes) ?? '';
  if (decision === null) return warn('not set up yet', 'telec init, or telec init --shadow beside another path');
  if (decision.kind === 'refused') return fail(why, 'telec cutover status; telec cutover rollback --reason "..."');
  if (decision.kind === 'shadow') {
    const detail = `shadow: ${why}`;
    return decision.rollbackRequired ? fail(detail, 'telec cutover status says what is missing') : ok(detail);
  }
  if (!keepsToShadow(context.env)) return ok(`live since ${modes.cutover?.at}`);
  const names = 'TELEC_INTEGRATOR_CUTOVER_ENABLED or TELEC_INTEGRATOR_PARITY_EVIDENCE, or their older names';
  return warn(`live, but this environment keeps sessions to shadow: ${names}`, 'unset them');
}

async function remoteSuits({ host, workspace }: Opened): Promise<Omit<DoctorRow, 'check'>> {
  const git = await host.git(workspace.clone, workspace.config);
  const probed = await git.probe();
  if (probed.kind === 'unreachable') return fail(probed.detail, 'check the remote with: git ls-remote');
  if (probed.kind === 'unsupported') return fail(probed.detail, 'use a remote that takes atomic pushes');
  const view = await lookAtRemote(git);
  if (view.planted.length > 0) {
    return fail(`refs in the way of main or the fence: ${view.planted.join(', ')}`, 'delete them on the remote');
  }
  if (view.main === null) return fail(`no branch ${workspace.config.main}`, 'push a first commit to it');
  return ok(`takes atomic pushes; ${workspace.config.main} is ${view.main.slice(0, 12)}`);
}

/** What is left of deliveries in the clones of this machine and on the remote, each with what to do about it. */
function leftoversOf({ host, workspace }: Opened): Omit<DoctorRow, 'check'>[] {
  const here = readCleanMemory(workspace.folder, host.logId).leftovers.map(({ branch, clone, steps, mend }) => {
    const details = steps.flatMap(({ detail }) => (detail === null ? [] : [detail]));
    return warn(`${branch} in ${clone}: ${details.join('; ') || 'not tidied up yet'}`, mend ?? 'telec up');
  });
  const { remote } = workspace.config;
  const there = host.repository.standing.aftercare.uncleaned.filter(({ tries }) => tries > 0);
  const mend = (branch: string) =>
    `let the remote allow it, or set cleanup.remote_branch: false; git push ${remote} --delete ${quoted(branch)}`;
  const rows = [...here, ...there.map(({ branch, detail }) => warn(`${branch} on ${remote}: ${detail}`, mend(branch)))];
  const more = rows.length - LEFTOVERS_SHOWN;
  if (more <= 0) return rows;
  return [...rows.slice(0, LEFTOVERS_SHOWN), warn(`${more} more that are left`, 'mend these first')];
}

/** One line while all guards are in; else one for each that is not. */
async function guardRows({ context, workspace, host }: Opened): Promise<Omit<DoctorRow, 'check'>[]> {
  const { checkGuards } = await import('./guards/desk.ts');
  const { in_force: inForce, guards } = await checkGuards(context, workspace, host.logId);
  const places = guards.filter(({ guard }) => guard === 'pre_push').length;
  if (inForce) return [ok(`the hook stands in ${places} ${places === 1 ? 'place' : 'places'}, the wrappers are ready`)];
  const faulty = guards.filter(({ active }) => !active);
  if (faulty.length === 0) return [warn('what they go by is out of date', 'telec guard install')];
  return faulty.map(({ guard, path, detail, mend }) =>
    warn(`${guard} (${path}): ${detail}`, mend ?? 'telec guard install'),
  );
}

/** Tried only where telec was set up: before, there is nothing to guard. */
async function triedRows(opened: Opened): Promise<Omit<DoctorRow, 'check'>[]> {
  if (opened.host.repository.standing.mode === null) return [];
  const { trialRows } = await import('./guards/doctor-rows.ts');
  return trialRows(opened).catch((error: unknown) => [inWords(error)]);
}

async function transport(workspace: Workspace): Promise<Omit<DoctorRow, 'check'>> {
  const { url, config } = await transportSettings(workspace.clone, workspace.config.remote);
  const keys = [...new Set(config.map(([key]) => key))];
  return ok(`${maskUrls(url)}; settings passed on: ${keys.length === 0 ? 'none' : keys.join(', ')}`);
}

async function fenceIsOurs({ host, workspace }: Opened): Promise<Omit<DoctorRow, 'check'>> {
  const git = await host.git(workspace.clone, workspace.config);
  const { fence } = await lookAtRemote(git);
  if (fence === null) return ok('none yet; the first session writes it');
  await git.fetch([]);
  const note = await git.readFence(fence);
  if (!note) return fail(`refs/telec/fence (${fence}) is no fence commit`, 'delete that ref on the remote');
  if (note.log === host.logId) return ok(`fence ${note.fence}, number ${note.seq}`);
  const detail = `it belongs to another log (${note.log})`;
  if (host.repository.standing.mode === 'shadow') {
    return warn(
      `${detail}, which moves main; shadow leaves it alone`,
      'before a cutover here: telec cutover rollback there',
    );
  }
  return fail(detail, 'telec lease adopt --reason "..."');
}
