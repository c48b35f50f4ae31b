/**
 * Keeps a watcher fed: follows the repository, and when that breaks says so, waits and begins anew until it is told to
 * end. Owns the client it reads from, which is also the one that acts. Decides nothing about what is shown.
 */
import type { TelecClient } from '../../actors/client.ts';
import type { LiveMessage } from '../../actors/live/views.ts';

/** What a watcher hears. `lost`: in the words of the fault, with the pause until it is tried again, ms. */
export type Heard = { kind: 'message'; message: LiveMessage } | { kind: 'lost'; text: string; againMs: number };

const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 5000;

export interface FeedOptions {
  /** Opens the repository; each client is closed here. */
  open(): Promise<TelecClient>;
  pauseMs?: (attempt: number) => number;
}

const pauseOf = (attempt: number): number => Math.min(PAUSE_FIRST_MS * 2 ** attempt, PAUSE_MAX_MS);

export class Feed {
  readonly #options: FeedOptions;
  #client: TelecClient;

  private constructor(options: FeedOptions, client: TelecClient) {
    this.#options = options;
    this.#client = client;
  }

  /** Thrown: why the repository cannot be opened at all. */
  static async open(options: FeedOptions): Promise<Feed> {
    return new Feed(options, await options.open());
  }

  /** The client of now; another one after the connection was lost. */
  get client(): TelecClient {
    return this.#client;
  }

  /** Ends when `signal` aborts, or when there is nothing to follow any more. */
  async *follow(signal: AbortSignal): AsyncGenerator<Heard, void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const desk = await this.#client.live();
        for await (const message of desk.follow(signal)) {
          attempt = 0;
          yield { kind: 'message', message };
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        const againMs = (this.#options.pauseMs ?? pauseOf)(attempt);
        yield { kind: 'lost', text: error instanceof Error ? error.message : String(error), againMs };
        await pause(againMs, signal);
        if (!signal.aborted) await this.#reopen();
      }
    }
  }

  /** Lets go of the client, and of what it could not close. */
  async close(): Promise<void> {
    await this.#client.close().catch(() => undefined);
  }

  /** The old client stays where a new one cannot be opened; following it fails again and is told again. */
  async #reopen(): Promise<void> {
    const old = this.#client;
    try {
      this.#client = await this.#options.open();
    } catch {
      return;
    }
    await old.close().catch(() => undefined);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
