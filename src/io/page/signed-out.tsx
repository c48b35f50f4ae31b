/** Shown instead of the page to who has no token, or that of an earlier daemon. */
import type { Connection } from './store.ts';

const WHY = {
  no_token: 'This browser has not been let in yet.',
  wrong_token: 'The daemon was started anew since this page was opened.',
  ticket_refused: 'This address was used already, or it is too old.',
};

export function SignedOut({ connection }: { connection: Extract<Connection, { kind: 'signed_out' }> }) {
  return (
    <main className="signed-out" id="content">
      <h1>telec</h1>
      <p>{WHY[connection.why]}</p>
      <p>Run this in the repository; it opens the page with a fresh key:</p>
      <pre>
        <code>telec web</code>
      </pre>
    </main>
  );
}
