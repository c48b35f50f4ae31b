/** Branches that will not merge as they are, told before anybody hands them over. Nothing is shown where none is foreseen. */
import { foreseenWords } from '../../machines/radar-words.ts';
import type { Model } from './model.ts';
import { Panel } from './panel.tsx';
import { Ago, Commit, Plain } from './words.tsx';

/** Rows drawn; the rest is counted. */
const ROWS_MAX = 100;

export function ForeseenPanel({ model: { radar } }: { model: Model }) {
  if (radar.length === 0) return null;
  return (
    <Panel id="foreseen" title="Conflicts foreseen" aside={<span className="count">{radar.length}</span>}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys. */}
      <section className="foreseen-scroll" aria-label="Conflicts foreseen" tabIndex={0}>
        <ul className="foreseen-rows">
          {radar.slice(0, ROWS_MAX).map((row) => (
            <li key={`${row.branch} ${row.with.kind} ${row.with.branch}`} className="foreseen-row">
              <p className="line">
                <Plain className="slug">{row.branch}</Plain>
                <Commit sha={row.sha} />
                {row.owner !== null && <Plain className="hint">{row.owner}</Plain>}
                {row.since !== null && (
                  <span className="when hint">
                    <Ago at={row.since} /> ago
                  </span>
                )}
              </p>
              <Plain>{foreseenWords(row)}</Plain>
            </li>
          ))}
          {radar.length > ROWS_MAX && <li className="hint">{radar.length - ROWS_MAX} more: telec radar</li>}
        </ul>
      </section>
    </Panel>
  );
}
