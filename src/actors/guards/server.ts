/**
 * The server guard: which bare repository is meant, whether its hooks may be put in now, and what becomes of the key that
 * signs fences. How files are changed is `io/guards/`'s; what the hooks refuse stands in their texts.
 *
 * Invariant: before the first cutover main is another path's, and is not closed to it.
 */
import { resolve } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { trailer } from '../../io/git/history.ts';
import { localPathOf } from '../../io/git/url.ts';
import { type BareRepository, messageOf, openBare } from '../../io/guards/bare-repository.ts';
import { readServerGuardFile, writeServerGuardFile } from '../../io/guards/server-guard-file.ts';
import {
  GUARD_FOLDER,
  SERVER_HOOKS,
  type ServerRules,
  SIGNERS_FILE,
  serverHook,
} from '../../io/guards/server-hooks.ts';
import { hasSigners, installServerHooks, uninstallServerHooks } from '../../io/guards/server-install.ts';
import { signerLine } from '../../io/guards/signer.ts';
import type { CommandContext } from '../client.ts';
import { openHost } from '../host.ts';
import { actorOf, openWorkspace, redisUrl, type Workspace } from '../workspace.ts';
import type { ServerGuardDesk, ServerGuardFiles, ServerGuardRequest, ServerGuardView } from './server-views.ts';

/** What is guarded: a folder, and the clone that it is the remote of, where the command runs in one. */
interface Target {
  /** Null: the remote is no folder of this machine. */
  bare: BareRepository | null;
  workspace: Workspace | null;
}

export function openServerGuard(context: CommandContext): ServerGuardDesk {
  return {
    install: (request) => install(context, request),
    print: (request) => print(context, request),
    uninstall: (request) => uninstall(context, request),
  };
}

/** Where this clone's pushes arrive, when that is a folder of this machine. */
export async function localRemote({ clone, config }: Pick<Workspace, 'clone' | 'config'>): Promise<string | null> {
  const { transportSettings } = await import('../../io/git/clone.ts');
  const { url, pushUrl } = await transportSettings(clone, config.remote);
  return localPathOf(pushUrl ?? url);
}

async function targetOf(context: CommandContext, path: string | null): Promise<Target> {
  if (path === null) {
    const workspace = await openWorkspace(context);
    const local = await localRemote(workspace);
    return { bare: local === null ? null : await openBare(local), workspace };
  }
  const bare = await openBare(resolve(context.cwd, path));
  // On a server there is no clone around the command, and another repository's clone says nothing of this one.
  const workspace = await openWorkspace(context).catch(() => null);
  const local = workspace && (await localRemote(workspace));
  const own = local !== null && (await openBare(local).catch(() => null))?.dir === bare.dir;
  return { bare, workspace: own ? workspace : null };
}

async function rulesOf({ bare, workspace }: Target, signed: boolean): Promise<ServerRules> {
  const named = bare?.fence ? trailer((await messageOf(bare, bare.fence)) ?? '', 'Telec-Main') : null;
  const main = workspace?.config.main ?? named ?? bare?.head ?? 'main';
  return { main, signed, ignoreCase: bare?.ignoreCase ?? false };
}

async function install(context: CommandContext, { path, key }: ServerGuardRequest): Promise<ServerGuardView> {
  const target = await targetOf(context, path);
  const { bare, workspace } = target;
  const keyPath = key === null ? null : resolve(context.cwd, key);
  if (bare === null && keyPath === null) throw notLocal();
  if (workspace) await refuseBeforeCutover(context, workspace);
  if (bare) await refuseStrangeFence(bare);
  const line = keyPath === null ? null : await signerLine(keyPath);
  const remarks: string[] = [];
  if (workspace) {
    const known = readServerGuardFile(workspace.folder);
    // Before the hooks ask for it, so that no session in between brings an unsigned fence.
    writeServerGuardFile(workspace.folder, { path: bare?.dir ?? null, key: keyPath ?? known?.key ?? null });
  } else if (keyPath !== null) {
    remarks.push('where the integrator runs, its sessions sign after: telec guard install --server --key <its key>');
  }
  const signs = workspace !== null && readServerGuardFile(workspace.folder)?.key != null;
  if (bare === null) {
    remarks.push(
      'the remote is no folder of this machine; there: telec guard install --server --print shows the hooks',
    );
    return { path: null, hooks: [], signed: false, signs, changed: true, remarks };
  }
  const signed = line !== null || hasSigners(bare);
  const { hooks, changed } = await installServerHooks(bare, await rulesOf(target, signed), line);
  if (bare.fence === null) remarks.push('no session has moved the fence yet; until one does, nobody can move main');
  if (signed && !signs) remarks.push('the remote takes signed fences only, and sessions of this machine sign none');
  return { path: bare.dir, hooks, signed, signs, changed, remarks };
}

/** Until telec moves main itself, the hooks would shut the other path out and let nobody in. */
async function refuseBeforeCutover(context: CommandContext, workspace: Workspace): Promise<void> {
  const host = await openHost({
    repoId: workspace.repoId,
    folder: workspace.folder,
    redisUrl: await redisUrl(workspace, context.env),
    source: actorOf(context).source,
    onWait: (word) => context.say(word),
    readOnly: true,
  });
  try {
    await host.dispatcher.catchUp();
    const { mode, modes } = host.repository.standing;
    if (mode === null) {
      throw new TelecError('NOT_INITIALIZED', EXIT.refused, 'telec is not set up for this repository yet', {
        hint: 'telec init',
      });
    }
    if (modes.cutover !== null) return;
    throw new TelecError(
      'CUTOVER_PENDING',
      EXIT.refused,
      'main is still moved by another path, which would be shut out',
      {
        hint: 'telec cutover enable --reason "..." first',
      },
    );
  } finally {
    await host.close();
  }
}

async function refuseStrangeFence(bare: BareRepository): Promise<void> {
  if (bare.fence === null) return;
  const message = (await messageOf(bare, bare.fence)) ?? '';
  const numbers = ['Telec-Fence', 'Telec-Seq'].map((key) => trailer(message, key) ?? '');
  if (numbers.every((text) => /^[1-9]\d{0,14}$/.test(text))) return;
  throw new TelecError('FENCE_UNREADABLE', EXIT.refused, `refs/telec/fence (${bare.fence}) is no fence commit`, {
    hint: `git -C ${JSON.stringify(bare.dir)} update-ref -d refs/telec/fence, when nobody integrates`,
  });
}

function notLocal(): TelecError {
  return new TelecError('NOT_LOCAL', EXIT.usage, 'the remote is no folder of this machine', {
    hint: 'telec guard install --server --print shows the hooks for its server; or name the folder there',
  });
}

async function print(context: CommandContext, { path, key }: ServerGuardRequest): Promise<ServerGuardFiles> {
  const target = await targetOf(context, path);
  const line = key === null ? null : await signerLine(resolve(context.cwd, key));
  const rules = await rulesOf(target, line !== null || (target.bare !== null && hasSigners(target.bare)));
  const files = SERVER_HOOKS.map((name) => ({ path: `hooks/${name}`, mode: '755', text: serverHook(name, rules) }));
  if (line !== null) files.push({ path: `hooks/${GUARD_FOLDER}/${SIGNERS_FILE}`, mode: '644', text: line });
  return { files };
}

async function uninstall(context: CommandContext, { path }: { path: string | null }): Promise<ServerGuardView> {
  const { bare, workspace } = await targetOf(context, path);
  if (bare === null && workspace && readServerGuardFile(workspace.folder) === null) throw notLocal();
  const outcomes = bare ? await uninstallServerHooks(bare) : [];
  const known = workspace && readServerGuardFile(workspace.folder);
  if (workspace) writeServerGuardFile(workspace.folder, { path: null, key: null });
  const changed = (bare !== null && outcomes !== null) || known !== null;
  const left = (outcomes ?? []).filter((hook) => hook.left).map(({ name }) => name);
  const remarks =
    left.length > 0 ? [`changed by somebody since, so only telec's own part was taken out: ${left.join(', ')}`] : [];
  return { path: bare?.dir ?? null, hooks: outcomes ?? [], signed: false, signs: false, changed, remarks };
}
