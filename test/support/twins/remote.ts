/**
 * The remote in memory: refs, and the rules of a push as git and the server keep them. One step each; who may reach
 * it, and whether an answer arrives, is the affair of those who ask. Keeps a history of its refs for whoever judges.
 */
import type { PushOutcome, PushRequest, RemoteView } from '../../../src/io/git/port.ts';
import { CommitGraph, type CommitParts } from './commits.ts';

export const MAIN_REF = 'refs/heads/main';
export const FENCE_REF = 'refs/telec/fence';

/** One step in which main or the fence moved. `by` null: somebody who is not telec. */
export interface RefMove {
  by: string | null;
  at: number;
  mainFrom: string | null;
  mainTo: string | null;
  fenceFrom: string | null;
  fenceTo: string | null;
}

export class TwinRemote {
  readonly graph = new CommitGraph();
  readonly refs = new Map<string, string>();
  readonly moves: RefMove[] = [];
  /** While false nobody reaches it. */
  reachable = true;
  /** The server's hook: why it refuses to move main to `tip`, or null. */
  hook: (from: string | null, tip: string) => string | null = () => null;
  /** Whether a push has to name the fence it replaces; false only in a broken harness. */
  guardsFence = true;
  readonly #now: () => number;

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  get main(): string | null {
    return this.refs.get(MAIN_REF) ?? null;
  }

  get fence(): string | null {
    return this.refs.get(FENCE_REF) ?? null;
  }

  commit(parts: CommitParts): string {
    return this.graph.make(parts).sha;
  }

  branch(name: string): string | null {
    return this.refs.get(`refs/heads/${name}`) ?? null;
  }

  /** Moves a ref as somebody does who is not telec; null deletes it. */
  setRef(ref: string, sha: string | null): void {
    const move = { by: null, at: this.#now(), mainFrom: this.main, fenceFrom: this.fence };
    if (sha === null) this.refs.delete(ref);
    else this.refs.set(ref, sha);
    if (ref === MAIN_REF || ref === FENCE_REF) this.moves.push({ ...move, mainTo: this.main, fenceTo: this.fence });
  }

  view(): RemoteView {
    const view: RemoteView = { main: this.main, fence: this.fence, heads: new Map(), planted: [] };
    for (const [ref, sha] of [...this.refs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (isPlanted(ref)) view.planted.push(ref);
      if (ref !== MAIN_REF && ref.startsWith('refs/heads/')) view.heads.set(ref.slice('refs/heads/'.length), sha);
    }
    return view;
  }

  /** Main by plain refspec, the fence leased, both or neither. A ref that is up to date is not sent, so not checked. */
  push(by: string, { tip, fenceFrom, fenceTo }: PushRequest): PushOutcome {
    const { main, fence } = this;
    const { planted } = this.view();
    if (planted.length > 0) return { kind: 'planted', detail: planted.join(', ') };
    const moved = tip !== null && main !== null && !this.graph.isAncestor(main, tip);
    if (fence === fenceTo) {
      if (tip === null || main === tip || (moved && main !== null && this.graph.isAncestor(tip, main)))
        return { kind: 'pushed' };
    } else if (this.guardsFence && fence !== fenceFrom) {
      return { kind: 'fence_moved', detail: 'stale info' };
    }
    if (moved) return { kind: 'main_moved', detail: 'non-fast-forward' };
    const refusal = tip === null ? null : this.hook(main, tip);
    if (refusal !== null) return { kind: 'refused', detail: refusal };
    if (tip !== null) this.refs.set(MAIN_REF, tip);
    this.refs.set(FENCE_REF, fenceTo);
    this.moves.push({ by, at: this.#now(), mainFrom: main, mainTo: tip ?? main, fenceFrom: fence, fenceTo });
    return { kind: 'pushed' };
  }
}

/** Refs that git takes for main or the fence when it reads a full name as the end of a longer one. */
function isPlanted(ref: string): boolean {
  return ref.startsWith('refs/heads/refs/') || ref.startsWith('refs/tags/refs/') || ref.startsWith(`${FENCE_REF}/`);
}
