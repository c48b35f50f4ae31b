/** What people read of the server guard and of permissions. Pure: a view in, text out. */
import type {
  GuardTrialView,
  PermitView,
  ServerGuardFiles,
  ServerGuardView,
  TriedGuard,
} from '../actors/guards/server-views.ts';
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

const TRIED: Readonly<Record<TriedGuard['guard'], string>> = {
  server: 'hooks of the remote',
  pre_push: 'pre-push hook',
  git: 'wrapper of git',
  gh: 'wrapper of gh',
};

/** How each guard stood the trial, and what got through. */
export function guardTrialText({ guards, refused, leaked, passed }: GuardTrialView, paint: Paint): string {
  const lines = guards.map(({ guard, in_place: inPlace, refused: stopped, leaks, note }) => {
    const name = TRIED[guard];
    if (stopped + leaks.length === 0) return `      ${name}: not tried: ${plain(note ?? '')}`;
    const where = inPlace ? '' : ' as they would be put in';
    if (leaks.length > 0) return `${paint('bad', 'leak')}  ${name}${where}: ${plain(leaks.join(', '))}`;
    return `${paint('good', 'ok  ')}  ${name}${where}: ${stopped} ${stopped === 1 ? 'way' : 'ways'} to main refused${note === null ? '' : `, and everybody: ${plain(note)}`}`;
  });
  const end = `tried against a scratch remote: ${refused} refused, ${leaked} got through; the integrator ${passed ? 'passes' : 'does not pass'}`;
  return [...lines, passed && leaked === 0 ? end : paint('bad', end)].join('\n');
}
