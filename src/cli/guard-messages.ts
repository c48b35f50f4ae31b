/** What people read of the guards. */
import type {
  GuardChangeView,
  GuardCheckView,
  GuardEnvironmentView,
  GuardRow,
  GuardsView,
} from '../actors/guards/views.ts';
import { guardTrialText } from './guard-server-messages.ts';
import { type Paint, plain } from './output.ts';

const NAMES: Readonly<Record<GuardRow['guard'], string>> = {
  pre_push: 'pre-push hook',
  git: 'wrapper of git',
  gh: 'wrapper of gh',
};

export function guardCheckText(view: GuardCheckView, paint: Paint): string {
  const tried = view.trial === null ? [] : [guardTrialText(view.trial, paint)];
  return [guardsText(view, paint), ...tried].join('\n');
}

function guardsText({ in_force: inForce, guards }: GuardsView, paint: Paint): string {
  const lines = guards.flatMap(({ guard, path, active, detail, mend }) => {
    const word = active ? paint('good', 'ok  ') : paint('warn', 'warn');
    const line = `${word}  ${NAMES[guard]} ${plain(path, 400)}: ${plain(detail, 400)}`;
    return mend === null ? [line] : [line, `      mend: ${plain(mend, 600)}`];
  });
  const end = inForce ? 'the guards are in force' : 'the guards are not all in force';
  return [...lines, end].join('\n');
}

export function guardChangeText(view: GuardChangeView, what: 'in' | 'out', paint: Paint): string {
  if (what === 'out') return view.changed ? 'the guards are out' : 'there were no guards; nothing changed';
  return `${guardsText(view, paint)}${view.changed ? '' : '; nothing changed'}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Lines for the shell: PATH is put in front of what it is there. */
export function guardEnvText({ wrappers, environment }: GuardEnvironmentView, shell: string): string {
  const fish = shell === 'fish';
  const names = Object.entries(environment).filter(([name]) => name !== 'PATH');
  return [
    fish ? `set -gx PATH ${fishQuoted(wrappers)} $PATH` : `export PATH=${quoted(wrappers)}:"$PATH"`,
    ...names.map(([name, value]) => {
      if (value === null) return fish ? `set -e ${name}` : `unset ${name}`;
      return fish ? `set -gx ${name} ${fishQuoted(value)}` : `export ${name}=${quoted(value)}`;
    }),
  ].join('\n');
}
