/**
 * A chart to look around in: keys and pointer lead from state to state, closer and further. One stop of the Tab key; the
 * arrow keys move between states, `+`, `-` and `0` change how close it is, Shift with an arrow moves what is seen. The wheel
 * does so with Ctrl, so that it never catches who scrolls past.
 */
import { type KeyboardEvent, type PointerEvent, type SVGProps, useEffect, useId, useRef, useState } from 'react';
import { ChartDrawing } from './chart-drawing.tsx';
import type { ChartStanding } from './chart-lit.ts';
import type { Area, ChartNode, Chart as Placed } from './chart-shape.ts';
import { closeness, nextState, panned, type Way, wholeOf, zoomed } from './chart-view.ts';

export interface ChartProps extends ChartStanding {
  chart: Placed;
  /** Says what the picture shows. */
  label: string;
  /** The state whose words are shown; null for the current one. */
  picked: string | null;
  onPick(id: string | null): void;
  /** Id of the element with the words of the picked state. */
  words?: string;
}

const ARROWS: Record<Way, [number, number]> = {
  ArrowLeft: [-0.15, 0],
  ArrowRight: [0.15, 0],
  ArrowUp: [0, -0.15],
  ArrowDown: [0, 0.15],
};

const isArrow = (key: string): key is Way => Object.hasOwn(ARROWS, key);

export function Chart({ chart, label, picked, onPick, words, ...standing }: ChartProps) {
  const [view, setView] = useState<Area | null>(null);
  const [grip, setGrip] = useState<{ x: number; y: number } | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const keys = useId();
  const seen = view !== null && view.w <= chart.width ? view : wholeOf(chart);
  const close = closeness(chart, seen);

  // Listens by itself, because React's own listener for the wheel cannot keep the page from scrolling.
  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      setView((before) => {
        const now = before ?? wholeOf(chart);
        const x = now.x + ((event.clientX - box.left) / box.width) * now.w;
        const y = now.y + ((event.clientY - box.top) / box.height) * now.h;
        return zoomed(chart, now, event.deltaY < 0 ? 1 : -1, x, y);
      });
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [chart]);

  const states = chart.nodes.filter(({ kind }) => kind !== 'start');
  const current = standing.value.split(' ').find((path) => states.some(({ id }) => id === path));
  const stop = picked ?? current ?? states[0]?.id;

  function onKeyDown(event: KeyboardEvent<SVGSVGElement>) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') setView(zoomed(chart, seen, 1));
    else if (event.key === '-') setView(zoomed(chart, seen, -1));
    else if (event.key === '0') setView(null);
    else if (event.key === 'Escape' && picked !== null) onPick(null);
    else if (isArrow(event.key)) {
      if (event.shiftKey) setView(panned(chart, seen, ...ARROWS[event.key]));
      else {
        const next = nextState(chart, stop ?? '', event.key);
        onPick(next);
        focusState(svg.current, next);
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onPointerMove(event: PointerEvent<SVGSVGElement>) {
    if (!grip) return;
    const box = event.currentTarget.getBoundingClientRect();
    setView(panned(chart, seen, (grip.x - event.clientX) / box.width, (grip.y - event.clientY) / box.height));
    setGrip({ x: event.clientX, y: event.clientY });
  }

  const stateProps = (node: ChartNode): SVGProps<SVGGElement> => ({
    role: 'button',
    tabIndex: node.id === stop ? 0 : -1,
    'aria-label': spoken(node),
    'aria-pressed': node.id === picked,
    'aria-controls': words,
    onClick: () => onPick(node.id === picked ? null : node.id),
    onKeyDown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      onPick(node.id === picked ? null : node.id);
    },
  });

  return (
    <div className="chart-frame">
      <ChartDrawing
        chart={chart}
        standing={standing}
        label={label}
        view={seen}
        stateProps={stateProps}
        picked={picked}
        svgProps={{
          ref: svg,
          style: {
            maxWidth: chart.width,
            ...(close > 1 ? { touchAction: 'none', cursor: grip ? 'grabbing' : 'grab' } : {}),
          },
          'aria-describedby': keys,
          onKeyDown,
          onPointerDown: (event) => {
            if (close > 1 && event.button === 0) setGrip({ x: event.clientX, y: event.clientY });
          },
          onPointerMove,
          onPointerUp: () => setGrip(null),
          onPointerLeave: () => setGrip(null),
        }}
      />
      <div className="chart-tools">
        <p id={keys} className="chart-keys">
          Arrow keys move between states, + and − change how close it is, 0 shows all of it.
        </p>
        <button type="button" aria-label="Closer" title="Closer (+)" onClick={() => setView(zoomed(chart, seen, 2))}>
          +
        </button>
        <button
          type="button"
          aria-label="Further away"
          title="Further away (-)"
          disabled={close <= 1}
          onClick={() => setView(zoomed(chart, seen, -2))}
        >
          −
        </button>
        <button type="button" title="All of it (0)" disabled={close <= 1} onClick={() => setView(null)}>
          All
        </button>
      </div>
    </div>
  );
}

function focusState(svg: SVGSVGElement | null, id: string) {
  svg?.querySelector<SVGGElement>(`[data-state-id="${CSS.escape(id)}"]`)?.focus();
}

function spoken({ title, kind, description }: ChartNode): string {
  const name = kind === 'final' ? `${title}, final` : title;
  return description === '' ? name : `${name}: ${description}`;
}
