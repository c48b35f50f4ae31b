/** The bar of time travel at the foot of the page. */
import { shortEvent } from './event-text.ts';
import { useStore } from './store.ts';
import { TimeSlider } from './time-slider.tsx';
import { goLive, goToIndex } from './travel.ts';

export function TimeBar() {
  const past = useStore((state) => state.past);
  const live = useStore((state) => state.live);
  if (live === null) return null;
  // The log goes on growing while somebody looks at its past.
  const { length } = live.moment;
  const moment = past?.model ? { ...past.model.moment, length } : live.moment;
  const last = (past?.model ?? live).recent.at(-1);
  return (
    <footer className={`time ${past === null ? '' : 'past'}`}>
      <TimeSlider
        moment={past === null || past.model ? moment : { ...moment, index: past.index, at: null }}
        live={past === null}
        event={last ? shortEvent(last.event) : null}
        onGo={goToIndex}
        onLive={goLive}
      />
    </footer>
  );
}
