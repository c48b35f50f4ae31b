/** The doctor's lines about who is told outside of telec: one for each chat or program that the configuration names. Pure. */
import { type NotifyConfig, variablesOf } from '../../io/config-notify.ts';
import type { DoctorRow } from '../client.ts';
import type { SurfaceView } from './views.ts';

type Row = Omit<DoctorRow, 'check'>;

/** How each surface of `notify` is by what its daemon noted; `env` is that of who asks. */
export function surfaceRows(
  views: readonly SurfaceView[],
  notify: NotifyConfig,
  env: Record<string, string | undefined>,
): Row[] {
  const rows = variablesOf(notify).map(({ surface, variable }) =>
    rowOf(surface, variable, views.find((view) => view.surface === surface) ?? null, Boolean(env[variable]?.trim())),
  );
  if (rows.length > 0) return rows;
  return [{ status: 'ok', detail: 'nobody outside is told; see notify in telec config show', mend: null }];
}

function rowOf(surface: string, variable: string, view: SurfaceView | null, isSet: boolean): Row {
  if (view === null) {
    const unset = isSet ? '' : `; ${variable} is not set here either`;
    return {
      status: 'warn',
      detail: `${surface}: no daemon has told it anything yet${unset}`,
      mend: `set ${variable}; telec up`,
    };
  }
  const detail = `${surface}: ${view.state}${view.detail === null ? '' : `, ${view.detail}`} (since ${view.since})`;
  switch (view.state) {
    case 'gone':
      return { status: 'warn', detail, mend: `mend ${variable} and what it leads to; telec down, then telec up` };
    case 'closed':
      return { status: 'warn', detail, mend: `set ${variable} where the daemon is started; telec down, then telec up` };
    case 'failing':
      return { status: 'warn', detail, mend: 'see whether it can be reached; it is tried again by itself' };
    default:
      return { status: 'ok', detail, mend: null };
  }
}
