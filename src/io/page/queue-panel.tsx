/** Candidates on their way: what is being integrated, the queue in its order, what is not ready yet, what ended. */
import { useMemo, useState } from 'react';
import type { CandidateRow } from '../../actors/live/views.ts';
import { duration, since, useNow } from './clock.ts';
import { lanesOf, type Model } from './model.ts';
import { Nothing, Panel } from './panel.tsx';
import { show } from './route.ts';
import { useStore } from './store.ts';
import { VirtualList } from './virtual-list.tsx';
import { Ago, Commit, Plain, StateMark } from './words.tsx';

type Tab = 'queue' | 'pending' | 'done';

const EMPTY: Record<Tab, [string, string]> = {
  queue: ['Nothing waits.', 'A candidate comes here when all its conditions hold.'],
  pending: ['Nothing is held up.', 'Candidates whose conditions do not hold yet are listed here.'],
  done: ['Nothing has ended yet.', 'Delivered and superseded candidates are listed here.'],
};
/** From so many on, a list gets a field to search it. */
const SEARCHED_FROM = 12;

export function QueuePanel({ model }: { model: Model }) {
  const [tab, setTab] = useState<Tab>('queue');
  const [wanted, setWanted] = useState('');
  const picked = useStore(({ link }) => (link?.kind === 'candidate' ? link.key : null));
  const { integrating, ready, pending, done } = lanesOf(model.candidates);
  const { counts } = model.status;
  const places = useMemo(() => new Map(ready.map((row, index) => [row.key, index + 1])), [ready]);
  const rows = useMemo(() => {
    const all = { queue: [...integrating, ...ready], pending, done }[tab];
    const text = wanted.trim().toLowerCase();
    return text === '' ? all : all.filter(({ key }) => key.toLowerCase().includes(text));
  }, [integrating, ready, pending, done, tab, wanted]);
  const total = { queue: integrating.length + ready.length, pending: pending.length, done: done.length }[tab];
  const tabs: [Tab, string, number][] = [
    ['queue', 'Queue', counts.ready + counts.integrating],
    ['pending', 'Not ready', counts.pending],
    ['done', 'Ended', counts.completed + counts.superseded],
  ];
  return (
    <Panel
      id="queue"
      title="Candidates"
      aside={
        <div className="tabs" role="tablist" aria-label="Which candidates">
          {tabs.map(([name, label, count]) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={tab === name}
              aria-controls="queue-rows"
              onClick={() => setTab(name)}
            >
              {label} <span className="count">{count}</span>
            </button>
          ))}
        </div>
      }
    >
      {(total >= SEARCHED_FROM || wanted !== '') && (
        <input
          type="search"
          className="search"
          aria-label="Search these candidates"
          placeholder="slug, branch or commit"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      <div id="queue-rows" className="fill" role="tabpanel" aria-label={tabs.find(([name]) => name === tab)?.[1]}>
        {rows.length === 0 ? (
          wanted === '' ? (
            <Nothing hint={EMPTY[tab][1]}>{EMPTY[tab][0]}</Nothing>
          ) : (
            <Nothing>Nothing fits.</Nothing>
          )
        ) : (
          <VirtualList
            label="Candidates"
            rows={rows}
            keyOf={({ key }) => key}
            height={52}
            picked={picked}
            onPick={({ key }) => show({ kind: 'candidate', key })}
          >
            {(row) => <Row row={row} place={places.get(row.key) ?? null} />}
          </VirtualList>
        )}
      </div>
      {tab === 'done' && model.candidates_hidden > 0 && wanted === '' && (
        <p className="hint foot">{model.candidates_hidden} older ones are not listed: telec candidates</p>
      )}
    </Panel>
  );
}

function Row({ row, place }: { row: CandidateRow; place: number | null }) {
  return (
    <div className={`candidate ${row.state}`} data-key={row.key} data-state={row.state}>
      <span className="place">{place ?? <StateMark state={row.state} />}</span>
      <span className="who">
        <Plain className="slug">{row.slug}</Plain>
        <span className="ref">
          <Plain className="branch">{row.branch}</Plain> <Commit sha={row.sha} />
        </span>
        <Why row={row} />
      </span>
      <span className="when">
        <Waiting row={row} />
        {row.state === 'integrating' && <span className="state-word">integrating</span>}
        {row.state === 'completed' && <span className="state-word completed">on main</span>}
        {row.state === 'superseded' && <span className="state-word">superseded</span>}
        {row.verdict !== null && row.state === 'ready' && (
          <span className={`verdict ${row.verdict}`}>{row.verdict.replaceAll('_', ' ')}</span>
        )}
      </span>
    </div>
  );
}

/** What it waits for, unless that is its place or the hold, which are shown anyway. */
function Why({ row }: { row: CandidateRow }) {
  const told = row.waiting_for.filter(({ code }) => code !== 'queued' && code !== 'on_hold' && code !== 'shadow');
  const [first, ...more] = told;
  if (!first) return null;
  return (
    <span className="why">
      <Plain>{first.text}</Plain>
      {more.length > 0 && ` (+${more.length})`}
    </span>
  );
}

function Waiting({ row }: { row: CandidateRow }) {
  const now = useNow();
  if (row.state === 'completed' || row.state === 'superseded')
    return (
      <span className="hint">
        <Ago at={row.updated_at} /> ago
      </span>
    );
  const ms = since(row.ready_at, now);
  return ms === null ? null : (
    <time dateTime={row.ready_at} title="since it was handed over">
      {duration(ms)}
    </time>
  );
}
