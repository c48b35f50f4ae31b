/** What is tested ahead of main: the window, and the chain in the order in which it would land. */
import type { StatusView } from '../../actors/client.ts';
import { chainWords, type Place, placeWords, runWords, widthWords } from '../../machines/check-words.ts';
import { linkOf } from '../../machines/links.ts';
import type { Model } from './model.ts';
import { Plain } from './words.tsx';

/** Rows drawn; the rest is counted. */
const ROWS_MAX = 64;

type Tests = StatusView['tests'];

export function Chain({ model }: { model: Model }) {
  const { tests } = model.status;
  const said = chainWords(tests);
  if (said === null) return null;
  if (tests.window === null) return <p className="chain-none hint">{sentence(said)}</p>;
  return (
    <section className="chain" aria-label="What is tested">
      <p className="chain-head">
        <span className="label">Tests</span>
        <Width window={tests.window} />
        <span className="hint">{widthWords(tests.window, tests.chain)}</span>
      </p>
      {tests.chain.length > 0 && (
        <ol className="chain-rows">
          {tests.chain.slice(0, ROWS_MAX).map((row) => (
            <Row key={row.key} row={row} model={model} />
          ))}
          {tests.chain.length > ROWS_MAX && <li className="hint">{tests.chain.length - ROWS_MAX} more behind them</li>}
        </ol>
      )}
    </section>
  );
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

/** One mark for each place of the window, those that count now filled. */
function Width({ window: { size, max } }: { window: NonNullable<Tests['window']> }) {
  return (
    <span className="chain-width" aria-hidden="true">
      {Array.from({ length: max }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places of the window are told apart by their number alone.
        <span key={at} className={at < size ? 'open' : ''} />
      ))}
    </span>
  );
}

function Row({ row: { key, verdict, because }, model }: { row: Tests['chain'][number]; model: Model }) {
  const candidate = model.candidates.get(key);
  return (
    <li className={`chain-row ${verdict}`} data-key={key} data-verdict={verdict}>
      <PlaceMark place={verdict} />
      <a className="slug" href={linkOf({ kind: 'candidate', key })}>
        <Plain>{key.split('/')[0] ?? key}</Plain>
      </a>
      <span className="chain-words">{placeWords(verdict, because)}</span>
      <span className="chain-runs hint">
        {candidate?.checks.map((run) => (
          <Plain key={run.check}>{`${run.check} ${runWords(run)}`}</Plain>
        ))}
      </span>
    </li>
  );
}

/** A shape of its own for what is known of one in the chain, so that colour is never all that tells it. */
const SHAPES: Record<Place, string> = {
  landing: 'M6 1.8v7M2.8 6L6 9.2L9.2 6',
  free: 'M2.5 6h7',
  untested: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9',
  running: 'M6 1.5a4.5 4.5 0 1 0 4.5 4.5M6 3.4V6l1.8 1.2',
  passed: 'M1.8 6.4l2.9 2.9L10.2 3',
  failed: 'M2.4 2.4l7.2 7.2M9.6 2.4L2.4 9.6',
  aside: 'M2.4 2.4l7.2 7.2M9.6 2.4L2.4 9.6',
  again: 'M10 6a4 4 0 1 1-1.3-3M9 1v2.4H6.6',
};

export function PlaceMark({ place }: { place: Place }) {
  return (
    <svg className={`mark place-${place}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={SHAPES[place]} />
    </svg>
  );
}
