/** One candidate: its state in words, what it waits for, its chart, evidence or receipt, and its history. */
import { type ReactNode, useEffect, useState } from 'react';
import type { CandidateDetailView } from '../../actors/client.ts';
import type { CandidateRow } from '../../actors/live/views.ts';
import { linkOf } from '../../machines/links.ts';
import { look, sentenceOf } from './api.ts';
import { ResumeButton } from './blocked-panel.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { CheckRuns } from './check-runs.tsx';
import { CopyButton } from './copy-button.tsx';
import { shortEvent } from './event-text.ts';
import { Fields } from './fields.tsx';
import { Proof } from './main-panel.tsx';
import { shownModel, update, useStore } from './store.ts';
import { At, Commit, Plain, StateTag } from './words.tsx';

export function CandidateDetail({ candidateKey }: { candidateKey: string }) {
  const row = useStore((state) => shownModel(state)?.candidates.get(candidateKey) ?? null);
  const { detail, fault } = useDetail(candidateKey, row?.updated_at ?? null);
  const slug = candidateKey.split('/')[0] ?? '';
  const state = row?.state ?? detail?.state;
  const newest = detail?.history.at(-1)?.event;
  const last = newest === undefined ? null : shortEvent(newest);
  return (
    <article className="detail">
      <h2>
        <Plain>{slug}</Plain>
      </h2>
      <p className="line">
        {state && <StateTag state={state} />}
        <span className="meaning">{row?.meaning}</span>
      </p>
      {row && <WaitsFor row={row} />}
      {row?.state === 'blocked' && (
        <p className="buttons">
          <ResumeButton row={row} />
        </p>
      )}
      {fault !== null && <p className="fault">{fault}</p>}
      {detail && <CheckRuns selector={candidateKey} runs={detail.checks} />}
      {detail && <Outcome detail={detail} who={row?.waiting_for.find(({ code }) => code === 'blocked')?.who ?? null} />}
      {state && <ChartPanel machine="candidate" title="Chart" value={state} lastEvent={last} />}
      {detail && <Facts detail={detail} />}
      {detail && <History detail={detail} />}
    </article>
  );
}

/** The whole of it, asked for again whenever its row changed. */
function useDetail(key: string, version: string | null): { detail: CandidateDetailView | null; fault: string | null } {
  const [detail, setDetail] = useState<CandidateDetailView | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const at = useStore(({ past }) => past?.model?.moment.id ?? null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version is why it is asked again.
  useEffect(() => {
    let wanted = true;
    look.candidate(key, at).then(
      (found) => {
        if (!wanted) return;
        setDetail(found);
        setFault(null);
      },
      (error: unknown) => {
        if (!wanted) return;
        setDetail(null);
        setFault(sentenceOf(error));
      },
    );
    return () => {
      wanted = false;
    };
  }, [key, at, version]);
  return { detail, fault };
}

function WaitsFor({ row }: { row: CandidateRow }) {
  // What a blocked one waits for stands with its evidence.
  const told = row.waiting_for.filter(({ code, text }) => code !== 'blocked' || text !== row.next_action);
  if (told.length === 0) return null;
  return (
    <section aria-label="What it waits for">
      <h3>Waits for</h3>
      <ul className="waits">
        {told.map(({ code, text, event, who }) => (
          <li key={code}>
            <Plain className="strong">{text}</Plain>
            <span className="hint">
              {event !== null && <code>{shortEvent(event)}</code>} from <Plain>{who}</Plain>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** `who`: whoever can mend a blocked one. */
function Outcome({ detail, who }: { detail: CandidateDetailView; who: string | null }) {
  const { blocked, evidence, receipt, shadow } = detail;
  return (
    <>
      {blocked && (
        <section aria-label="Why it is blocked" className="evidence">
          <h3>
            Blocked <span className="kind">{blocked.kind}</span>
          </h3>
          <p className="next-action">
            <span className="label">Next</span> <Plain>{blocked.next_action}</Plain>
            {who !== null && <Plain className="hint">{who}</Plain>}
          </p>
          <Lines title="Evidence" lines={blocked.conflict_evidence} />
          <Lines title="What was tried" lines={blocked.diagnostics} />
          {blocked.reproduce !== null && (
            <div className="command">
              <code>
                <Plain>{blocked.reproduce}</Plain>
              </code>
              <CopyButton text={blocked.reproduce} />
            </div>
          )}
          {evidence && (
            <details>
              <summary>The findings as data</summary>
              <Fields value={evidence} />
            </details>
          )}
        </section>
      )}
      {receipt && (
        <section aria-label="Receipt">
          <h3>
            Receipt <Proof row={{ outcome: 'merged', receipt }} />
          </h3>
          <Fields value={receipt} />
        </section>
      )}
      {shadow && (
        <section aria-label="In shadow">
          <h3>
            In shadow <span className={`verdict ${shadow.verdict}`}>{shadow.verdict.replaceAll('_', ' ')}</span>
          </h3>
          <Lines title="Evidence" lines={shadow.evidence} />
          {shadow.compared && <Fields value={{ ...shadow.compared }} />}
        </section>
      )}
    </>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul className="lines">
        {lines.slice(0, 100).map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change their order.
          <li key={index}>
            <Plain>{line}</Plain>
          </li>
        ))}
        {lines.length > 100 && <li className="hint">{lines.length - 100} more</li>}
      </ul>
    </>
  );
}

function Facts({ detail }: { detail: CandidateDetailView }) {
  const { superseded_by: newer } = detail;
  return (
    <section aria-label="Facts">
      <h3>Facts</h3>
      <dl className="fields">
        <Fact name="branch">
          <Plain>{detail.branch}</Plain>
        </Fact>
        <Fact name="commit">
          <Commit sha={detail.sha} full />
        </Fact>
        <Fact name="handed over">
          <At at={detail.ready_at} />
        </Fact>
        {detail.merge_commit !== null && (
          <Fact name="merge commit">
            <Commit sha={detail.merge_commit} full />
          </Fact>
        )}
        {newer !== null && (
          <Fact name="superseded by">
            <a href={linkOf({ kind: 'candidate', key: newer })}>
              <Plain>{newer}</Plain>
            </a>
          </Fact>
        )}
        {detail.follow_up_slug !== null && (
          <Fact name="follow-up">
            <Plain>{detail.follow_up_slug}</Plain>
          </Fact>
        )}
        <Fact name="times taken">{detail.attempt}</Fact>
        {detail.generation > 1 && <Fact name="generation">{detail.generation}</Fact>}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="field">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function History({ detail: { history, slug } }: { detail: CandidateDetailView }) {
  return (
    <section aria-label="History">
      <h3>
        History
        <button type="button" className="small" onClick={() => update({ filter: { type: '', slug, text: '' } })}>
          In the log
        </button>
      </h3>
      <ol className="history">
        {history.map((row) => (
          <li key={`${row.id}-${row.to}`}>
            <span className="when mono">
              <At at={row.at} />
            </span>
            <a href={linkOf({ kind: 'event', id: row.id })}>
              <Plain>{shortEvent(row.event)}</Plain>
            </a>
            <span className="hint">{row.from === row.to ? row.to : `${row.from ?? 'new'} → ${row.to}`}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
