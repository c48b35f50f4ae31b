/** What telec told people: unseen first, with what a person or an agent does about it. */
import { useMemo, useState } from 'react';
import type { NotificationRow } from '../../actors/client.ts';
import { linkOf } from '../../machines/links.ts';
import { deeds, look } from './api.ts';
import { useDeed } from './deed.ts';
import type { Model } from './model.ts';
import { Nothing, Panel } from './panel.tsx';
import { useStore } from './store.ts';
import { VirtualList } from './virtual-list.tsx';
import { Ago, Plain } from './words.tsx';

export function NotificationsPanel({ model }: { model: Model }) {
  const [all, setAll] = useState(false);
  const able = useStore(({ past, connection }) => past === null && connection.kind === 'live');
  const { busy, run } = useDeed();
  const { notifications } = model;
  const unseen = useMemo(() => notifications.filter(({ human_status }) => human_status === 'unseen'), [notifications]);
  // With what was seen all stand as they changed last, so that a row somebody acts on does not go out of sight.
  const rows = useMemo(() => {
    if (all) return notifications;
    const isOpen = ({ agent_status }: NotificationRow) => agent_status !== 'resolved';
    return [...unseen.filter(isOpen), ...unseen.filter((row) => !isOpen(row))];
  }, [notifications, unseen, all]);
  const seeAll = () => run(seeEveryone, null);
  return (
    <Panel
      id="notifications"
      title="Notifications"
      aside={
        <>
          <span className="count">{model.unseen} unseen</span>
          <span className="buttons">
            {able && model.unseen > 1 && (
              <button type="button" className="small" disabled={busy} onClick={() => void seeAll()}>
                All seen
              </button>
            )}
            <button type="button" className="small" aria-pressed={all} onClick={() => setAll(!all)}>
              Show seen
            </button>
          </span>
        </>
      }
    >
      {rows.length === 0 ? (
        <Nothing>{all ? 'There were no notifications yet.' : 'Everything has been seen.'}</Nothing>
      ) : (
        <VirtualList label="Notifications" rows={rows} keyOf={({ id }) => id} height={92}>
          {(row) => <Row row={row} able={able} />}
        </VirtualList>
      )}
    </Panel>
  );
}

/** Also those that there is no room for here. */
async function seeEveryone(): Promise<void> {
  const ids = (await look.unseen()).map(({ id }) => id);
  for (let from = 0; from < ids.length; from += MARKED_MAX)
    await deeds.mark('seen', ids.slice(from, from + MARKED_MAX));
}

/** What the daemon takes at once. */
const MARKED_MAX = 200;

const WORDS: Record<NotificationRow['agent_status'], string> = {
  none: '',
  claimed: 'claimed',
  in_progress: 'in progress',
  resolved: 'resolved',
};

export function Row({ row, able }: { row: NotificationRow; able: boolean }) {
  return (
    <article className={`notification ${row.human_status} ${row.agent_status}`} aria-label={row.id}>
      <p className="line">
        <span className={`pip ${row.human_status}`} aria-hidden="true" />
        <a className="slug" href={linkOf({ kind: 'notification', id: row.id })}>
          <Plain>{row.slug ?? row.id}</Plain>
        </a>
        <span className="hint">{row.human_status === 'unseen' ? 'unseen' : 'seen'}</span>
        {row.agent_status !== 'none' && <span className={`agent ${row.agent_status}`}>{WORDS[row.agent_status]}</span>}
        <span className="when hint">
          <Ago at={row.updated_at} /> ago
        </span>
      </p>
      <p className="notification-text">
        <Plain>{row.text}</Plain>
      </p>
      {able && <Marks row={row} />}
    </article>
  );
}

export function Marks({ row: { id, human_status, agent_status } }: { row: NotificationRow }) {
  const { busy, run } = useDeed();
  const button = (mark: 'seen' | 'claim' | 'resolve', label: string) => (
    <button
      type="button"
      className="small"
      disabled={busy}
      aria-label={`${label}: ${id}`}
      onClick={() => void run(() => deeds.mark(mark, [id]), null)}
    >
      {label}
    </button>
  );
  if (human_status === 'seen' && agent_status === 'resolved') return null;
  return (
    <p className="buttons">
      {human_status === 'unseen' && button('seen', 'Seen')}
      {(agent_status === 'none' || agent_status === 'in_progress') && button('claim', 'Claim')}
      {agent_status !== 'resolved' && button('resolve', 'Resolve')}
    </p>
  );
}
