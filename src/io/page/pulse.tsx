/** The four answers one look is for: where main is, what the integrator does, what is next, what needs a person. */
import type { ReactNode } from 'react';
import type { LeaseView, StatusView } from '../../actors/client.ts';
import { widthWords } from '../../machines/check-words.ts';
import { duration, since, useNow } from './clock.ts';
import { lanesOf, type Model } from './model.ts';
import { useStore } from './store.ts';
import { Ago, Plain } from './words.tsx';

export function Pulse({ model }: { model: Model }) {
  return (
    <section className="pulse" aria-label="At a glance">
      <MainTile model={model} />
      <IntegratorTile status={model.status} />
      <QueueTile model={model} />
      <AttentionTile model={model} />
    </section>
  );
}

function Tile({
  to,
  title,
  value,
  tone,
  children,
}: {
  to: string;
  title: string;
  value: ReactNode;
  tone?: string;
  children: ReactNode;
}) {
  const jump = () => {
    const target = document.getElementById(to);
    target?.scrollIntoView({ block: 'start' });
    target?.querySelector<HTMLElement>('[tabindex="0"]')?.focus({ preventScroll: true });
  };
  return (
    <button type="button" className={`tile ${tone ?? ''}`} onClick={jump}>
      <span className="tile-title">{title}</span>
      <span className="tile-value">{value}</span>
      <span className="tile-more">{children}</span>
    </button>
  );
}

function MainTile({ model: { status, deliveries } }: { model: Model }) {
  const [last] = deliveries;
  return (
    <Tile
      to="main"
      title={status.main.ref}
      value={<span className="mono">{status.main.sha === null ? 'unknown' : status.main.sha.slice(0, 10)}</span>}
    >
      {last ? (
        <>
          <Plain className="strong">{last.slug}</Plain> arrived <Ago at={last.integrated_at} /> ago
        </>
      ) : (
        'nothing delivered yet'
      )}
    </Tile>
  );
}

function IntegratorTile({ status }: { status: StatusView }) {
  const { integrator, lease, tests } = status;
  const state = integrator.state.split('.').at(-1) ?? integrator.state;
  const idle = integrator.state === 'standby';
  return (
    <Tile to="integrator" title="Integrator" value={state} tone={idle ? '' : 'moving'}>
      {tests.chain.length > 0 ? (
        widthWords(tests.window, tests.chain)
      ) : integrator.candidate === null ? (
        <LeaseLine lease={lease} />
      ) : (
        <Plain className="strong">{slugOf(integrator.candidate)}</Plain>
      )}
    </Tile>
  );
}

const slugOf = (key: string): string => key.split('/')[0] ?? key;

function LeaseLine({ lease }: { lease: LeaseView | null }) {
  const now = useNow();
  const inPast = useStore(({ past }) => past !== null);
  if (lease === null) return 'nobody holds main';
  // Renewals are in no log.
  if (inPast) return `lease ${lease.fence} is held`;
  const left = Date.parse(lease.expires_at) - now;
  return left > 0 && lease.live ? `lease ${lease.fence}, ${duration(left)} left` : `lease ${lease.fence} ran out`;
}

function QueueTile({ model }: { model: Model }) {
  const now = useNow();
  const { ready, pending } = lanesOf(model.candidates);
  const [next] = ready;
  const waited = next && since(next.ready_at, now);
  return (
    <Tile to="queue" title="Waits for main" value={model.status.counts.ready}>
      {next ? (
        <>
          next is <Plain className="strong">{next.slug}</Plain>
          {waited !== null && waited !== undefined && `, ${duration(waited)}`}
        </>
      ) : pending.length > 0 ? (
        `${model.status.counts.pending} not ready yet`
      ) : (
        'nothing waits'
      )}
    </Tile>
  );
}

function AttentionTile({ model }: { model: Model }) {
  const { blocked } = model.status.counts;
  const { unseen } = model;
  return (
    <Tile
      to={blocked > 0 ? 'blocked' : 'notifications'}
      title="Needs a person"
      value={blocked}
      tone={blocked > 0 ? 'alarm' : ''}
    >
      {blocked > 0 ? `${blocked} blocked` : 'nothing is blocked'}
      {unseen > 0 && `, ${unseen} unseen`}
    </Tile>
  );
}
