/** The checks of one candidate: what became of each run, the end of what a failed one wrote, and all of it on demand. */
import { useState } from 'react';
import type { CandidateDetailView } from '../../actors/client.ts';
import { runWords } from '../../machines/check-words.ts';
import { look, sentenceOf } from './api.ts';
import { PlaceMark } from './chain.tsx';
import { Ago, Block, Commit, Plain } from './words.tsx';

type Run = CandidateDetailView['checks'][number];

export function CheckRuns({ selector, runs }: { selector: string; runs: readonly Run[] }) {
  if (runs.length === 0) return null;
  return (
    <section aria-label="Checks" className="checks">
      <h3>Checks</h3>
      <ul className="check-runs">
        {runs.map((run) => (
          <li key={`${run.check} ${run.tree}`} className={`check-run ${run.state}`} data-check={run.check}>
            <p className="line">
              <PlaceMark place={run.state} />
              <Plain className="strong">{run.check}</Plain>
              <span>{runWords(run)}</span>
              {run.state === 'running' && (
                <span className="hint">
                  for <Ago at={run.since} precise />
                </span>
              )}
              <span className="hint check-tree">
                tree <Commit sha={run.tree} />
              </span>
            </p>
            {run.output_tail !== null && run.output_tail.trim() !== '' && (
              <Block label={`End of what ${run.check} wrote`}>{run.output_tail}</Block>
            )}
            {run.failure !== null && run.failure.log !== null && (
              <Log key={run.since} selector={selector} check={run.check} file={run.failure.log} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** All that a run wrote, asked for when somebody wants it. */
function Log({ selector, check, file }: { selector: string; check: string; file: string }) {
  const [text, setText] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const open = () =>
    look.checkLog(selector, check).then(
      (log) => setText(log.text),
      (error: unknown) => setFault(sentenceOf(error)),
    );
  return (
    <div className="check-log">
      <p className="line">
        <code className="hint">
          <Plain>{file}</Plain>
        </code>
        {text === null && (
          <button type="button" className="small" onClick={open} aria-label={`All that ${check} wrote`}>
            All of it
          </button>
        )}
      </p>
      {fault !== null && <p className="fault">{fault}</p>}
      {text !== null && <Block label={`All that ${check} wrote`}>{text.slice(-SHOWN_MAX)}</Block>}
    </div>
  );
}

/** Characters of a log that are drawn, its last ones. */
const SHOWN_MAX = 500_000;
