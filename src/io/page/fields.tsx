/** Data of unknown shape as a list of names and values, nested as deep as it is, with bounds on what is drawn. */
import { SHA_PATTERN } from '../../machines/identity.ts';
import { Commit, Plain } from './words.tsx';

/** Items drawn of one list or object. */
const ITEMS_MAX = 200;
const DEPTH_MAX = 6;

export function Fields({ value }: { value: Record<string, unknown> }) {
  const names = Object.keys(value);
  return (
    <dl className="fields">
      {names.slice(0, ITEMS_MAX).map((name) => (
        <div key={name} className="field">
          <dt>
            <Plain>{name.replaceAll('_', ' ')}</Plain>
          </dt>
          <dd>
            <Value value={value[name]} depth={1} />
          </dd>
        </div>
      ))}
      {names.length > ITEMS_MAX && <div className="hint">{names.length - ITEMS_MAX} more</div>}
    </dl>
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (value === null || value === undefined) return <span className="hint">none</span>;
  if (typeof value === 'string' && SHA_PATTERN.test(value)) return <Commit sha={value} full />;
  if (typeof value !== 'object' || depth > DEPTH_MAX)
    return <Plain className="value">{typeof value === 'string' ? value : JSON.stringify(value)}</Plain>;
  if (!Array.isArray(value)) return <Fields value={value as Record<string, unknown>} />;
  if (value.length === 0) return <span className="hint">none</span>;
  return (
    <ul className="values">
      {value.slice(0, ITEMS_MAX).map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes its order.
        <li key={index}>
          <Value value={item} depth={depth + 1} />
        </li>
      ))}
      {value.length > ITEMS_MAX && <li className="hint">{value.length - ITEMS_MAX} more</li>}
    </ul>
  );
}
