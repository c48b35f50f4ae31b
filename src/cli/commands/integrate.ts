/** `integrate`: one integrator session in the foreground. Its outcome is the exit status. */
import type { IntegrateView } from '../../actors/client.ts';
import { EXIT } from '../../errors.ts';
import { type Call, type Handler, withClient } from '../call.ts';
import { complain, INTERRUPTED } from '../exit.ts';
import { integrateSentence, integrateText } from '../messages.ts';
import { type Progress, withProgress } from '../progress.ts';

/** With which status each outcome of a session ends, and what to do next. */
export const OUTCOME_STATUS: Record<IntegrateView['outcome'], { exit: number; hint: string | undefined }> = {
  drained: { exit: EXIT.done, hint: undefined },
  busy: { exit: EXIT.busy, hint: 'telec lease shows who; the candidates stay queued for it' },
  held: { exit: EXIT.refused, hint: 'telec unhold lifts it; telec status shows who placed it' },
  halted: { exit: EXIT.refused, hint: 'look at telec status, mend main, then telec unhold --reason "…"' },
  aborted: { exit: EXIT.domain, hint: 'nothing is lost; telec notifications says why, telec integrate goes on' },
  unreachable: { exit: EXIT.unreachable, hint: 'telec doctor; the candidates stay queued' },
};

/** On a terminal what the session does, elsewhere what became of the candidates. */
const PROGRESS: Progress = {
  line: ({ status }, words) => words.sessionLine(status),
  steps: (before, scene, words) =>
    [...scene.candidates.values()]
      .filter(({ key, state }) => before.candidates.get(key)?.state !== state)
      .map((row) => words.candidateLine(row)),
};

export const integrate: Handler = async (call) => {
  const { signal } = call.context;
  const result = await withClient(call, (client) =>
    withProgress(call, client, PROGRESS, () => client.integrate(signal)),
  );
  await call.output.answer(result, integrateText);
  return signal.aborted ? INTERRUPTED : integrateEnd(call, result);
};

/** The status of a session that ended; what did not drain is complained of. */
export function integrateEnd(call: Pick<Call, 'output'>, result: IntegrateView): number {
  const { exit, hint } = OUTCOME_STATUS[result.outcome];
  if (exit !== EXIT.done) complain(call.output, { message: integrateSentence(result), hint });
  return exit;
}
