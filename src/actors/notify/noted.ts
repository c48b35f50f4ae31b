/** How a surface is, said once a change: in the log of the daemon for people, and in Redis for other processes. */
import { scrubber } from '../../io/secrets.ts';
import type { CompanionParts } from '../companions.ts';
import type { SurfaceState, SurfaceView } from './views.ts';

const DETAIL_MAX = 500;
/** States in which nothing gets through, and a person may have to do something. */
const DEAF: readonly SurfaceState[] = ['failing', 'gone', 'closed'];

/** The voice of the surfaces of one daemon; never throws, and keeps nobody waiting. */
export function stateNoter({ opened, report, secrets }: Pick<CompanionParts, 'opened' | 'report' | 'secrets'>) {
  const scrub = scrubber(secrets);
  const { clock, told } = opened.host;
  const last = new Map<string, { state: SurfaceState; detail: string | null }>();
  return (surface: string, state: SurfaceState, said: string | null): void => {
    // The words of a foreign server may repeat what it was asked, the token with it.
    const detail = said === null ? null : scrub(said).slice(0, DETAIL_MAX);
    const before = last.get(surface);
    if (before?.state === state && before.detail === detail) return;
    last.set(surface, { state, detail });
    if (DEAF.includes(state) && before?.state !== state)
      report.warn('a surface takes no messages', { surface, state, detail });
    else if (state === 'ok' && before && DEAF.includes(before.state))
      report.info('a surface takes messages again', { surface });
    // Who tells it says how it is.
    if (state === 'standby') return;
    const view: SurfaceView = { surface, state, detail, since: new Date(clock.now()).toISOString() };
    told.setState(surface, JSON.stringify(view)).catch(() => last.delete(surface));
  };
}
