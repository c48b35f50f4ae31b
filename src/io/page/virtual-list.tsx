/**
 * A list that draws what can be seen of it, for thousands of rows. Two ways of use: rows to pick from (arrows or j and k
 * move, Enter opens), and rows with buttons of their own. Knows nothing of what its rows show.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';

interface ListProps<Row> {
  label: string;
  rows: readonly Row[];
  keyOf(row: Row): string;
  /** Height of a row before it is measured, px. */
  height: number;
  children(row: Row): ReactNode;
  /** Absent: the rows have buttons of their own. */
  onPick?(row: Row): void;
  picked?: string | null;
}

export function VirtualList<Row>({ label, rows, keyOf, height, children, onPick, picked = null }: ListProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [active, setActive] = useState<string | null>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => keyOf(rows[index] as Row),
    overscan: 6,
  });
  const activeIndex = active === null ? -1 : rows.findIndex((row) => keyOf(row) === active);
  const pick = onPick !== undefined;

  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row === undefined) return;
    setActive(keyOf(row));
    virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? height) / height) - 1);
    const steps: Record<string, number> = {
      ArrowDown: activeIndex + 1,
      j: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      k: activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: rows.length - 1,
    };
    const row = rows[activeIndex];
    if (Object.hasOwn(steps, event.key)) move(steps[event.key] as number);
    else if ((event.key === 'Enter' || event.key === ' ') && row !== undefined && onPick) onPick(row);
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useAriaPropsSupportedByRole: it has one of two roles.
    <div
      className="rows"
      ref={scroller}
      role={pick ? 'listbox' : 'list'}
      aria-label={label}
      aria-activedescendant={pick && activeIndex >= 0 ? `${id}-${activeIndex}` : undefined}
      // What scrolls must be reachable by keys.
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="rows-all" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index] as Row;
          const name = keyOf(row);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions lint/a11y/useAriaPropsSupportedByRole: the list itself takes the keys, and gives the role.
            <div
              key={key}
              id={`${id}-${index}`}
              className="row-place"
              role={pick ? 'option' : 'listitem'}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              {...(pick ? { 'aria-selected': name === picked } : {})}
              data-active={index === activeIndex || undefined}
              data-index={index}
              ref={virtual.measureElement}
              style={{ transform: `translateY(${start}px)` }}
              onClick={
                onPick &&
                (() => {
                  setActive(name);
                  onPick(row);
                })
              }
            >
              {children(row)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
