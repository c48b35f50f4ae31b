/**
 * Whether the cutover may go, of this repository: the evidence of its log, and where a rollout of the work tree names a
 * cutover, the slices and the page of that rollout. The same facts and the same judge as `telec rollout`.
 */
import { existsSync, realpathSync } from 'node:fs';
import { WorkFiles } from '../../io/todos/work-files.ts';
import { judgeRollout, type RolloutFacts } from '../../machines/rollout.ts';
import { type GoFacts, type GoPoint, goPoints } from '../../machines/rollout-evidence.ts';
import type { Opened } from '../commands/session.ts';
import { readRollouts } from '../rollout/facts.ts';
import { logOf } from '../rollout/log.ts';
import { deliveredOnMain } from '../todos/desk.ts';

/** What is written about the way back where no rollout names a page of its own; it comes with the package. */
const OWN_PAGE = 'docs/operations.md';

export interface Go {
  points: GoPoint[];
  /** The slice whose report takes what is missing; null where no rollout names one. */
  slice: string | null;
}

/** Judges by the log as it is folded and the files of the work tree. Thrown: UNSAFE_PATH (2). */
export async function judgeGo({ host, workspace }: Opened): Promise<Go> {
  const log = logOf(host.repository, workspace.config.integration.parityMin);
  const files = new WorkFiles(realpathSync(workspace.clone.workTree));
  const { rollouts } = readRollouts(files, log, await deliveredOnMain(workspace));
  const rollout = cutoverRollout(rollouts);
  if (rollout) return { points: goPoints(rollout.go), slice: rollout.declared?.cutover ?? null };
  const { exercised, ...evidence } = log.evidence;
  const exists = existsSync(new URL(`../../../${OWN_PAGE}`, import.meta.url));
  const rollback = { document: `${OWN_PAGE}#rollback`, exists, exercised };
  const facts: GoFacts = { ...evidence, shadow: null, rollback };
  return { points: goPoints(facts), slice: null };
}

/** Of those that name a cutover the first whose cutover is not delivered, else the last. */
function cutoverRollout(rollouts: readonly RolloutFacts[]): RolloutFacts | null {
  const naming = rollouts.filter((rollout) => judgeRollout(rollout).go !== null);
  return naming.find((rollout) => judgeRollout(rollout).go?.verdict !== 'passed') ?? naming.at(-1) ?? null;
}
