/** Answers of the guard commands, as `--json` prints them; part of `examples.ts`. */
import type { GuardChangeView, GuardCheckView, GuardEnvironmentView } from '../src/actors/guards/views.ts';

const state = '/home/ann/.local/state/telec/app-0123456789ab';

export const guardCheck: GuardCheckView = {
  in_force: true,
  guards: [
    {
      guard: 'pre_push',
      path: '/home/ann/app/.git/hooks/pre-push',
      state: 'in',
      active: true,
      detail: 'meets every push but those with --no-verify',
      mend: null,
    },
    {
      guard: 'git',
      path: `${state}/bin/git`,
      state: 'in',
      active: true,
      detail: 'stands first in the PATH of this shell',
      mend: null,
    },
  ],
};

export const guardChange: GuardChangeView = { changed: true, ...guardCheck };

export const guardEnvironment: GuardEnvironmentView = {
  wrappers: `${state}/bin`,
  environment: { PATH: `${state}/bin:/usr/bin`, TELEC_ROLE: 'worker', TELEC_SESSION_ID: 'ann@desk' },
};
