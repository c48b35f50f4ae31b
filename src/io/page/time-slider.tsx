/**
 * The bar of time: slides back to any entry of the log, steps and plays from there, and returns to now. Decides nothing of
 * what is shown; says where to go.
 */
import { useEffect, useId, useRef, useState } from 'react';
import type { Moment } from '../../actors/live/views.ts';

export interface TimeSliderProps {
  /** What is shown now. */
  moment: Moment;
  /** True while what is shown follows the log. */
  live: boolean;
  /** Type of the entry at `moment`, where it is known. */
  event?: string | null | undefined;
  /** Asks for the place of entry `index`, 0 being before the first. */
  onGo(index: number): void;
  onLive(): void;
}

/** While the handle moves, at most one place in this time is asked for, in milliseconds. */
const PAUSE_MS = 120;
/** An entry is shown for so long while it plays. */
const PLAY_MS = 700;

export function TimeSlider({ moment, live, event, onGo, onLive }: TimeSliderProps) {
  const [wanted, setWanted] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const name = useId();
  const going = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { length } = moment;
  const shown = live ? length : moment.index;
  // Where the handle was put stays until what was asked for is there.
  if (wanted !== null && !live && wanted === moment.index) setWanted(null);
  useEffect(() => {
    if (live) setWanted(null);
  }, [live]);
  const place = wanted ?? shown;

  const go = useRef(onGo);
  const toLive = useRef(onLive);
  useEffect(() => {
    go.current = onGo;
    toLive.current = onLive;
  });
  useEffect(() => () => clearTimeout(going.current), []);

  useEffect(() => {
    if (!playing) return;
    if (live) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => (shown + 1 >= length ? toLive.current() : go.current(shown + 1)), PLAY_MS);
    return () => clearTimeout(timer);
  }, [playing, live, shown, length]);

  function step(to: number) {
    setPlaying(false);
    clearTimeout(going.current);
    if (to >= length) now();
    else {
      setWanted(to);
      onGo(to);
    }
  }

  function now() {
    setWanted(null);
    toLive.current();
  }

  function slide(to: number) {
    setPlaying(false);
    setWanted(to);
    clearTimeout(going.current);
    going.current = setTimeout(() => (to >= length ? now() : go.current(to)), PAUSE_MS);
  }

  const words = placeInWords(place, length);
  return (
    <section className={live ? 'time-slider is-live' : 'time-slider is-past'} aria-labelledby={name} data-index={place}>
      <h2 id={name} className="chart-hidden">
        Time
      </h2>
      <div className="time-steps">
        <button type="button" aria-label="To the first entry" disabled={place === 0} onClick={() => step(0)}>
          <Icon path="M4 3v10M13 3L6 8l7 5z" />
        </button>
        <button type="button" aria-label="One entry back" disabled={place === 0} onClick={() => step(place - 1)}>
          <Icon path="M11 3L4 8l7 5z" />
        </button>
        <button
          type="button"
          aria-label={playing ? 'Stop' : 'Play from here'}
          aria-pressed={playing}
          disabled={live && length === 0}
          onClick={() => {
            if (!playing && live) onGo(0);
            setPlaying(!playing);
          }}
        >
          <Icon path={playing ? 'M4 3h3v10H4zM9 3h3v10H9z' : 'M4 2l9 6l-9 6z'} />
        </button>
        <button type="button" aria-label="One entry on" disabled={live} onClick={() => step(place + 1)}>
          <Icon path="M5 3l7 5l-7 5z" />
        </button>
      </div>
      <input
        type="range"
        min={0}
        max={length}
        step={1}
        value={place}
        aria-label="Entry of the log"
        aria-valuetext={live ? `now, ${words}` : words}
        onChange={(change) => slide(Number(change.currentTarget.value))}
      />
      <p className="time-label">
        <span className="time-place">{words}</span>
        {wanted === null && moment.at !== null ? (
          <time dateTime={moment.at} title={moment.at}>
            {instantInWords(moment.at)}
          </time>
        ) : null}
        {wanted === null && event ? <code className="time-event">{event}</code> : null}
      </p>
      <button type="button" className="time-now" aria-pressed={live} onClick={() => step(length)}>
        {live ? 'Live' : 'Back to now'}
      </button>
    </section>
  );
}

function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function placeInWords(index: number, length: number): string {
  return index === 0 && length > 0 ? `before the first of ${length}` : `entry ${index} of ${length}`;
}

/** In the reader's own time and language. */
function instantInWords(at: string): string {
  const instant = new Date(at);
  if (Number.isNaN(instant.getTime())) return at;
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(instant);
}
