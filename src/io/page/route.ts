/** The address and what is open: reads links, follows the back button, writes where a person went. */
import { type Link, linkOf, readLink } from '../../machines/links.ts';
import { enterByAddress, tryNow } from './connection.ts';
import { currentState, update } from './store.ts';
import { goToEntry } from './travel.ts';

/** Begins to follow the address. */
export function followAddress(): void {
  window.addEventListener('hashchange', () => void readAddress());
  read();
}

async function readAddress(): Promise<void> {
  if (await enterByAddress()) tryNow();
  read();
}

function read(): void {
  const link = readLink(location.hash);
  update({ link });
  if (link?.kind === 'moment') goToEntry(link.id);
}

/** Opens it, so that the back button closes it. */
export function show(link: Link): void {
  location.hash = linkOf(link);
}

/** Closes what is open; where somebody looks at the past, that stays. */
export function closeLink(): void {
  const { past } = currentState();
  const moment: Link | null = past?.model ? { kind: 'moment', id: past.model.moment.id } : null;
  history.pushState(null, '', moment === null ? location.pathname : linkOf(moment));
  update({ link: moment });
}
