/**
 * Tells people outside of telec what the notification rows say: one sender a surface, each apart from the others and
 * from everything else of the daemon. Hears of rows from the board, so that what was said while no daemon ran is told as
 * well. Decides nothing about rows.
 */
import { systemIds } from '../../io/clock.ts';
import { variablesOf } from '../../io/config-notify.ts';
import { scrubber } from '../../io/secrets.ts';
import type { Companion, CompanionParts } from '../companions.ts';
import { stateNoter } from './noted.ts';
import { SurfaceSender } from './sender.ts';
import { openSurfaces, SURFACE_NAMES } from './surfaces.ts';

/** The companion that tells the surfaces of the configuration. */
export function openNotifier(parts: CompanionParts): Companion {
  const { host, workspace, context } = parts.opened;
  const { notify } = workspace.config;
  const scrub = scrubber(parts.secrets);
  const ids = systemIds(host.clock);
  const senders: SurfaceSender[] = [];
  const ending = new AbortController();
  // What is applied from here on is news, also for a surface that was never told anything.
  let since = '0';
  let opening: Promise<void> = Promise.resolve();
  let unlisten = (): void => undefined;

  const note = stateNoter(parts);

  const open = async (): Promise<void> => {
    const opened = await openSurfaces(notify, context.env);
    if (ending.signal.aborted) return;
    const named: ReadonlySet<string> = new Set(variablesOf(notify).map(({ surface }) => surface));
    host.told.dropStates(SURFACE_NAMES.filter((name) => !named.has(name))).catch(() => undefined);
    for (const each of opened) {
      if ('fault' in each) {
        note(each.name, 'closed', each.fault);
        continue;
      }
      const { surface } = each;
      const sender = new SurfaceSender({
        surface,
        store: host.told,
        row: (id) => host.notifications.get(id),
        ids: () => host.notifications.ids(),
        since,
        owner: ids.ulid(),
        repoId: host.options.repoId,
        web: parts.web,
        clock: host.clock,
        roll: () => Number.parseInt(ids.ulid().slice(-1), 36) / 36,
        scrub,
        onState: (state, detail) => note(surface.name, state, detail),
        onRefused: (rows, detail) =>
          parts.report.warn('a surface refused a message', { surface: surface.name, rows: rows.slice(0, 20), detail }),
        ...(host.options.inspect ? { inspect: host.options.inspect } : {}),
      });
      senders.push(sender);
      sender.start();
    }
  };

  return {
    start() {
      since = host.dispatcher.appliedId;
      unlisten = host.notifications.listen((changed) => {
        for (const sender of senders) sender.note(changed);
      });
      opening = open().catch((error: unknown) => parts.report.error('the surfaces could not be opened', error));
    },
    applied() {
      // Rows are heard of from the board, which also knows of entries that could not be applied.
    },
    async stop() {
      ending.abort();
      unlisten();
      await opening;
      await Promise.all(senders.map((sender) => sender.stop()));
    },
  };
}
