/**
 * Going to a moment of the past and back. One question at a time, and of many wishes the newest wins, so that a slider
 * may be dragged as fast as a hand can.
 */
import { linkOf } from '../../machines/links.ts';
import { look, sentenceOf } from './api.ts';
import { currentState, showPast, update } from './store.ts';

let wished: { index: number } | { id: string } | null = null;
let asking = false;

/** Shows everything as it was after entry `index`. */
export function goToIndex(index: number): void {
  void go({ index });
}

/** Shows everything as it was after the entry of that id. */
export function goToEntry(id: string): void {
  void go({ id });
}

export function goLive(): void {
  wished = null;
  update({ past: null });
  if (location.hash.startsWith('#/moment/')) history.replaceState(null, '', location.pathname);
}

async function go(wish: NonNullable<typeof wished>): Promise<void> {
  wished = wish;
  const { past, live } = currentState();
  const index = 'index' in wish ? wish.index : (past?.index ?? live?.moment.index ?? 0);
  update({ past: { index, model: past?.model ?? null, loading: true, fault: null } });
  if (asking) return;
  asking = true;
  try {
    while (wished !== null) {
      const next: NonNullable<typeof wished> = wished;
      await fetchMoment(next);
      if (wished === next) wished = null;
    }
  } finally {
    asking = false;
  }
}

async function fetchMoment(wish: NonNullable<typeof wished>): Promise<void> {
  try {
    const id = 'id' in wish ? wish.id : (await look.moment(wish.index)).id;
    const overview = await look.overview(id);
    if (currentState().past === null) return;
    const newest = wished === wish;
    showPast(newest ? overview.moment.index : (currentState().past?.index ?? overview.moment.index), overview);
    const { link } = currentState();
    if (newest && (link === null || link.kind === 'moment')) {
      history.replaceState(null, '', linkOf({ kind: 'moment', id: overview.moment.id }));
      update({ link: { kind: 'moment', id: overview.moment.id } });
    }
  } catch (error) {
    const { past } = currentState();
    const fault = sentenceOf(error);
    if (past?.model) update({ past: { ...past, loading: false, fault } });
    // There is no past to show, so what is shown is now.
    else if (past) update({ past: null, notice: { text: fault, tone: 'bad', at: Date.now() } });
  }
}
