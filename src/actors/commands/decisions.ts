/** Decisions of people, as events: holds, leases, notifications. */
import { EXIT, TelecError } from '../../errors.ts';
import { declaredRole } from '../../io/acting.ts';
import { permissionFor, permit, roleOf } from '../../machines/permissions.ts';
import type { CommandContext, HoldRequest, HoldView, LeaseView, NotificationRow } from '../client.ts';
import type { Host } from '../host.ts';
import { leaseView } from '../status.ts';
import { notificationViews } from '../views.ts';
import { actorOf } from '../workspace.ts';
import { lookAtRemote, type Opened, privateGit, say } from './session.ts';

/** Freezes merging. A halt stays as it is: it is lifted, never replaced. */
export async function placeHold({ context, host }: Opened, request: HoldRequest): Promise<HoldView> {
  const { hold } = host.repository.standing;
  if (hold?.alarm) {
    throw new TelecError('HALTED', EXIT.refused, `merging is halted already: ${hold.reason}`, {
      hint: 'telec unhold --reason "..." after looking at main',
    });
  }
  await say(host, 'integration.hold.placed', {
    owner: actorOf(context).sessionId,
    reason: request.reason ?? '',
    until: request.forMs === null ? null : new Date(host.clock.now() + request.forMs).toISOString(),
    main_busy: request.mainBusy,
    alarm: null,
    command_id: host.ids.ulid(),
  });
  return host.repository.standing.hold as HoldView;
}

/**
 * Lifts the hold. Lifting a halt needs a reason and accepts main as it is. Thrown: REASON_REQUIRED (2),
 * PERMISSION_DENIED (6).
 */
export async function liftHold(opened: Opened, { reason }: { reason: string | null }): Promise<HoldView | null> {
  const { context, host } = opened;
  const { hold } = host.repository.standing;
  if (!hold) return null;
  const actor = actorOf(context).source;
  if (hold.alarm) {
    const declared = declaredRole(context.env);
    const row = permissionFor('unhold', { state: 'halt' });
    if (declared && row) permit(row, roleOf(declared.value, declared.name));
    if (!reason?.trim()) {
      throw new TelecError('REASON_REQUIRED', EXIT.usage, `merging was halted by telec: ${hold.reason}`, {
        hint: 'look at main, then: telec unhold --reason "why main is right as it is"',
      });
    }
    const { main } = await lookAtRemote(await privateGit(opened));
    await say(host, 'integration.main.accepted', { main, actor, reason, command_id: host.ids.ulid() });
  }
  await say(host, 'integration.hold.lifted', { actor, reason: reason ?? '', command_id: host.ids.ulid() });
  return host.repository.standing.hold;
}

/** Takes the lease from whoever holds it; null when nobody did. */
export async function leaseBreak({ context, host }: Opened, reason: string): Promise<LeaseView | null> {
  const before = await host.leases.read();
  const broken = await host.leases.break();
  if (!broken) return null;
  await say(host, 'integration.lease.broken', {
    actor: actorOf(context).source,
    reason,
    command_id: host.ids.ulid(),
    fence: broken.fence,
  });
  return leaseView({ record: broken, now: before.now });
}

/** Takes over the fence of another log. Thrown: FENCE_YOUNG (6) while that one may still be at work. */
export async function leaseAdopt(opened: Opened, reason: string): Promise<LeaseView | null> {
  const { context, host, workspace } = opened;
  const git = await privateGit(opened);
  const { fence } = await lookAtRemote(git);
  if (fence !== null) {
    await git.fetch([]);
    const note = await git.readFence(fence);
    if (note && note.log !== host.logId) {
      const age = (await host.log.time()) - note.timeSeconds * 1000;
      if (age < workspace.config.lease.ttlMs) {
        throw new TelecError(
          'FENCE_YOUNG',
          EXIT.refused,
          `the other log moved the fence ${Math.round(age / 1000)} s ago`,
          {
            hint: `wait until it is older than the lease (${workspace.config.lease.ttlMs / 1000} s), and see that nobody uses it`,
          },
        );
      }
      await say(host, 'integration.log.adopted', {
        from_log: note.log,
        actor: actorOf(context).source,
        reason,
        command_id: host.ids.ulid(),
      });
    }
  }
  return leaseView(await host.leases.read());
}

/** Marks rows; all ids are checked before the first is marked. Thrown: NOT_FOUND (1). */
export async function markNotifications(
  host: Host,
  context: CommandContext,
  ids: string[],
  mark: 'seen' | 'claimed' | 'resolved',
): Promise<NotificationRow[]> {
  const missing = ids.filter((id) => !host.notifications.get(id));
  if (missing.length > 0) {
    throw new TelecError('NOT_FOUND', EXIT.domain, `there is no notification ${missing.join(', ')}`, {
      hint: 'telec notifications',
    });
  }
  for (const row of ids) {
    const payload = { row, actor: actorOf(context).source, command_id: host.ids.ulid() };
    await say(host, `notification.${mark}`, payload);
  }
  return notificationViews(host.notifications, { unseen: false }).filter(({ id }) => ids.includes(id));
}
