/**
 * The way back from live to shadow: what telec itself takes back when a trigger fires, and who looks for one. Written
 * into the log and nowhere else: sessions find the mode changed and end, guards stay as they are, main is not touched.
 *
 * Invariant: whoever sees a trigger first writes it; a cutover is taken back by telec once.
 */
import { createHash } from 'node:crypto';
import { InvariantViolation } from '../../errors.ts';
import { modeOf, type RollbackTrigger, rollbackDue } from '../../machines/modes.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { NotificationProducer } from '../producer.ts';
import type { Repository } from '../repository.ts';

/** What taking back needs; a host and the parts of a session have it. */
export interface RollbackParts {
  producer: NotificationProducer;
  dispatcher: Pick<Dispatcher, 'catchUp'>;
  repository: Pick<Repository, 'standing'>;
}

export interface RollbackOrder {
  trigger: Exclude<RollbackTrigger, 'person'>;
  /** What was seen, for people. */
  evidence: string;
  /** Main as it was seen with it; null when it has no commit or was not looked at. */
  mainSha: string | null;
  /** Who saw it: a session id, or the daemon. */
  actor: string;
}

/** Why each trigger takes the cutover back. */
const REASONS: Record<RollbackOrder['trigger'], string> = {
  tree_differs: 'a tree on main is not the one its receipt names',
  foreign_commit: 'main has a commit that telec did not bring, and guards are strict',
  fence_shared: 'two sessions acted under one fence',
  faulty_aborts: 'sessions in a row ended by a fault of telec itself',
};

/**
 * Takes the cutover back, for one of telec's own triggers. Answers whether the repository left live mode by this call:
 * false when it was not live by the log's end, or somebody else was first. Thrown: what keeps the log from being written.
 */
export async function rollBack(
  { producer, dispatcher, repository }: RollbackParts,
  { trigger, evidence, mainSha, actor }: RollbackOrder,
): Promise<boolean> {
  await dispatcher.catchUp();
  const { modes } = repository.standing;
  if (modes.cutover === null || modeOf(modes)?.kind !== 'live') return false;
  const result = await producer.emit('integration.cutover.rolled_back', {
    main_sha: mainSha,
    trigger,
    evidence,
    drill: false,
    actor,
    reason: REASONS[trigger],
    command_id: takenBackOnce(modes.cutover.id),
  });
  if (result.status === 'rejected' || result.status === 'fenced_out')
    throw new InvariantViolation(`the log did not take the way back: ${result.status}`);
  await dispatcher.catchUp();
  return result.status === 'appended';
}

/** Takes the cutover back when the log says that it is due. Answers as `rollBack`. */
export async function rollBackWhenDue(parts: RollbackParts, actor: string): Promise<boolean> {
  const { repository, dispatcher } = parts;
  if (rollbackDue(repository.standing.modes) === null) return false;
  // What looked due may be over by the log's end: a session that ended well, another cutover.
  await dispatcher.catchUp();
  const due = rollbackDue(repository.standing.modes);
  return due !== null && rollBack(parts, { ...due, mainSha: repository.standing.main, actor });
}

/** One id for all who take the same cutover back: the second one's entry is none. */
function takenBackOnce(cutoverId: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(['cutover taken back', cutoverId]))
    .digest('hex');
  return digest.slice(0, 26);
}
