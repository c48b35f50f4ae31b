/** What an audit answers, as `--json` prints it. */

/** One thing an audit found; `commit` is one of main's, `text` says it for people. */
export interface AuditFinding {
  commit: string;
  code: string;
  text: string;
}

export interface AuditView {
  /** Main at the first cutover; null when it had no commit yet, or when there was no cutover. */
  from: string | null;
  /** Main as it was looked at; null when the remote has no such branch. */
  to: string | null;
  /** Commits of the first-parent line between them. */
  commits: number;
  violations: AuditFinding[];
  /** What is in order, but worth a look: permitted by a person, accepted, brought by another path, not recorded yet. */
  remarks: AuditFinding[];
}
