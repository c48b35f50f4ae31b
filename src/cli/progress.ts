/**
 * How far a command is that takes its time: follows the repository while the work runs and tells it in the words of
 * `telec watch`, on stderr. Never decides the outcome, and never fails the work.
 */
import type { TelecClient } from '../actors/client.ts';
import type { Call } from './call.ts';
import type { Scene } from './watch/model.ts';

/** How often the clock in the line is told anew, ms. */
const TICK_MS = 1000;

type Words = typeof import('./watch/words.ts') & typeof import('./watch/model.ts');

export interface Progress {
  /** How far it is, in the line that is told anew; null: nothing to tell. */
  line(scene: Scene, words: Words): string | null;
  /** Where lines are all that can be shown: what is worth one. Without it, the line whenever it changed. */
  steps?(before: Scene, scene: Scene, words: Words): string[];
}

/** Runs `work` on `client` and tells meanwhile how far it is. The answer, and what is thrown, are those of the work. */
export async function withProgress<T>(
  call: Pick<Call, 'output' | 'now'>,
  client: TelecClient,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const { output, now } = call;
  if (output.quiet || (output.json && !output.movesProgress)) return work();
  const words: Words = { ...(await import('./watch/words.ts')), ...(await import('./watch/model.ts')) };
  const end = new AbortController();
  const startedAt = now();
  let scene: Scene | null = null;
  let told: string | null = null;
  const tick = () => {
    const text = scene && progress.line(scene, words);
    if (text !== null) output.progress(`${words.stopwatch(now() - startedAt)}  ${text}`);
  };
  const step = (before: Scene | null, after: Scene) => {
    if (progress.steps) {
      for (const text of before ? progress.steps(before, after, words) : []) output.progress(text);
      return;
    }
    const text = progress.line(after, words);
    if (text !== null && text !== told) output.progress(text);
    told = text;
  };
  const follow = async () => {
    const desk = await client.live();
    for await (const message of desk.follow(end.signal)) {
      // What was coalesced while the work came to its end is told by its answer.
      if (end.signal.aborted) return;
      const before: Scene | null = scene;
      scene = words.take(before, message, now());
      if (output.movesProgress) tick();
      else if (scene) step(before, scene);
    }
  };
  const followed = follow().catch((error: unknown) => {
    if (!end.signal.aborted)
      output.say(`how far it is cannot be told: ${error instanceof Error ? error.message : String(error)}`);
  });
  const clock = output.movesProgress ? setInterval(tick, TICK_MS) : null;
  try {
    return await work();
  } finally {
    end.abort();
    if (clock) clearInterval(clock);
    await followed;
    output.progress(null);
  }
}
