/** The page as a whole: what stands where, and what is said aloud. */
import { useEffect, useState } from 'react';
import { Banners } from './banners.tsx';
import { BlockedPanel } from './blocked-panel.tsx';
import { Dialogs } from './dialogs.tsx';
import { Drawer } from './drawer.tsx';
import { ForeseenPanel } from './foreseen-panel.tsx';
import { Header } from './header.tsx';
import { IntegratorPanel } from './integrator-panel.tsx';
import { useKeys } from './keys.ts';
import { LogPanel } from './log-panel.tsx';
import { MainPanel } from './main-panel.tsx';
import { NotificationsPanel } from './notifications-panel.tsx';
import { Pulse } from './pulse.tsx';
import { QueuePanel } from './queue-panel.tsx';
import { SignedOut } from './signed-out.tsx';
import { shownModel, update, useStore } from './store.ts';
import { TimeBar } from './time-bar.tsx';
import { Plain } from './words.tsx';

/** How long a word on what a person did stays, ms. */
const NOTICE_MS = 6000;

export function App() {
  useKeys();
  const model = useStore(shownModel);
  const connection = useStore((state) => state.connection);
  const inPast = useStore(({ past }) => past !== null);
  const [large, setLarge] = useState(false);
  const repoId = model?.status.repo_id;
  useEffect(() => {
    if (repoId !== undefined) document.title = `telec · ${repoId}`;
  }, [repoId]);
  if (connection.kind === 'signed_out') return <SignedOut connection={connection} />;
  return (
    <div className={`page ${inPast ? 'in-past' : ''} ${connection.kind === 'lost' ? 'is-lost' : ''}`}>
      <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
        To the content
      </button>
      <Header />
      <Banners />
      {model ? (
        <main id="content" tabIndex={-1}>
          <h1 className="unseen-text">What becomes of main</h1>
          <Pulse model={model} />
          <div className={large ? 'panels large' : 'panels'}>
            <QueuePanel model={model} />
            <IntegratorPanel model={model} large={large} onLarge={setLarge} />
            <MainPanel model={model} />
            <div className="for-people">
              <BlockedPanel model={model} />
              <ForeseenPanel model={model} />
              <NotificationsPanel model={model} />
              <LogPanel model={model} />
            </div>
          </div>
        </main>
      ) : (
        <main id="content" className="waiting" tabIndex={-1}>
          <p>{connection.kind === 'lost' ? 'The daemon does not answer. Start one: telec up' : 'Connecting…'}</p>
        </main>
      )}
      <TimeBar />
      <Drawer />
      <Dialogs />
      <Notice />
      <Spoken />
    </div>
  );
}

function Notice() {
  const notice = useStore((state) => state.notice);
  useEffect(() => {
    if (notice === null) return;
    const timer = setTimeout(() => update({ notice: null }), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div className="notice-place" role="status">
      {notice && (
        <p className={`notice ${notice.tone}`}>
          <Plain>{notice.text}</Plain>
        </p>
      )}
    </div>
  );
}

function Spoken() {
  const spoken = useStore((state) => state.spoken);
  return (
    <p className="unseen-text" aria-live="polite">
      {spoken}
    </p>
  );
}
