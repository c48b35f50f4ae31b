/** The guard commands: put in, look at, take out, and the environment of a worker's shell. */
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { sessionEnvironment } from '../../io/acting.ts';
import { hookFolders } from '../../io/git/clone.ts';
import { type GuardFile, programIsThere, readGuardFile, wrapperFolder } from '../../io/guards/guard-file.ts';
import { PART_LINE } from '../../io/guards/hook-file.ts';
import { WRAPPED, type Wrapped } from '../../io/guards/shell-text.ts';
import { withoutWrappers, withWrappers, wrapperState } from '../../io/guards/wrapper-files.ts';
import type { CommandContext } from '../client.ts';
import { type Opened, openForWriting } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { actorOf, openWorkspace, type Workspace } from '../workspace.ts';
import { stateOf } from './glance.ts';
import { clonesOf, factsOf, type GuardPlan, installGuards, planFor, SHARED, uninstallGuards } from './install.ts';
import type { GuardChangeView, GuardRow, GuardsDesk, GuardsView } from './views.ts';

export interface DeskParts {
  context: CommandContext;
  host: Host;
}

export function openGuardsDesk({ context, host }: DeskParts): GuardsDesk {
  const change = async (opened: Opened, changed: boolean): Promise<GuardChangeView> => ({
    changed,
    ...(await checkGuards(context, opened.workspace, host.logId)),
  });
  return {
    async install() {
      const opened = await openForWriting(context, host);
      return change(opened, await installGuards(context, opened.workspace, host.logId));
    },
    async allow(request) {
      const { allowCommit } = await import('./allow.ts');
      return allowCommit(await openForWriting(context, host), request);
    },
    async check() {
      const workspace = await openWorkspace(context);
      await host.dispatcher.catchUp();
      const { tryGuards } = await import('./trial.ts');
      const isSetUp = host.repository.standing.mode !== null;
      const trial = isSetUp ? await tryGuards({ context, workspace, host }) : null;
      return { ...(await checkGuards(context, workspace, host.logId)), trial };
    },
    async environment() {
      await host.dispatcher.catchUp();
      const wrappers = wrapperFolder((await openWorkspace(context)).folder);
      const live = host.repository.standing.mode === 'live';
      const narrowed = Object.keys(host.options.narrowed ?? {}).length > 0;
      const names = sessionEnvironment({ role: 'worker', id: actorOf(context).sessionId, live, narrowed });
      return { wrappers, environment: { PATH: withWrappers(context.env['PATH'], wrappers), ...names } };
    },
  };
}

/** Takes the guards of this machine out. Asks no log: guards whose log is gone are the ones that are in the way. */
export async function takeGuardsOut(context: CommandContext): Promise<GuardChangeView> {
  const workspace = await openWorkspace(context);
  const changed = await uninstallGuards(workspace);
  return { changed, ...(await checkGuards(context, workspace, '')) };
}

/** Every guard of the repository on this machine, compared with how it would be put in now. Asks git, not only files. */
export async function checkGuards(context: CommandContext, workspace: Workspace, logId: string): Promise<GuardsView> {
  const planned = await planFor(workspace, logId);
  const file = readGuardFile(planned.path);
  const plan = file !== null && sameFacts(planned, file) ? { ...planned, program: file.program } : planned;
  const known = file !== null && file.log_id === logId && sameFacts(plan, file);
  const trouble = whyNot(plan, file, logId);
  const guards: GuardRow[] = [];
  for (const clone of await clonesOf(workspace)) {
    for (const { folder, visible, shared } of await hookFolders(clone)) {
      const path = join(folder, 'pre-push');
      const entry = { path, clone: clone.commonDir, ours: !visible, shared, hooks_path: '' };
      guards.push(hookRow(path, stateOf(entry, factsOf(plan, plan.path)), trouble, shared));
    }
  }
  for (const name of WRAPPED) guards.push(wrapperRow(name, plan, trouble, context));
  return { in_force: known && guards.every(({ active }) => active), guards };
}

/** Whether they would be put in again as they are. Another node of the same machine starts the same program. */
const sameFacts = (plan: GuardPlan, file: GuardFile): boolean => {
  const { path: _, ...wanted } = plan;
  const facts = { ...wanted, program: [file.program[0] ?? '', ...wanted.program.slice(1)] };
  return Object.entries(facts).every(([key, value]) => JSON.stringify(file[key as never]) === JSON.stringify(value));
};

/** What keeps every guard from asking; null when nothing does. */
function whyNot(plan: GuardPlan, file: ReturnType<typeof readGuardFile>, logId: string): string | null {
  if (file === null) return 'what the guards go by is missing';
  if (file.log_id !== logId) return `they ask for another log (${file.log_id})`;
  if (!programIsThere(file.program)) return `their program is gone (${file.program.join(' ')})`;
  return sameFacts(plan, file) ? null : 'configuration or telec changed since they were put in';
}

const INSTALL = 'telec guard install';

const MEETS = 'meets every push but those with --no-verify';

function hookRow(path: string, state: GuardRow['state'], trouble: string | null, shared: boolean): GuardRow {
  const about = { guard: 'pre_push', path, state } as const;
  switch (state) {
    case 'in':
      return trouble === null
        ? { ...about, active: true, detail: shared ? `${MEETS}; ${SHARED}` : MEETS, mend: null }
        : { ...about, active: false, detail: trouble, mend: INSTALL };
    case 'changed':
      return { ...about, active: false, detail: 'it is not the one that this telec puts in', mend: INSTALL };
    case 'off':
      return { ...about, active: false, detail: 'it may not be executed, so git passes it by', mend: INSTALL };
    case 'missing':
      return { ...about, active: false, detail: 'git would run no hook of telec', mend: INSTALL };
    case 'outside': {
      const mend = `put this line behind the first of ${path} (made executable, beginning with #!/bin/sh): ${PART_LINE}`;
      return { ...about, active: false, detail: 'the hook belongs to the work tree, so it was left alone', mend };
    }
  }
}

function wrapperRow(guard: Wrapped, plan: GuardPlan, trouble: string | null, { env }: CommandContext): GuardRow {
  const path = join(plan.bin, guard);
  const state = wrapperState(guard, factsOf(plan, plan.path));
  const about = { guard, path, state };
  if (state === 'missing') return { ...about, active: false, detail: 'there is no wrapper', mend: INSTALL };
  if (state === 'changed')
    return { ...about, active: false, detail: 'it is not the one that this telec puts in', mend: INSTALL };
  if (trouble !== null) return { ...about, active: false, detail: trouble, mend: INSTALL };
  if (!isInPath(guard, withoutWrappers(env['PATH'] ?? '')))
    return { ...about, active: true, detail: `stands ready; there is no ${guard} on this machine's PATH`, mend: null };
  const first = (env['PATH'] ?? '').split(delimiter).find((folder) => existsSync(join(folder || '.', guard)));
  return first === plan.bin
    ? { ...about, active: true, detail: 'stands first in the PATH of this shell', mend: null }
    : {
        ...about,
        active: true,
        detail: 'stands ready, though not in this shell: eval "$(telec guard env)"',
        mend: null,
      };
}

function isInPath(name: string, path: string): boolean {
  return path
    .split(delimiter)
    .some((folder) => statSync(join(folder || '.', name), { throwIfNoEntry: false })?.isFile() ?? false);
}
