/** Candidates that could not be integrated, each with its one next action and the way back into the queue. */
import type { CandidateRow } from '../../actors/live/views.ts';
import { linkOf } from '../../machines/links.ts';
import { lanesOf, type Model } from './model.ts';
import { Nothing, Panel } from './panel.tsx';
import { update, useStore } from './store.ts';
import { VirtualList } from './virtual-list.tsx';
import { Ago, Commit, Plain, StateMark } from './words.tsx';

export function BlockedPanel({ model }: { model: Model }) {
  const { blocked } = lanesOf(model.candidates);
  return (
    <Panel
      id="blocked"
      title="Blocked"
      aside={<span className={`count ${blocked.length > 0 ? 'alarm' : ''}`}>{blocked.length}</span>}
    >
      {blocked.length === 0 ? (
        <Nothing>Nothing is blocked.</Nothing>
      ) : (
        <VirtualList label="Blocked candidates" rows={blocked} keyOf={({ key }) => key} height={128}>
          {(row) => <Row row={row} />}
        </VirtualList>
      )}
    </Panel>
  );
}

function Row({ row }: { row: CandidateRow }) {
  return (
    <article className="blocked-row" data-key={row.key} data-state={row.state} aria-label={`${row.slug}, blocked`}>
      <p className="line">
        <StateMark state="blocked" />
        <a className="slug" href={linkOf({ kind: 'candidate', key: row.key })}>
          <Plain>{row.slug}</Plain>
        </a>
        <Commit sha={row.sha} />
        <span className="kind">{row.blocked_kind}</span>
        <span className="when hint">
          <Ago at={row.updated_at} /> ago
        </span>
      </p>
      {row.next_action !== null && (
        <p className="next-action">
          <span className="label">Next</span> <Plain>{row.next_action}</Plain>
        </p>
      )}
      <p className="line">
        {row.follow_up_slug !== null && (
          <span className="hint follow-up">
            follow-up <Plain>{row.follow_up_slug}</Plain>
          </span>
        )}
        <span className="buttons">
          <a
            className="button small"
            href={linkOf({ kind: 'candidate', key: row.key })}
            aria-label={`Evidence of ${row.slug}`}
          >
            Evidence
          </a>
          <ResumeButton row={row} />
        </span>
      </p>
    </article>
  );
}

export function ResumeButton({ row: { key, slug } }: { row: Pick<CandidateRow, 'key' | 'slug'> }) {
  const able = useStore(({ past, connection }) => past === null && connection.kind === 'live');
  if (!able) return null;
  return (
    <button
      type="button"
      className="small"
      aria-label={`Resume ${slug}`}
      onClick={() => update({ dialog: { kind: 'resume', key } })}
    >
      Resume…
    </button>
  );
}
