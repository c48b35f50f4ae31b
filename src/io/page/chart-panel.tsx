/**
 * One actor with its chart: which it is, the state it is in in the machine's own words, and what may come of it. The words
 * of a picked state stand below; without one, those of the current state.
 */
import { useId, useLayoutEffect, useRef, useState } from 'react';
import { Chart } from './chart.tsx';
import { chartOf } from './chart-data.ts';
import { type ChartStanding, litOf } from './chart-lit.ts';
import type { ChartNode, ChartShapes, Chart as Placed } from './chart-shape.ts';

export interface ChartPanelProps {
  /** Name of the machine. */
  machine: string;
  /** Path of its state joined by dots, as `draining.merging`; empty while it does not run. */
  value: string;
  /** Types of the events it accepts now. */
  accepts?: readonly string[] | undefined;
  /** Type of the event that led to its state. */
  lastEvent?: string | null | undefined;
  title: string;
  /** Its context in brief; nothing long, and nothing secret. */
  context?: Readonly<Record<string, unknown>> | undefined;
}

/** Widths of the panel, in pixels, below which the narrow and the medium shape are taken. */
const NARROW = 460;
const MEDIUM = 960;

export function ChartPanel({ machine, value, accepts, lastEvent, title, context }: ChartPanelProps) {
  const shapes = chartOf(machine);
  const [picked, setPicked] = useState<string | null>(null);
  const [frame, shape] = useShape();
  const previous = usePrevious(`${machine} ${title}`, value);
  const [heading, words] = [useId(), useId()];
  if (!shapes) {
    return (
      <section className="chart-panel">
        <h2>{title}</h2>
        <p>There is no chart of a machine {machine}.</p>
      </section>
    );
  }
  const chart = shapes[shape];
  const standing = { value, previous, accepts, lastEvent };
  const leaf = chart.nodes.find(({ id }) => value.split(' ').includes(id));
  const chosen = chart.nodes.find(({ id }) => id === picked);
  return (
    <section className="chart-panel" aria-labelledby={heading} data-machine={machine} data-value={value}>
      <header className="chart-head-line">
        <h2 id={heading}>{title}</h2>
        <p className="chart-now" data-current-state={value}>
          {leaf ? (
            <>
              <strong>{pathInWords(leaf.id)}</strong> <span>{leaf.description}</span>
            </>
          ) : (
            <span>{value === '' ? 'Does not run.' : value}</span>
          )}
        </p>
      </header>
      <div ref={frame}>
        <Chart
          chart={chart}
          {...standing}
          label={`The ${machine} as a chart, ${leaf ? `now ${pathInWords(leaf.id)}` : 'not running'}`}
          picked={picked}
          onPick={setPicked}
          words={words}
        />
      </div>
      <div id={words} className="chart-about">
        <About
          chart={chart}
          standing={standing}
          node={chosen ?? leaf ?? null}
          told={chosen === undefined || chosen === leaf}
        />
        {context && Object.keys(context).length > 0 ? <Context context={context} /> : null}
      </div>
    </section>
  );
}

/** `draining.merging` as `draining › merging`. */
const pathInWords = (id: string) => id.split('.').join(' › ');

interface AboutProps {
  chart: Placed;
  standing: ChartStanding;
  node: ChartNode | null;
  /** True when the state is told above already. */
  told: boolean;
}

/** The words of one state: what it is, what ends it, and where it may lead. */
function About({ chart, standing, node, told }: AboutProps) {
  if (!node) return <p className="chart-description">{chart.description}</p>;
  const lit = litOf(chart, standing);
  const moves = chart.edges.flatMap((edge) =>
    edge.moves
      .filter(({ from }) => leads(node, from))
      .map((move) => ({ ...move, open: lit.open.has(edge) && lit.states.has(node.id) })),
  );
  return (
    <div className="chart-state-words">
      {told ? null : (
        <>
          <h3>{node.kind === 'any' ? node.title : pathInWords(node.id)}</h3>
          <p className="chart-description">{node.description}</p>
        </>
      )}
      {node.endsBy !== '' && node.kind !== 'final' ? <p>Ended by {node.endsBy}.</p> : null}
      {node.kind === 'final' ? <p>Final: nothing comes after it.</p> : null}
      {node.effects.length > 0 ? (
        <p>
          Runs <code>{node.effects.join(', ')}</code>.
        </p>
      ) : null}
      {moves.length > 0 ? (
        <ul className="chart-moves" aria-label="What leads on from here">
          {moves.map(({ from, to, label, open }) => (
            <li key={`${from} ${label} ${to}`} className={open ? 'is-open' : undefined}>
              <code>{label}</code> → {pathInWords(to)}
            </li>
          ))}
        </ul>
      ) : null}
      {node.stays.length > 0 ? (
        <details>
          <summary>Takes note of {node.stays.length} more, and stays</summary>
          <ul className="chart-moves">
            {node.stays.map((label) => (
              <li key={label}>
                <code>{label}</code>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}

/** Whether an edge of `from` holds in this state: its own, one of what it lies in, or of the machine itself. */
function leads({ id, kind }: ChartNode, from: string): boolean {
  if (kind === 'any') return from === '';
  return kind !== 'final' && (from === '' || id === from || id.startsWith(`${from}.`));
}

function Context({ context }: { context: Readonly<Record<string, unknown>> }) {
  return (
    <dl className="chart-context">
      {Object.entries(context).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value === null || value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The value that was there before this one, of the same actor; null for its first. */
function usePrevious(actor: string, value: string): string | null {
  const [seen, setSeen] = useState<{ actor: string; value: string; previous: string | null }>({
    actor,
    value,
    previous: null,
  });
  if (seen.actor === actor && seen.value === value) return seen.previous;
  const next = { actor, value, previous: seen.actor === actor && seen.value !== '' ? seen.value : null };
  setSeen(next);
  return next.previous;
}

/** The shape that the element has room for. */
function useShape(): [React.RefObject<HTMLDivElement | null>, keyof ChartShapes] {
  const ref = useRef<HTMLDivElement>(null);
  const [shape, setShape] = useState<keyof ChartShapes>('wide');
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const choose = (width: number) => setShape(width < NARROW ? 'narrow' : width < MEDIUM ? 'medium' : 'wide');
    choose(element.clientWidth);
    const observer = new ResizeObserver(([entry]) => choose(entry?.contentRect.width ?? MEDIUM));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, shape];
}
