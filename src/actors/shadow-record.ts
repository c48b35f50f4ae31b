/**
 * What the log says of a candidate in shadow: the newest verdict over it, and how that compares with what another path
 * did. Kept beside the candidate's machine, which it never moves.
 */
import type { PayloadOf } from '../machines/events.ts';
import type { CandidateRecord } from './candidate-record.ts';

type Judged = PayloadOf<'integration.shadow.judged'>;
type Compared = PayloadOf<'integration.shadow.compared'>;

/** What a session in shadow said of a candidate, last. */
export interface ShadowVerdict extends Pick<Judged, 'base' | 'verdict' | 'tree' | 'evidence'> {
  /** On top of what was judged before it on that base. */
  onTop: Judged['on_top'];
  /** The entry that holds it, its stamp, and who said it. */
  entryId: string;
  at: string;
  sessionId: string;
}

/** What another path did with a candidate, beside what telec would have done at that place. */
export interface ShadowComparison
  extends Pick<Compared, 'base' | 'verdict' | 'tree' | 'agrees' | 'class' | 'evidence'> {
  landedBy: string;
  landedTree: string;
  superseded: number;
  at: string;
  sessionId: string;
}

/** What shadow knows of a candidate; it moves no state. */
export interface ShadowRecord {
  judged: ShadowVerdict | null;
  compared: ShadowComparison | null;
}

/** True when a session in shadow has said what becomes of it on that main. */
export function isJudgedOn({ shadow }: CandidateRecord, main: string | null): boolean {
  return shadow?.judged != null && shadow.judged.base === main;
}
