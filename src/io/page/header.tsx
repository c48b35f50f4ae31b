/** The top of the page: which repository, whether telec moves its main, whether the page is live, and what a person may do to all of it. */
import type { StatusView } from '../../actors/client.ts';
import { roughly, useTick } from './clock.ts';
import { tryNow } from './connection.ts';
import { shownModel, update, useStore } from './store.ts';
import { useTheme } from './theme.ts';
import { Plain } from './words.tsx';

export function Header() {
  const model = useStore(shownModel);
  const inPast = useStore(({ past }) => past !== null);
  return (
    <header className="top">
      <div className="brand">
        <span className="wordmark">telec</span>
        {model && <Plain className="repo">{model.status.repo_id}</Plain>}
      </div>
      {model && <Mode status={model.status} />}
      <div className="top-right">
        <ConnectionState />
        {model && !inPast && model.status.hold === null && <HoldButton />}
        <ThemeButton />
        <button
          type="button"
          className="icon"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => update({ dialog: { kind: 'keys' } })}
        >
          ?
        </button>
      </div>
    </header>
  );
}

function Mode({ status }: { status: StatusView }) {
  const { mode, hold } = status;
  return (
    <div className="modes">
      <span className={`badge mode-${mode}`} title={status.mode_reason ?? undefined}>
        {mode === 'live' ? 'Live' : 'Shadow'}
        <span className="badge-more">{mode === 'live' ? 'moves main' : 'moves nothing'}</span>
      </span>
      {hold && (
        <span className={`badge ${hold.alarm === null ? 'held' : 'halted'}`}>
          {hold.alarm === null ? 'On hold' : 'Halted'}
        </span>
      )}
    </div>
  );
}

function ConnectionState() {
  const connection = useStore((state) => state.connection);
  const inPast = useStore(({ past }) => past !== null);
  const now = useTick();
  const words = {
    connecting: 'connecting',
    live: 'connected',
    lost: 'connection lost',
    signed_out: 'not signed in',
  }[connection.kind];
  return (
    <span className={`connection ${connection.kind}`} role="status">
      <span className="dot" aria-hidden="true" />
      <span className="connection-words">{words}</span>
      {connection.kind === 'lost' && !inPast && (
        <>
          <span className="hint connection-since">for {roughly(Math.max(0, now - connection.since))}</span>
          <button type="button" className="small" onClick={tryNow}>
            Try now
          </button>
        </>
      )}
    </span>
  );
}

/** What lifts a hold stands beside its reason. */
function HoldButton() {
  const connected = useStore(({ connection }) => connection.kind === 'live');
  return (
    <button type="button" disabled={!connected} onClick={() => update({ dialog: { kind: 'hold' } })}>
      Hold…
    </button>
  );
}

function ThemeButton() {
  const [theme, turn] = useTheme();
  return (
    <button type="button" className="icon" aria-label={`Colours: ${theme}`} title={`Colours: ${theme}`} onClick={turn}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        {theme === 'light' && (
          <>
            <circle cx="8" cy="8" r="3" />
            <path d="M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6L13 13M13 3l-1.4 1.4M4.4 11.6L3 13" />
          </>
        )}
        {theme === 'dark' && <path d="M13 9.8A5.6 5.6 0 0 1 6.2 3a5.6 5.6 0 1 0 6.8 6.8" />}
        {theme === 'system' && <path d="M2 3h12v8H2zM6 14h4M8 11v3" />}
      </svg>
    </button>
  );
}
