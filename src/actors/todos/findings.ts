/** What validation finds: one shape for every kind of fault. */
import { ROADMAP_FILE } from '../../io/todos/paths.ts';
import { SLUG_PATTERN } from '../../machines/identity.ts';

/** One thing that is wrong. `warn`: it should be looked at, and does not fail. */
export interface ValidationRow {
  status: 'fail' | 'warn';
  /** Stable word. */
  code: string;
  /** The work item it is about; null for what is about none. */
  slug: string | null;
  /** Where, from the top of the work tree. */
  path: string;
  text: string;
  mend: string;
}

/** One that fails. */
export function failure(code: string, slug: string | null, path: string, text: string, mend: string): ValidationRow {
  return { status: 'fail', code, slug, path, text, mend };
}

/** Where a row of the roadmap is at fault. */
export const roadmapPlace = (slug: string): string =>
  `${ROADMAP_FILE} ${SLUG_PATTERN.test(slug) ? slug : JSON.stringify(slug)}`;
