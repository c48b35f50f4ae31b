/** What people read of the server guard and of permissions. Pure: a view in, text out. */
import type { PermitView, ServerGuardFiles, ServerGuardView } from '../actors/guards/server-views.ts';
import { type Paint, plain, plainLines } from './output.ts';

const PLACES = {
  own: 'stands alone',
  within: 'stands in front of the hook that was there, in its file',
  before: 'stands in front of the program that was there',
};

export function serverGuardText(view: ServerGuardView, way: 'in' | 'out'): string {
  const where = view.path === null ? 'a remote elsewhere' : plain(view.path, 500);
  const done = view.changed ? (way === 'in' ? 'guarded now' : 'not guarded any more') : 'nothing changed';
  const hooks = way === 'in' ? view.hooks.map(({ name, how }) => `  ${name}: ${PLACES[how]}`) : [];
  const signed = [
    ...(view.signed ? ['  each fence must be signed by the key'] : []),
    ...(view.signs ? ['  sessions of this machine sign their fences'] : []),
  ];
  return [`${where}: ${done}`, ...hooks, ...signed, ...view.remarks.map((text) => `  ${plain(text)}`)].join('\n');
}

/** The files as they are, each behind a line that says where it goes. */
export function serverFilesText({ files }: ServerGuardFiles): string {
  return files
    .map(
      ({ path, mode, text }) =>
        `# ==> ${path} (mode ${mode})\n${plainLines(text, Number.POSITIVE_INFINITY).join('\n')}`,
    )
    .join('\n\n');
}

export function permitText({ commit, until, reason }: PermitView, paint: Paint): string {
  const short = commit.slice(0, 10);
  return [
    `${paint('warn', `main may be brought to ${short} by hand`)} until ${plain(until, 40)}: ${plain(reason)}`,
    `  merging is on hold meanwhile; push ${short} to main with git, then telec unhold`,
  ].join('\n');
}
