/** What the view shows, kept outside of it: the scene, and whether it is still fed. Tells whoever subscribed. */
import type { Heard } from './feed.ts';
import { type Scene, take } from './model.ts';

export interface Known {
  scene: Scene | null;
  /** Why nothing comes any more, and the local instant at which it is tried again, ms; null while it comes. */
  lost: { text: string; againAt: number } | null;
}

export class WatchStore {
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;
  #known: Known = { scene: null, lost: null };

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly known = (): Known => this.#known;

  hear(heard: Heard): void {
    const now = this.#now();
    this.#known =
      heard.kind === 'message'
        ? { scene: take(this.#known.scene, heard.message, now), lost: null }
        : { ...this.#known, lost: { text: heard.text, againAt: now + heard.againMs } };
    for (const listener of [...this.#listeners]) listener();
  }
}
