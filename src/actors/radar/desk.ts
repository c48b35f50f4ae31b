/** The radar asked by a command: looks at the remote, compares all of it now, and answers. Writes no event. */
import { EXIT, TelecError } from '../../errors.ts';
import type { CommandContext } from '../client.ts';
import { lookAtRemote } from '../commands/session.ts';
import type { Host } from '../host.ts';
import { openWorkspace } from '../workspace.ts';
import { aim } from './aim.ts';
import { sightedRows } from './rows.ts';
import { Survey } from './survey.ts';
import type { RadarView } from './views.ts';

/** `branch` null: of all. Thrown: REMOTE_UNREACHABLE (3), NOT_FOUND (1). */
export async function radarNow(context: CommandContext, host: Host, branch: string | null): Promise<RadarView> {
  const { clone, config } = await openWorkspace(context);
  const git = await host.git(clone, config);
  const view = await lookAtRemote(git);
  if (branch !== null && !view.heads.has(branch)) throw notThere(branch, config.main);
  const { repository } = host;
  const parts = {
    git,
    repository,
    mainBranch: config.main,
    movedAt: () => undefined,
    signal: context.signal,
    leavesBlocked: false,
  };
  const target = await aim(parts, view, branch);
  if (target === null) return { rows: [], compared: 0, left_out: view.heads.size };
  const survey = new Survey(git, host.clock);
  await survey.aimAt(target);
  await survey.step(Number.POSITIVE_INFINITY, context.signal);
  const rows = sightedRows(survey.sightings(), (name) => repository.radar.of(name));
  return {
    rows: branch === null ? rows : rows.filter((row) => row.branch === branch),
    compared: target.nodes.length,
    left_out: target.leftOut,
  };
}

function notThere(branch: string, main: string): TelecError {
  if (branch === main)
    return new TelecError('NOT_FOUND', EXIT.domain, `${main} is what the others are compared with`, {
      hint: 'telec radar, without a branch, shows what conflicts with it',
    });
  return new TelecError('NOT_FOUND', EXIT.domain, `the remote has no branch ${JSON.stringify(branch)}`, {
    hint: 'push it first, or see telec radar for those there are',
  });
}
