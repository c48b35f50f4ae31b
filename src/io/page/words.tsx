/**
 * Text from outside on the page: names, commits, instants and states. Everything goes through here, so that no control
 * character, no change of writing direction and no length can do harm. A state is a mark with a shape and a word.
 */
import type { CandidateState } from '../../actors/client.ts';
import { plain } from '../plain-text.ts';
import { clockTime, duration, fullTime, roughly, since, useNow } from './clock.ts';

/** One line of text from outside, isolated in its direction. */
export function Plain({ children, className }: { children: string; className?: string }) {
  return <bdi className={className}>{plain(children)}</bdi>;
}

/** Text with its lines kept. */
export function Block({ children, label }: { children: string; label: string }) {
  const lines = children.replace(/\r\n?/g, '\n').split('\n');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
    <section className="block" aria-label={label} tabIndex={0}>
      <pre>{lines.map((line) => plain(line, 20_000)).join('\n')}</pre>
    </section>
  );
}

export function Commit({ sha, full = false }: { sha: string; full?: boolean }) {
  return (
    <code className="commit" title={plain(sha)}>
      {full ? plain(sha) : plain(sha.slice(0, 8))}
    </code>
  );
}

/** How long ago, with the instant on hover. */
export function Ago({ at, precise = false }: { at: string; precise?: boolean }) {
  const now = useNow();
  const ms = since(at, now);
  if (ms === null) return null;
  return (
    <time dateTime={at} title={fullTime(at)}>
      {precise ? duration(ms) : roughly(ms)}
    </time>
  );
}

export function At({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={fullTime(at)}>
      {clockTime(at, now)}
    </time>
  );
}

/** A shape of its own for each state, so that colour is never all that tells them apart. */
const SHAPES: Record<CandidateState, string> = {
  pending: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9',
  ready: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M6 3.2v3l2 1.3',
  integrating: 'M1.5 6h8M6.5 2.8L9.8 6L6.5 9.2',
  completed: 'M1.8 6.4l2.9 2.9L10.2 3',
  blocked: 'M2.4 2.4l7.2 7.2M9.6 2.4L2.4 9.6',
  superseded: 'M2 9.5L9 2.5M4.5 2.2H9.4v4.9',
};

export function StateMark({ state }: { state: CandidateState }) {
  return (
    <svg className={`mark ${state}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={SHAPES[state]} />
    </svg>
  );
}

/** A state as a small label. */
export function StateTag({ state, meaning }: { state: CandidateState; meaning?: string }) {
  return (
    <span className={`tag ${state}`} title={meaning}>
      <StateMark state={state} />
      {state}
    </span>
  );
}
