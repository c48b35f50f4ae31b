/** The bar of time travel at the foot of the page. */

import { fullTime } from './clock.ts';
import { useStore } from './store.ts';
import { goLive, goToIndex } from './travel.ts';

export function TimeBar() {
  const past = useStore((state) => state.past);
  const live = useStore((state) => state.live);
  if (live === null) return null;
  const { length } = live.moment;
  const index = past?.index ?? live.moment.index;
  const at = past === null ? live.moment.at : (past.model?.moment.at ?? null);
  return (
    <footer className={`time ${past === null ? '' : 'past'}`} aria-label="Time travel">
      <input
        type="range"
        min={0}
        max={length}
        value={index}
        aria-label="Entry of the log"
        onChange={(event) => goToIndex(Number(event.target.value))}
      />
      <span className="hint">
        {index} of {length}
        {at !== null && ` · ${fullTime(at)}`}
      </span>
      <button type="button" disabled={past === null} onClick={goLive}>
        Now
      </button>
    </footer>
  );
}
