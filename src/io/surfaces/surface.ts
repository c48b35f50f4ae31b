/**
 * What every surface offers: it takes a message, changes one it took, and says in few words what became of it. Owns the
 * shapes; a surface decides nothing about what is told or when, waits for nothing and repeats nothing by itself.
 *
 * Invariant: no answer holds a token, an address that is a secret, or what the foreign client says in its errors.
 */

/** One row as it is told. Texts are as they are in the log: a surface makes them harmless for its own readers. */
export interface TellingItem {
  /** `<family>/<key>`. */
  row: string;
  family: string;
  slug: string | null;
  /** The slug, or what else the row is about. */
  subject: string;
  tone: 'alert' | 'success' | 'settled' | 'info';
  text: string;
  /** Full type of the event that wrote it. */
  event: string;
  level: number;
  /** RFC 3339. */
  at: string;
  /** Where the web view shows it; null while no web view is open. */
  link: string | null;
  /** What says more, to be run in a shell. */
  command: string;
}

/** One message. */
export interface Telling {
  /** Equal for repeats of one message, so that a program can tell them. */
  id: string;
  repoId: string;
  items: readonly TellingItem[];
  /** What stood in this message and has one further down by now. */
  moved: readonly string[];
}

export type SurfaceAnswer =
  /** `message` names it for an edit; null when it cannot be edited. */
  | { kind: 'taken'; message: string | null }
  /** The message to be edited is not there any more. */
  | { kind: 'missing' }
  | { kind: 'limited'; retryAfterMs: number }
  /** May work later. */
  | { kind: 'failed'; detail: string }
  /** This message will never be taken; others may. */
  | { kind: 'refused'; detail: string }
  /** None will be until a person mends something. */
  | { kind: 'gone'; detail: string };

export interface Surface {
  readonly name: 'telegram' | 'discord' | 'webhook';
  /** Tells one place from another, without telling its secrets. */
  readonly place: string;
  /** Messages within a minute at most. */
  readonly perMinute: number;
  send(telling: Telling, signal: AbortSignal): Promise<SurfaceAnswer>;
  edit(message: string, telling: Telling, signal: AbortSignal): Promise<SurfaceAnswer>;
}

const RETRY_LEAST_MS = 1000;

/** A pause named by a server, in ms; whatever it says, not at once. */
export function pauseOf(seconds: unknown): number {
  const asked = Number(seconds) * 1000;
  return Number.isFinite(asked) ? Math.max(RETRY_LEAST_MS, Math.ceil(asked)) : 30_000;
}

/** What a failed request says of itself, by its code alone: its words may hold the address. */
export function faultCode(error: unknown): string {
  for (let at: unknown = error, depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, errno, name, cause, error: inner } = at as Record<string, unknown>;
    if (name === 'AbortError' || name === 'TimeoutError') return 'no answer in time';
    for (const word of [code, errno]) if (typeof word === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(word)) return word;
    at = cause ?? inner;
  }
  return 'the connection failed';
}
