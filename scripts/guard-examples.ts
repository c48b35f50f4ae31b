/** Answers of the guard commands, as `--json` prints them; part of `examples.ts`. */
import type { PermitView, ServerGuardFiles, ServerGuardView } from '../src/actors/guards/server-views.ts';
import type { GuardChangeView, GuardCheckView, GuardEnvironmentView, GuardsView } from '../src/actors/guards/views.ts';

const state = '/home/ann/.local/state/telec/app-0123456789ab';

const standing: GuardsView = {
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

export const guardCheck: GuardCheckView = {
  ...standing,
  trial: {
    refused: 16,
    leaked: 0,
    passed: true,
    guards: [
      { guard: 'server', in_place: true, refused: 13, leaks: [], note: null },
      { guard: 'pre_push', in_place: true, refused: 3, leaks: [], note: null },
    ],
  },
};

export const guardChange: GuardChangeView = { changed: true, ...standing };

export const guardEnvironment: GuardEnvironmentView = {
  wrappers: `${state}/bin`,
  environment: { PATH: `${state}/bin:/usr/bin`, TELEC_ROLE: 'worker', TELEC_SESSION_ID: 'ann@desk' },
};

export const serverGuard: ServerGuardView = {
  path: '/srv/git/app.git',
  hooks: [
    { name: 'update', how: 'within', left: false },
    { name: 'reference-transaction', how: 'own', left: false },
  ],
  signed: true,
  signs: true,
  changed: true,
  remarks: [],
};

export const serverFiles: ServerGuardFiles = {
  files: [
    { path: 'hooks/update', mode: '755', text: '#!/bin/sh\n# ...\n' },
    { path: 'hooks/reference-transaction', mode: '755', text: '#!/bin/sh\n# ...\n' },
  ],
};

export const permit: PermitView = {
  commit: '0123456789abcdef0123456789abcdef01234567',
  until: '2026-01-01T10:10:00.000Z',
  reason: 'revert the outage',
  actor: 'admin/ann@desk',
  used: false,
};
