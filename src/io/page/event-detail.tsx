/** One entry of the log in full, and the way to the moment after it. */
import { useEffect, useState } from 'react';
import type { EnvelopeView } from '../../actors/event-views.ts';
import { linkOf } from '../../machines/links.ts';
import { look, sentenceOf } from './api.ts';
import { fullTime } from './clock.ts';
import { fieldText, shortEvent } from './event-text.ts';
import { Fields } from './fields.tsx';
import { shownModel, update, useStore } from './store.ts';
import { goToEntry } from './travel.ts';
import { Block, Plain } from './words.tsx';

export function EventDetail({ id }: { id: string }) {
  const known = useStore((state) => shownModel(state)?.recent.find((entry) => entry.id === id) ?? null);
  const fetched = useEntry(known === null ? id : null);
  const entry = known ?? fetched.entry;
  if (entry === null) return <p className={fetched.fault === null ? 'hint' : 'fault'}>{fetched.fault ?? 'Reading…'}</p>;
  const { payload } = entry;
  const candidate = ['slug', 'branch', 'sha'].every((field) => typeof payload[field] === 'string')
    ? `${payload['slug']}/${payload['branch']}@${payload['sha']}`
    : null;
  return (
    <article className="detail">
      <h2>
        <Plain>{shortEvent(entry.event)}</Plain>
      </h2>
      {fieldText(entry, 'description') !== null && (
        <p>
          <Plain>{fieldText(entry, 'description') ?? ''}</Plain>
        </p>
      )}
      <p className="buttons">
        <button type="button" onClick={() => goToEntry(id)}>
          Everything as it was then
        </button>
        {candidate !== null && (
          <a className="button" href={linkOf({ kind: 'candidate', key: candidate })}>
            Candidate
          </a>
        )}
        <button type="button" onClick={() => update({ filter: { type: shortEvent(entry.event), slug: '', text: '' } })}>
          All of this type
        </button>
      </p>
      <dl className="fields">
        {[
          ['entry', id],
          ['at', fullTime(entry.timestamp)],
          ['by', entry.source],
        ].map(([name, value]) => (
          <div className="field" key={name}>
            <dt>{name}</dt>
            <dd>
              <Plain className="value">{value ?? ''}</Plain>
            </dd>
          </div>
        ))}
      </dl>
      <h3>What it says</h3>
      <Fields value={payload} />
      <details>
        <summary>As stored</summary>
        <Block label="The entry as stored">{JSON.stringify(entry, null, 2)}</Block>
      </details>
    </article>
  );
}

/** An entry that the page does not have. Its id is the number behind which the log begins, one before it. */
function useEntry(id: string | null): { entry: EnvelopeView | null; fault: string | null } {
  const [found, setFound] = useState<{ entry: EnvelopeView | null; fault: string | null }>({
    entry: null,
    fault: null,
  });
  useEffect(() => {
    if (id === null) return;
    let wanted = true;
    look.events(before(id), 1).then(
      ([entry]) => {
        const fits = entry?.id === id;
        if (wanted) setFound({ entry: fits ? entry : null, fault: fits ? null : `the log has no entry ${id}` });
      },
      (error: unknown) => wanted && setFound({ entry: null, fault: sentenceOf(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [id]);
  return found;
}

/** The greatest id below this one. */
function before(id: string): string {
  const [ms = '0', seq = '0'] = id.split('-');
  if (BigInt(seq) > 0n) return `${ms}-${BigInt(seq) - 1n}`;
  return BigInt(ms) === 0n ? '0' : `${BigInt(ms) - 1n}-18446744073709551615`;
}
