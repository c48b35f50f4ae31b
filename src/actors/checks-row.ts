/** The doctor's line about the place where checks run. Pure. */
import type { GroundSurvey } from '../io/checks/survey.ts';
import type { CheckDefinition } from '../io/config-checks.ts';
import type { DoctorRow } from './client.ts';

const GIB = 1024 ** 3;
/** Less room than this, and a work tree or a log may not fit. */
const FREE_MIN = GIB;

/** What is configured, and whether it could run in `folder`. */
export function checksRow(
  checks: readonly CheckDefinition[],
  folder: string,
  { fault, freeBytes, slots }: GroundSurvey,
): Omit<DoctorRow, 'check'> {
  if (checks.length === 0)
    return { status: 'ok', detail: 'none configured: deliveries are merged, not tested', mend: null };
  const configured = `${checks.length} configured: ${checks.map(({ name }) => name).join(', ')}`;
  if (fault !== null)
    return {
      status: 'fail',
      detail: `${configured}; ${fault}`,
      mend: 'give this user a folder of its own: TELEC_HOME',
    };
  const kept = `${slots} work ${slots === 1 ? 'tree' : 'trees'} kept in ${folder}`;
  const free = `${(freeBytes / GIB).toFixed(1)} GiB free`;
  if (freeBytes < FREE_MIN)
    return { status: 'warn', detail: `${configured}; ${kept}, only ${free}`, mend: 'make room on that file system' };
  return { status: 'ok', detail: `${configured}; ${kept}, ${free}`, mend: null };
}
