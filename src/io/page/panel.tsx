/** A part of the page with a heading, and what stands there when there is nothing. */
import type { ReactNode } from 'react';

interface PanelProps {
  id: string;
  title: string;
  /** Beside the heading. */
  aside?: ReactNode;
  children: ReactNode;
}

export function Panel({ id, title, aside, children }: PanelProps) {
  return (
    <section className={`panel panel-${id}`} id={id} aria-labelledby={`${id}-title`}>
      <header className="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Said instead of an empty list. */
export function Nothing({ children, hint }: { children: string; hint?: string }) {
  return (
    <div className="nothing">
      <p>{children}</p>
      {hint !== undefined && <p className="hint">{hint}</p>}
    </div>
  );
}
