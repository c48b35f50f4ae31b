/** What is open beside the page: one candidate, entry of the log or notification, as the address names it. */
import { type ReactNode, useEffect, useRef } from 'react';
import type { Link } from '../../machines/links.ts';
import { CandidateDetail } from './candidate-detail.tsx';
import { EventDetail } from './event-detail.tsx';
import { NotificationDetail } from './notification-detail.tsx';
import { closeLink } from './route.ts';
import { useStore } from './store.ts';

const TITLES = { candidate: 'Candidate', event: 'Entry of the log', notification: 'Notification' };

export function Drawer() {
  const link = useStore((state) => state.link);
  if (link === null || link.kind === 'moment') return null;
  return (
    <Frame title={TITLES[link.kind]} name={link.kind === 'candidate' ? link.key : link.id}>
      <Inside link={link} />
    </Frame>
  );
}

function Inside({ link }: { link: Exclude<Link, { kind: 'moment' }> }) {
  switch (link.kind) {
    case 'candidate':
      return <CandidateDetail key={link.key} candidateKey={link.key} />;
    case 'event':
      return <EventDetail key={link.id} id={link.id} />;
    case 'notification':
      return <NotificationDetail key={link.id} id={link.id} />;
  }
}

function Frame({ title, name, children }: { title: string; name: string; children: ReactNode }) {
  const frame = useRef<HTMLElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    before.current = document.activeElement;
    return () => {
      if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another thing is opened from its beginning.
  useEffect(() => {
    const { activeElement } = document;
    frame.current?.scrollTo(0, 0);
    // Who walks through a list with the keys stays in it.
    if (activeElement?.getAttribute('role') !== 'listbox') frame.current?.focus({ preventScroll: true });
  }, [name]);
  return (
    <aside className="drawer" aria-label={title} ref={frame} tabIndex={-1}>
      <header className="drawer-head">
        <span className="label">{title}</span>
        <button type="button" className="icon" aria-label="Close" title="Close (Esc)" onClick={closeLink}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />
          </svg>
        </button>
      </header>
      <div className="drawer-body">{children}</div>
    </aside>
  );
}
