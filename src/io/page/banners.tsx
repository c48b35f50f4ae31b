/** What overrules everything else on the page: a look at the past, a lost connection, a hold or halt, a log that is not followed. */
import type { ReactNode } from 'react';
import type { StatusView } from '../../actors/client.ts';
import { duration, fullTime, roughly, since, useNow, useTick } from './clock.ts';
import { shownModel, update, useStore } from './store.ts';
import { goLive } from './travel.ts';
import { Plain } from './words.tsx';

function Banner({
  tone,
  title,
  children,
  action,
}: {
  tone: string;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={`banner ${tone}`}>
      <p>
        <strong>{title}</strong> {children}
      </p>
      {action}
    </div>
  );
}

export function Banners() {
  const model = useStore(shownModel);
  const past = useStore((state) => state.past);
  const connection = useStore((state) => state.connection);
  return (
    <div className="banners">
      {past && <PastBanner />}
      {connection.kind === 'lost' && model && (
        <Banner tone="lost" title="The daemon does not answer.">
          What you see is as it was <LostSince at={connection.since} /> ago. The page comes back by itself; where no
          daemon runs, start one: <code>telec up</code>; where it has another address now: <code>telec web</code>
        </Banner>
      )}
      {model && <StatusBanners status={model.status} inPast={past !== null} />}
    </div>
  );
}

function LostSince({ at }: { at: number }) {
  const now = useTick();
  return <>{roughly(Math.max(1000, now - at))}</>;
}

function PastBanner() {
  const past = useStore((state) => state.past);
  const length = useStore(({ live }) => live?.moment.length ?? 0);
  if (past === null) return null;
  const { moment } = past.model ?? {};
  const where = moment ? `entry ${moment.index} of ${Math.max(length, moment.length)}` : `entry ${past.index}`;
  return (
    <Banner
      tone="past"
      title="You are looking at the past."
      action={
        <button type="button" className="primary" onClick={goLive}>
          Back to now
        </button>
      }
    >
      {past.fault === null && past.model === null && 'Reading what was…'}
      {past.fault === null && past.model !== null && (
        <>
          Everything stands as it was after {where}
          {moment?.at && <>, {fullTime(moment.at)}</>}. Nothing can be changed here.
        </>
      )}
      {past.fault !== null && <Plain>{past.fault}</Plain>}
    </Banner>
  );
}

function StatusBanners({ status, inPast }: { status: StatusView; inPast: boolean }) {
  const { hold, stale, log } = status;
  const connected = useStore(({ connection }) => connection.kind === 'live');
  const lift = !inPast && (
    <button type="button" disabled={!connected} onClick={() => update({ dialog: { kind: 'unhold' } })}>
      Unhold…
    </button>
  );
  return (
    <>
      {hold && (
        <Banner
          tone={hold.alarm === null ? 'held' : 'halted'}
          title={hold.alarm === null ? 'Merging is on hold.' : 'Merging is halted.'}
          action={lift}
        >
          <Plain>{hold.reason || 'No reason was given'}</Plain>
          <HoldSince hold={hold} />
        </Banner>
      )}
      {status.rollback_required && (
        <Banner tone="halted" title="The cutover was taken back.">
          {status.mode_reason !== null && <Plain>{status.mode_reason}</Plain>} A person has to decide:{' '}
          <code>telec cutover status</code>
        </Banner>
      )}
      {!status.rollback_required && status.mode === 'shadow' && (
        <Banner tone="shadow" title="In shadow.">
          {status.mode_reason === null ? 'telec judges and merges nothing.' : <Plain>{status.mode_reason}</Plain>}
        </Banner>
      )}
      {stale && (
        <Banner tone="halted" title="The log holds an entry this version cannot read.">
          <Plain>{`${stale.type} (${stale.id})`}</Plain>. What you see stands still before it; upgrade telec.
        </Banner>
      )}
      {log.state !== 'intact' && (
        <Banner tone="halted" title="The daemon no longer follows its log.">
          <Plain>{log.state.replace('_', ' ')}</Plain>: <code>telec doctor</code>
        </Banner>
      )}
      {!inPast && !status.daemon.running && (
        <Banner tone="held" title="No daemon runs.">
          Nothing is integrated by itself: <code>telec up</code>
        </Banner>
      )}
    </>
  );
}

function HoldSince({ hold }: { hold: NonNullable<StatusView['hold']> }) {
  const now = useNow();
  const ago = since(hold.since, now);
  const left = hold.until === null ? null : Date.parse(hold.until) - now;
  return (
    <span className="hint banner-more">
      <Plain>{hold.owner}</Plain>
      {ago !== null && `, for ${duration(ago)}`}
      {left !== null && left > 0 ? `, ends in ${duration(left)}` : hold.until === null && ', until lifted'}
      {hold.main_busy && ', manual work on main'}
    </span>
  );
}
