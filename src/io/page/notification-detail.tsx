/** One notification, as a link from a message leads to it. */

import { linkOf } from '../../machines/links.ts';
import { Row } from './notifications-panel.tsx';
import { shownModel, useStore } from './store.ts';
import { Plain, StateTag } from './words.tsx';

export function NotificationDetail({ id }: { id: string }) {
  const model = useStore(shownModel);
  const able = useStore(({ past, connection }) => past === null && connection.kind === 'live');
  const row = model?.notifications.find((other) => other.id === id);
  if (!row)
    return (
      <p className="hint">{model ? 'There is no such notification, or it is too old to be listed.' : 'Reading…'}</p>
    );
  const about = [...(model?.candidates.values() ?? [])].filter(({ slug }) => slug === row.slug);
  return (
    <article className="detail">
      <h2>
        <Plain>{row.slug ?? row.id}</Plain>
      </h2>
      <Row row={row} able={able} />
      {about.length > 0 && (
        <>
          <h3>Candidates</h3>
          <ul className="lines">
            {about.map(({ key, branch, sha, state }) => (
              <li key={key}>
                <StateTag state={state} />{' '}
                <a href={linkOf({ kind: 'candidate', key })}>
                  <Plain>{`${branch}@${sha.slice(0, 8)}`}</Plain>
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
    </article>
  );
}
