/** The keys that work anywhere on the page but in a field. */
import { useEffect } from 'react';
import { closeLink } from './route.ts';
import { currentState, update } from './store.ts';
import { goLive, goToIndex } from './travel.ts';

const PANELS: Record<string, string> = {
  q: 'queue',
  m: 'main',
  b: 'blocked',
  n: 'notifications',
  l: 'log',
  i: 'integrator',
};
/** How long `g` waits for the letter behind it, ms. */
const CHORD_MS = 1200;

export function useKeys(): void {
  useEffect(() => {
    let chordAt = -CHORD_MS;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
      if (currentState().dialog !== null) return;
      if (isField(event.target)) {
        if (event.key === 'Escape') (event.target as HTMLElement).blur();
        return;
      }
      const panel = event.timeStamp - chordAt < CHORD_MS ? PANELS[event.key] : undefined;
      chordAt = event.key === 'g' ? event.timeStamp : -CHORD_MS;
      if (panel !== undefined) focusPanel(panel);
      else if (!act(event.key)) return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/** Does what the key stands for; false when it stands for nothing. */
function act(key: string): boolean {
  const { past, live, link } = currentState();
  switch (key) {
    case '?':
      update({ dialog: { kind: 'keys' } });
      return true;
    case '/':
      document.getElementById('log-text')?.focus();
      return true;
    case 'Escape':
      if (link === null || link.kind === 'moment') return false;
      closeLink();
      return true;
    case '[':
    case ']': {
      if (live === null) return false;
      const at = past?.index ?? live.moment.index;
      const to = at + (key === '[' ? -1 : 1);
      if (to > live.moment.index || to < 0) return false;
      goToIndex(to);
      return true;
    }
    case '0':
      if (past === null) return false;
      goLive();
      return true;
    default:
      return false;
  }
}

/** Brings a panel into view and puts the keys into its list, or onto itself when it has none. */
export function focusPanel(id: string): void {
  const panel = document.getElementById(id);
  if (!panel) return;
  panel.scrollIntoView({ block: 'nearest' });
  const list = panel.querySelector<HTMLElement>('.rows') ?? panel.querySelector<HTMLElement>('h2');
  if (list && !list.hasAttribute('tabindex')) list.tabIndex = -1;
  list?.focus({ preventScroll: true });
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && target.type !== 'range' && target.type !== 'checkbox')
  );
}
