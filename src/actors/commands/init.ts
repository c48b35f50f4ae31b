/**
 * `init`: makes a repository telec's. Asks the remote whether it can serve, agrees with an earlier set-up of the same
 * remote, writes telec.yaml if there is none, and records the cutover, or with `--shadow` the begin of the comparison.
 * Never changes the mode of a repository that was set up before.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { CONFIG_FILE, configTemplate } from '../../io/config.ts';
import { transportSettings } from '../../io/git/clone.ts';
import { peekFence } from '../../io/git/peek.ts';
import { atomicWrite, readRepoId, registerClone, repoFolder, writeRepoId } from '../../io/state.ts';
import type { CommandContext, InitRequest, InitView } from '../client.ts';
import type { Host } from '../host.ts';
import { actorOf, openWorkspace, type Workspace } from '../workspace.ts';
import { demandService, lookAtRemote, type Opened, privateGit, recordConfiguration, say } from './session.ts';

/** The workspace under the id that the remote already knows, when there is one. Thrown: OTHER_REPOSITORY, OTHER_MAIN (6). */
export async function agreeOnId(context: CommandContext): Promise<Workspace> {
  const workspace = await openWorkspace(context);
  const { clone, config } = workspace;
  if (readRepoId(workspace.commonDir) !== null) return workspace;
  const folder = mkdtempSync(join(tmpdir(), 'telec-peek-'));
  try {
    const note = await peekFence(folder, await transportSettings(clone, config.remote));
    if (note === null) return workspace;
    if (note.main !== config.main) {
      throw new TelecError(
        'OTHER_MAIN',
        EXIT.refused,
        `the remote's main branch is ${note.main}, configured is ${config.main}`,
        { hint: `set main: ${note.main} in ${CONFIG_FILE}` },
      );
    }
    if (config.repoId !== null && note.repo !== config.repoId) {
      throw new TelecError(
        'OTHER_REPOSITORY',
        EXIT.refused,
        `the remote is known as ${note.repo}, the configuration says ${config.repoId}`,
        { hint: `set repo_id: ${note.repo} in ${CONFIG_FILE}, or remove the key` },
      );
    }
    return { ...workspace, repoId: note.repo, folder: repoFolder(context.env, note.repo) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Sets the repository up; again, it changes nothing. In shadow the remote need not be able to serve live mode.
 * Thrown: REMOTE_UNSUITABLE (6), REMOTE_UNREACHABLE (3), NO_MAIN (6), ALREADY_LIVE (6) for `--shadow` once it is live.
 */
export async function initialize(
  context: CommandContext,
  workspace: Workspace,
  host: Host,
  { shadow }: InitRequest,
): Promise<InitView> {
  const opened: Opened = { context, workspace, host };
  await host.dispatcher.catchUp();
  const { mode } = host.repository.standing;
  if (shadow && mode === 'live') throw alreadyLive();
  const path = join(workspace.mainWorkTree, CONFIG_FILE);
  const git = await privateGit(opened);
  await demandService(context, git, shadow || mode === 'shadow');
  const view = await lookAtRemote(git);
  if (view.main === null) {
    throw new TelecError('NO_MAIN', EXIT.refused, `the remote has no branch ${workspace.config.main}`, {
      hint: `push a first commit: git push ${workspace.config.remote} ${workspace.config.main}`,
    });
  }
  let changed = false;
  if (!existsSync(path)) {
    atomicWrite(path, configTemplate(), 0o644);
    changed = true;
  }
  if (readRepoId(workspace.commonDir) !== workspace.repoId) changed = true;
  writeRepoId(workspace.commonDir, workspace.repoId);
  registerClone(workspace.folder, workspace.commonDir);
  if (await recordConfiguration(opened)) changed = true;
  if (mode === null) {
    await begin(opened, view.main, shadow);
    changed = true;
  }
  const { installSaying } = await import('../guards/install.ts');
  if (await installSaying(context, workspace, host.logId)) changed = true;
  return { repo_id: workspace.repoId, config: path, mode: host.repository.standing.mode ?? 'shadow', changed };
}

function alreadyLive(): TelecError {
  return new TelecError('ALREADY_LIVE', EXIT.refused, 'this repository is live: telec alone moves its main', {
    hint: 'telec cutover rollback --reason "..." goes back to shadow',
  });
}

async function begin({ context, host }: Opened, main: string, shadow: boolean): Promise<void> {
  const decided = { main_sha: main, actor: actorOf(context).source, command_id: host.ids.ulid() };
  if (shadow) {
    await say(host, 'integration.shadow.started', { ...decided, reason: 'telec init --shadow' });
    return;
  }
  await say(host, 'integration.cutover.enabled', {
    ...decided,
    evidence: 'no other path moves main, so there is nothing to be in parity with',
    reason: 'telec init',
  });
}
