/**
 * Keeps the chart, the test bed and the log in step about the line: the bed hears who stands in it, the chart of who left
 * it by the log, so that nobody behind is tested in vain. Decides nothing.
 */
import type { ActorRefFrom } from 'xstate';
import { candidateKey } from '../../../machines/identity.ts';
import type { integratorMachine } from '../../../machines/integrator.ts';
import { lineOf } from '../../../machines/integrator-line.ts';
import type { SessionWork } from '../work.ts';

/** Until the session has ended. */
export function followLine(work: SessionWork, actor: ActorRefFrom<typeof integratorMachine>): void {
  const { dispatcher } = work.parts;
  const unwatch = dispatcher.watch((_, changes) => {
    for (const { record, to } of changes) {
      if (to !== 'superseded') continue;
      const { chain, aside, candidate } = actor.getSnapshot().context;
      const inHand = candidate ? [candidate] : [];
      if (![...chain, ...aside, ...inHand].some((one) => candidateKey(one) === record.key)) continue;
      work.countSuperseded(record);
      actor.send({ type: 'member.left', key: record.key });
    }
  });
  actor.subscribe((snapshot) => {
    const { worklist, candidate } = snapshot.context;
    const isAtRest = snapshot.hasTag('waiting') && worklist.length === 0 && candidate === null;
    const line = lineOf(snapshot.context).map(({ tip }) => tip);
    work.tests.follow(line, isAtRest);
    if (snapshot.status === 'done') unwatch();
  });
}
