/**
 * What tests of the cutover plant into the log of a world: evidence that sessions and guards would have left there. What is
 * planted goes the way of all events, under a lease where its type wants one.
 */
import { join } from 'node:path';
import { type Host, openHost } from '../../src/actors/host.ts';
import type { Emission } from '../../src/actors/producer.ts';
import { readRepoId, repoFolder } from '../../src/io/state.ts';
import type { Candidate, World } from './e2e-world.ts';

/** A host on the log of the world, for `use`. */
export async function withHost<T>(world: Pick<World, 'cloneDir' | 'env'>, use: (host: Host) => Promise<T>): Promise<T> {
  const repoId = readRepoId(join(world.cloneDir, '.git')) ?? '';
  const host = await openHost({
    repoId,
    folder: repoFolder(world.env, repoId),
    redisUrl: world.env['TELEC_REDIS_URL'] ?? null,
    source: 'test/planted',
    fresh: true,
  });
  try {
    await host.dispatcher.catchUp();
    return await use(host);
  } finally {
    await host.close();
  }
}

/** Appends events that need no lease. Throws when one is not taken. */
export const plant = (world: Pick<World, 'cloneDir' | 'env'>, ...events: Emission[]): Promise<void> =>
  withHost(world, async (host) => {
    taken(await host.producer.emitAll(events));
  });

/** Appends what a session of that id says under a lease of its own, which is given back. */
export const plantSession = (
  world: World,
  sessionId: string,
  say: (stamp: { session_id: string; fence: number }) => Emission[],
): Promise<void> =>
  withHost(world, async (host) => {
    const token = host.ids.ulid();
    const grant = await host.leases.acquire(sessionId, token, 60_000, 0);
    const { fence } = grant.record;
    taken(await host.producer.emitAll(say({ session_id: sessionId, fence }), { proof: { token, fence } }));
    await host.leases.release(sessionId, token);
  });

function taken(result: { status: string }): void {
  if (result.status !== 'appended') throw new Error(`not planted: ${JSON.stringify(result)}`);
}

const id = (host: number): string => String(host).padStart(26, '0');
let commands = 0;
export const commandId = (): string => {
  commands += 1;
  return id(commands);
};

/** A trial of the guards in which nothing leaked and the integrator passed, but for what is given. */
export const guardsTried = (more: { refused?: number; leaked?: number; passed?: boolean } = {}): Emission => ({
  type: 'integration.guard.tried',
  payload: {
    refused: 12,
    leaked: 0,
    passed: true,
    guards: ['pre_push', 'git', 'gh', 'server'],
    ...more,
    actor: 'admin/tester',
    command_id: commandId(),
  },
});

export const drill = (): Emission => ({
  type: 'integration.cutover.rolled_back',
  payload: {
    main_sha: null,
    trigger: 'person',
    evidence: 'tried',
    drill: true,
    actor: 'admin/tester',
    reason: 'drill',
    command_id: commandId(),
  },
});

/** The cutover at that commit of main, without asking for evidence. */
export const enabledNow = (main: string, more: { rollback_on_incomplete_parity?: boolean } = {}): Emission => ({
  type: 'integration.cutover.enabled',
  payload: {
    main_sha: main,
    evidence: 'planted',
    ...more,
    actor: 'admin/tester',
    reason: 'planted',
    command_id: commandId(),
  },
});

/** A session in shadow that compared these candidates: the first a conflict, the second one that had taken another's place. */
export const shadowSession = (world: World, sessionId: string, candidates: readonly Candidate[]): Promise<void> =>
  plantSession(world, sessionId, (stamp) => [
    { type: 'integration.lease.acquired', payload: { ...stamp, replaced_stale: false, floor: 0 } },
    { type: 'integration.session.started', payload: { ...stamp, host: 'test', version: '0', mode: 'shadow' } },
    ...candidates.map(
      ({ slug, branch, sha }, at): Emission => ({
        type: 'integration.shadow.compared',
        payload: {
          ...stamp,
          slug,
          branch,
          sha,
          attempt: 0,
          base: world.first,
          verdict: at === 0 ? 'would_block' : 'would_integrate',
          tree: at === 0 ? null : world.first,
          evidence: at === 0 ? ['it conflicts'] : [],
          landed_by: world.first,
          landed_tree: world.first,
          agrees: true,
          class: at === 0 ? 'conflict' : 'same',
          superseded: at === 1 ? 1 : 0,
        },
      }),
    ),
    {
      type: 'integration.session.completed',
      payload: {
        ...stamp,
        counts: { completed: 0, blocked: 0, superseded: 0 },
        duration_ms: 1,
        last_log_id: '0',
        outcome: 'drained',
      },
    },
    { type: 'integration.lease.released', payload: stamp },
  ]);
