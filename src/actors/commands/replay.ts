/** `telec replay`: folds the log anew up to an entry, and compares with the daemon where that is asked. Changes nothing. */
import { EXIT, TelecError } from '../../errors.ts';
import type { ReplayView } from '../client.ts';
import { compareIds } from '../pipeline.ts';
import type { ClientParts } from '../repository-client.ts';
import { candidateViews } from '../views.ts';

/** The candidates as of entry `at`, null for the last. Thrown: NO_DAEMON (3) when there is none to compare with. */
export async function replay(
  { context, host, daemonCandidates, replica: makeReplica }: ClientParts,
  { at, verify }: { at: string | null; verify: boolean },
): Promise<ReplayView> {
  const { clock } = host;
  const daemon = verify ? await daemonCandidates() : null;
  if (verify && !daemon) {
    throw new TelecError('NO_DAEMON', EXIT.unreachable, 'no daemon runs to compare with', { hint: 'telec up' });
  }
  const startedAt = clock.monotonic();
  const replica = await makeReplica({});
  try {
    const { beganAt } = replica;
    // Before that only the archives know: asking them says which of them is missing.
    if (at !== null && compareIds(at, beganAt) < 0) await replica.log.read('0', 1);
    if (beganAt !== '0') context.say(tornOff(beganAt));
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
