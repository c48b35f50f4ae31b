/** The integrator: its chart with the state it is in, what it has in hand, and the lease with its clock. */
import { useEffect, useRef } from 'react';
import type { LeaseView, StatusView } from '../../actors/client.ts';
import { linkOf } from '../../machines/links.ts';
import { Chain } from './chain.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { duration, useNow } from './clock.ts';
import { shortEvent } from './event-text.ts';
import type { Model } from './model.ts';
import { useStore } from './store.ts';
import { Plain } from './words.tsx';

interface IntegratorProps {
  model: Model;
  /** The chart has the whole window. */
  large: boolean;
  onLarge(large: boolean): void;
}

export function IntegratorPanel({ model, large, onLarge }: IntegratorProps) {
  const { integrator, lease } = model.status;
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chart = scroller.current?.firstElementChild;
    if (!chart) return;
    // It has its shape, and another place for each state, only once its size is known.
    const observer = new ResizeObserver(() => bringIntoView(scroller.current, integrator.state));
    observer.observe(chart);
    return () => observer.disconnect();
  }, [integrator.state]);
  const last = model.recent.findLast(({ event }) => /\bintegration\./.test(event));
  return (
    <div className="panel panel-integrator" id="integrator">
      <div className="integrator-head">
        <Lease lease={lease} integrator={integrator} />
        <button type="button" className="small" aria-pressed={large} onClick={() => onLarge(!large)}>
          {large ? 'Smaller' : 'Larger'}
        </button>
      </div>
      <Chain model={model} />
      <div className="chart-scroll" ref={scroller}>
        <ChartPanel
          machine="integrator"
          title="Integrator"
          value={integrator.state}
          lastEvent={last ? shortEvent(last.event) : null}
        />
      </div>
    </div>
  );
}

/** Scrolls the chart, and nothing around it, to the state. */
function bringIntoView(scroller: HTMLElement | null, state: string): void {
  const node = scroller?.querySelector(`[data-state-id="${CSS.escape(state)}"]`);
  if (!scroller || !node) return;
  const [place, frame] = [node.getBoundingClientRect(), scroller.getBoundingClientRect()];
  if (place.top >= frame.top + 80 && place.bottom <= frame.bottom - 40) return;
  scroller.scrollBy({ top: place.top - frame.top - frame.height / 2, behavior: 'instant' });
}

/** Who may move main, and for how long yet; and what is in hand. */
function Lease({
  lease,
  integrator: { candidate },
}: {
  lease: LeaseView | null;
  integrator: StatusView['integrator'];
}) {
  const now = useNow();
  const inPast = useStore(({ past }) => past !== null);
  if (lease === null) return <p className="lease hint">Nobody holds the lease of main.</p>;
  const whole = Math.max(1, Date.parse(lease.expires_at) - Date.parse(lease.renewed_at));
  const left = Math.max(0, Date.parse(lease.expires_at) - now);
  // Renewals are in no log: of the past it is known that it was held, not for how long yet.
  const live = lease.live && (left > 0 || inPast);
  return (
    <div className={`lease ${live ? 'live' : 'over'}`}>
      <span className="lease-words">
        <span className="label">Lease</span>
        <span className="hint" title={lease.owner_session_id}>
          …<Plain className="mono">{lease.owner_session_id.slice(-6)}</Plain>, fence {lease.fence}
        </span>
        {candidate !== null && (
          <span>
            has{' '}
            <a href={linkOf({ kind: 'candidate', key: candidate })}>
              <Plain>{candidate.split('/')[0] ?? candidate}</Plain>
            </a>{' '}
            in hand
          </span>
        )}
        <span className="lease-left">{inPast ? 'held' : live ? `${duration(left)} left` : 'ran out'}</span>
      </span>
      {!inPast && (
        <span className="lease-bar" aria-hidden="true">
          <span style={{ transform: `scaleX(${Math.min(1, left / whole)})` }} />
        </span>
      )}
    </div>
  );
}
