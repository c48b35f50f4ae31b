/** The log: its newest entries, a filter by type, slug and text, and older ones on demand. */
import { useMemo, useState } from 'react';
import type { EnvelopeView } from '../../actors/event-views.ts';
import { look, sentenceOf } from './api.ts';
import { fieldText, shortEvent } from './event-text.ts';
import type { Model } from './model.ts';
import { Nothing, Panel } from './panel.tsx';
import { show } from './route.ts';
import { update, useStore } from './store.ts';
import { VirtualList } from './virtual-list.tsx';
import { At, Plain } from './words.tsx';

/** Entries fetched at once, and kept of those fetched. */
const OLDER = { step: 500, most: 10_000 };

export function LogPanel({ model }: { model: Model }) {
  const filter = useStore((state) => state.filter);
  const picked = useStore(({ link }) => (link?.kind === 'event' ? link.id : null));
  const { older, fetchOlder, busy, fault } = useOlder(model);
  const entries = useMemo(() => [...older, ...model.recent].reverse(), [older, model.recent]);
  const types = useMemo(() => [...new Set(entries.map(({ event }) => shortEvent(event)))].sort(), [entries]);
  const rows = useMemo(() => entries.filter((entry) => fits(entry, filter)), [entries, filter]);
  const set = (change: Partial<typeof filter>) => update({ filter: { ...filter, ...change } });
  const left = model.moment.index - entries.length;
  return (
    <Panel
      id="log"
      title="Log"
      aside={<span className="hint">{model.moment.index === 1 ? '1 entry' : `${model.moment.index} entries`}</span>}
    >
      <search className="filters">
        <select aria-label="Type of event" value={filter.type} onChange={(event) => set({ type: event.target.value })}>
          <option value="">every type</option>
          {[...new Set([...types, ...(filter.type === '' ? [] : [filter.type])])].map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Slug"
          placeholder="slug"
          value={filter.slug}
          onChange={(event) => set({ slug: event.target.value })}
        />
        <input
          type="search"
          id="log-text"
          aria-label="Text in the entry"
          placeholder="text  /"
          value={filter.text}
          onChange={(event) => set({ text: event.target.value })}
        />
      </search>
      <div className="fill">
        {rows.length === 0 ? (
          <Nothing>{entries.length === 0 ? 'The log is empty.' : 'No entry fits the filter.'}</Nothing>
        ) : (
          <VirtualList
            label="Entries of the log, the newest first"
            rows={rows}
            keyOf={({ id }) => id}
            height={40}
            picked={picked}
            onPick={({ id }) => show({ kind: 'event', id })}
          >
            {(entry) => <Row entry={entry} />}
          </VirtualList>
        )}
      </div>
      {left > 0 && (
        <p className="foot">
          <button type="button" className="small" disabled={busy} onClick={() => void fetchOlder()}>
            {busy ? 'Reading…' : 'Older entries'}
          </button>
          <span className="hint">{fault ?? `${left} more`}</span>
        </p>
      )}
    </Panel>
  );
}

function Row({ entry }: { entry: EnvelopeView }) {
  const entity = fieldText(entry, 'entity');
  return (
    <div className="entry">
      <span className="when mono">
        <At at={entry.timestamp} />
      </span>
      <span className="who">
        <Plain className="event-type">{shortEvent(entry.event)}</Plain>
        <span className="ref">{entity === null ? fieldText(entry, 'description') : <Plain>{entity}</Plain>}</span>
      </span>
    </div>
  );
}

/** Texts of entries in small letters, made once an entry. */
const texts = new WeakMap<EnvelopeView, string>();

function textOf(entry: EnvelopeView): string {
  const known = texts.get(entry);
  if (known !== undefined) return known;
  const text = JSON.stringify(entry).toLowerCase();
  texts.set(entry, text);
  return text;
}

function fits(entry: EnvelopeView, { type, slug, text }: { type: string; slug: string; text: string }): boolean {
  if (type !== '' && shortEvent(entry.event) !== type) return false;
  const wanted = slug.trim();
  if (wanted !== '' && entry.payload['slug'] !== wanted && !`${entry['entity'] ?? ''}`.startsWith(wanted)) return false;
  return text.trim() === '' || textOf(entry).includes(text.trim().toLowerCase());
}

/** Entries before those the model has, fetched on demand. They fit one place in time; elsewhere they are forgotten. */
function useOlder(model: Model) {
  const [kept, setKept] = useState<{ before: string; entries: EnvelopeView[] } | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const first = model.recent[0]?.id ?? '';
  const older = kept !== null && kept.entries.length > 0 && kept.before === first ? kept.entries : NONE;
  const fetchOlder = async () => {
    setBusy(true);
    setFault(null);
    try {
      const known = older.length + model.recent.length;
      const from = Math.max(0, model.moment.index - known - OLDER.step);
      const { id } = await look.moment(from);
      const found = await look.events(id, model.moment.index - known - from);
      setKept({ before: first, entries: [...found, ...older].slice(0, OLDER.most) });
    } catch (error) {
      setFault(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { older, fetchOlder, busy, fault };
}

const NONE: EnvelopeView[] = [];
