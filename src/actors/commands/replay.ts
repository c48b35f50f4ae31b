/** `replay`: folds the log once more, up to an entry, and compares with the fold of the running daemon. Reads only. */
import { EXIT, TelecError } from '../../errors.ts';
import type { ReplayView } from '../client.ts';
import { compareIds } from '../pipeline.ts';
import type { ClientParts } from '../repository-client.ts';
import { candidateViews } from '../views.ts';

/** `at` null: the whole log. Thrown: NO_DAEMON (3) when one was to be compared with. */
export async function replay(
  parts: Pick<ClientParts, 'context' | 'host' | 'replica' | 'daemonCandidates'>,
  { at, verify }: { at: string | null; verify: boolean },
): Promise<ReplayView> {
  const { clock } = parts.host;
  const daemon = verify ? await parts.daemonCandidates() : null;
  if (verify && !daemon) {
    throw new TelecError('NO_DAEMON', EXIT.unreachable, 'no daemon runs to compare with', { hint: 'telec up' });
  }
  const startedAt = clock.monotonic();
  const replica = await parts.replica({});
  try {
    const { beganAt } = replica;
    // Before that only the archives know: asking them says which of them is missing.
    if (at !== null && compareIds(at, beganAt) < 0) await replica.log.read('0', 1);
    if (beganAt !== '0') parts.context.say(tornOff(beganAt));
    const foldedTo = async (id: string | undefined) => {
      await replica.dispatcher.catchUp(id);
      return candidateViews(replica.repository, {});
    };
    const asDaemon = async () =>
      daemon && JSON.stringify(await foldedTo(daemon.appliedId)) === JSON.stringify(daemon.candidates);
    // The daemon is compared at the entry it stands at, whichever was asked for; the fold only goes forward.
    const daemonFirst = daemon !== null && (at === null || compareIds(daemon.appliedId, at) <= 0);
    const early = daemonFirst ? await asDaemon() : null;
    const candidates = await foldedTo(at ?? daemon?.appliedId);
    const view = {
      candidates,
      entries: replica.dispatcher.applied,
      duration_ms: Math.round(clock.monotonic() - startedAt),
    };
    return { ...view, equal: daemonFirst ? early : await asDaemon() };
  } finally {
    await replica.close();
  }
}

/** Said where archives are not on this machine. */
const tornOff = (through: string): string =>
  `entries up to ${through} are in archives of another machine; what follows begins with the fold that was kept of them`;
