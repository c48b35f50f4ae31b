/** The integrator: its state, what it has in hand, and the lease with its clock. */
import type { LeaseView, StatusView } from '../../actors/client.ts';
import { linkOf } from '../../machines/links.ts';
import { duration, useNow } from './clock.ts';
import type { Model } from './model.ts';
import { Panel } from './panel.tsx';
import { Plain } from './words.tsx';

export function IntegratorPanel({ model }: { model: Model }) {
  const { integrator, lease } = model.status;
  return (
    <Panel id="integrator" title="Integrator" aside={<Now integrator={integrator} />}>
      <Lease lease={lease} />
    </Panel>
  );
}

function Now({ integrator: { state, candidate } }: { integrator: StatusView['integrator'] }) {
  return (
    <span className="integrator-now">
      <span className="mono">{state}</span>
      {candidate !== null && (
        <a href={linkOf({ kind: 'candidate', key: candidate })}>
          <Plain>{candidate.split('/')[0] ?? candidate}</Plain>
        </a>
      )}
    </span>
  );
}

/** Who may move main, and for how long yet. */
function Lease({ lease }: { lease: LeaseView | null }) {
  const now = useNow();
  if (lease === null) return <p className="lease hint">Nobody holds the lease of main.</p>;
  const whole = Math.max(1, Date.parse(lease.expires_at) - Date.parse(lease.renewed_at));
  const left = Math.max(0, Date.parse(lease.expires_at) - now);
  const live = lease.live && left > 0;
  return (
    <div className={`lease ${live ? 'live' : 'over'}`}>
      <span className="lease-words">
        <span className="label">Lease</span> <Plain className="mono">{lease.owner_session_id}</Plain>
        <span className="hint">fence {lease.fence}</span>
        <span className="lease-left">{live ? `${duration(left)} left` : 'ran out'}</span>
      </span>
      <span className="lease-bar" aria-hidden="true">
        <span style={{ transform: `scaleX(${Math.min(1, left / whole)})` }} />
      </span>
    </div>
  );
}
