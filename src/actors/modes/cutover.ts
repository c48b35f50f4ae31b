/**
 * Cutover by people: where it stands, enabling it on evidence, taking it back. Writes what was decided into the log, a
 * refusal included; moves no ref and ends no session: those find the mode changed.
 */
import { EXIT, TelecError } from '../../errors.ts';
import type { IntegrationRepository, RemoteView } from '../../io/git/port.ts';
import { withoutOtherPath } from '../../machines/rollout-evidence.ts';
import { demandService, lookAtRemote, type Opened, privateGit, say } from '../commands/session.ts';
import { permitView } from '../guards/permit.ts';
import { deliveriesInFlight } from '../sessions/older-flow.ts';
import { actorOf } from '../workspace.ts';
import { type Go, judgeGo } from './go.ts';
import type { CutoverDesk, CutoverView, EnabledView, EnableRequest, InFlightRow, RolledBackView } from './views.ts';

export interface CutoverParts {
  /** The repository for reading, folded. */
  folded(): Promise<Opened>;
  /** The same for writing. Thrown: NOT_INITIALIZED (6). */
  writing(): Promise<Opened>;
}

export function openCutoverDesk({ folded, writing }: CutoverParts): CutoverDesk {
  return {
    status: async () => statusOf(await folded()),
    enable: async (request) => enable(await writing(), request),
    rollback: async ({ reason }) => takeBack(await writing(), reason),
  };
}

async function statusOf(opened: Opened): Promise<CutoverView> {
  const [go, inFlight] = [await judgeGo(opened), await inFlightOf(opened)];
  return viewOf(opened, go, inFlight, await opened.host.log.time());
}

function viewOf({ host }: Opened, { points }: Go, in_flight: InFlightRow[], now: number): CutoverView {
  const { modes, mode, notLive } = host.repository.standing;
  const { cutover, rollback } = modes;
  return {
    mode: mode ?? 'shadow',
    reason: notLive?.why ?? null,
    enabled: modes.enabled,
    parity_evidence_accepted: modes.parityAccepted,
    rollback_on_incomplete_parity: modes.rollbackOnIncompleteParity,
    rollback_required: notLive?.rollbackRequired ?? false,
    go: points,
    missing: mode === 'live' ? [] : missingOf(points, in_flight),
    in_flight,
    cutover: cutover && {
      at: cutover.at,
      main: cutover.main,
      evidence: cutover.evidence,
      dropped: [...cutover.dropped],
    },
    rollback: rollback && {
      at: rollback.at,
      main: rollback.main,
      trigger: rollback.trigger,
      reason: rollback.reason,
    },
    permit: permitView(host.repository.standing, now),
  };
}

/** What an older flow began, but for what an earlier cutover gave up. */
async function inFlightOf(opened: Opened): Promise<InFlightRow[]> {
  const dropped = opened.host.repository.standing.modes.cutover?.dropped ?? [];
  const found = await deliveriesInFlight(opened);
  return found
    .filter(({ slug }) => !dropped.includes(slug))
    .map(({ slug, branch, head, worktree, foundBy }) => ({ slug, branch, sha: head, worktree, found_by: foundBy }));
}

function missingOf(points: Go['points'], inFlight: readonly InFlightRow[]): string[] {
  return [
    ...points.flatMap(({ missing }) => missing),
    ...inFlight.map(({ slug, branch }) => `${slug} on ${branch} is still under an older flow`),
  ];
}

async function enable(opened: Opened, request: EnableRequest): Promise<EnabledView> {
  const { host, context } = opened;
  const { standing } = host.repository;
  if (standing.mode === 'live') return { ...(await statusOf(opened)), changed: false };
  const git = await privateGit(opened);
  await demandService(context, git, false);
  const first = await lookAtRemote(git);
  if (request.noOtherPath) refuseOtherPath(opened, mainOf(opened, first));
  await refuseOtherLog(opened, git, first);
  const found = await inFlightOf(opened);
  const inFlight = withoutDropped(found, request.drop);
  await tryTheGuards(opened);
  // The trial took its time: what is decided on is the log and main as they are now.
  const main = mainOf(opened, await lookAtRemote(git));
  await host.dispatcher.catchUp();
  if (host.repository.standing.mode === 'live') return { ...(await statusOf(opened)), changed: false };
  if (request.noOtherPath) refuseOtherPath(opened, main);
  const go = await judgeGo(opened);
  const stated = `${actorOf(context).source} states that no other path moves main: ${request.reason}`;
  const points = request.noOtherPath ? withoutOtherPath(go.points, stated) : go.points;
  const unseen = request.noOtherPath ? [] : notCompared(opened, main);
  const missing = [...missingOf(points, inFlight), ...unseen];
  const evidence = points.flatMap((one) => (one.met ? [`${one.asks}: ${one.evidence}`] : [])).join('; ');
  const { source: actor } = actorOf(context);
  const decided = { main_sha: main, evidence, actor, reason: request.reason, command_id: host.ids.ulid() };
  if (missing.length > 0) {
    await say(host, 'integration.cutover.refused', { ...decided, missing });
    throw notReady(missing, inFlight, go.slice, unseen.length > 0);
  }
  await say(host, 'integration.cutover.enabled', {
    ...decided,
    ...(request.noRollback ? { rollback_on_incomplete_parity: false } : {}),
    ...(request.drop.length > 0 ? { dropped: [...new Set(request.drop)] } : {}),
  });
  return { ...(await statusOf(opened)), changed: true };
}

/** Tries the guards as they stand now and records it: what a trial of another day showed may be gone. Thrown: GUARD_TRIAL (1). */
async function tryTheGuards(opened: Opened): Promise<void> {
  const { host, context } = opened;
  const { tryGuards } = await import('../guards/trial.ts');
  context.say('trying the guards against a scratch remote; this takes a moment');
  const { passed, guards } = await tryGuards(opened);
  // One that is not in place guards nothing, however well it would.
  const standing = guards.filter((guard) => guard.in_place);
  await say(host, 'integration.guard.tried', {
    refused: standing.reduce((sum, guard) => sum + guard.refused, 0),
    leaked: standing.reduce((sum, guard) => sum + guard.leaks.length, 0),
    passed,
    guards: standing.map(({ guard }) => guard),
    actor: actorOf(context).source,
    command_id: host.ids.ulid(),
  });
}

/** Thrown: NO_MAIN (6). */
function mainOf({ workspace }: Opened, { main }: RemoteView): string {
  if (main !== null) return main;
  throw new TelecError('NO_MAIN', EXIT.refused, `the remote has no branch ${workspace.config.main}`, {
    hint: `push a first commit: git push ${workspace.config.remote} ${workspace.config.main}`,
  });
}

/** Two logs that are live for one remote keep each other from main. Thrown: OTHER_LOG (6). */
async function refuseOtherLog({ host }: Opened, git: IntegrationRepository, { fence }: RemoteView): Promise<void> {
  if (fence === null) return;
  await git.fetch([]);
  const note = await git.readFence(fence);
  if (note === null || note.log === host.logId || host.repository.standing.adoptedLog === note.log) return;
  throw new TelecError('OTHER_LOG', EXIT.refused, `another log (${note.log}) moves main of this remote by its fence`, {
    hint: 'end it there (telec cutover rollback); then here: telec lease adopt --reason "...", and again',
  });
}

/** A commit that nobody compared may be the one on which the two ways differ. */
function notCompared({ host }: Opened, main: string): string[] {
  const { main: seen } = host.repository.standing;
  if (seen === null || seen === main) return [];
  return [`main is at ${main.slice(0, 12)}, compared is what came up to ${seen.slice(0, 12)}`];
}

/** What moved main since shadow began was no recorded push of telec, so there is another path. */
function refuseOtherPath({ host }: Opened, main: string): void {
  const { modes } = host.repository.standing;
  const before = modes.shadow?.main ?? host.repository.standing.main;
  if (before === null || before === main) return;
  throw new TelecError(
    'OTHER_PATH',
    EXIT.refused,
    `main was ${before.slice(0, 12)} when shadow began and is ${main.slice(0, 12)} now, and no recorded push of telec did that`,
    {
      hint: `${host.repository.standing.main === main ? '' : 'telec integrate looks whether it was a push of telec; if not, '}leave --no-other-path out; or, when the other path is gone for good: telec shadow restart --reason "...", then again`,
    },
  );
}

/** Thrown: NOT_IN_FLIGHT (1) for a slug that names none of them: a slip of the pen must not pass for a decision. */
function withoutDropped(inFlight: readonly InFlightRow[], drop: readonly string[]): InFlightRow[] {
  const unknown = drop.filter((slug) => !inFlight.some((row) => row.slug === slug));
  if (unknown.length > 0) {
    throw new TelecError(
      'NOT_IN_FLIGHT',
      EXIT.domain,
      `no delivery of an older flow is called ${unknown.join(' or ')}`,
      { hint: 'telec cutover status names those that are' },
    );
  }
  return inFlight.filter(({ slug }) => !drop.includes(slug));
}

function notReady(
  missing: string[],
  inFlight: readonly InFlightRow[],
  slice: string | null,
  behind: boolean,
): TelecError {
  const hints = [
    'telec cutover status shows what is met and what is missing',
    ...(behind ? ['telec integrate compares what came to main since'] : []),
    ...(slice === null ? [] : [`telec rollout report ${slice} --write puts it into its report as blockers`]),
    ...(inFlight.length === 0
      ? []
      : ['for what an older flow began: land it and fetch, or telec adopt, or give it up with --drop <slug>']),
  ];
  return new TelecError('CUTOVER_NOT_READY', EXIT.refused, `the cutover is refused: ${missing.length} missing`, {
    hint: hints.join('; '),
    problems: missing.map((message) => ({ path: '', message })),
  });
}

/** Live, or enabled without its evidence: back to shadow, whatever else holds. In shadow: a drill. Asks no remote. */
async function takeBack({ host, context }: Opened, reason: string): Promise<RolledBackView> {
  const { standing } = host.repository;
  const drill = !standing.modes.enabled;
  const inHand = host.repository.live().filter(({ state }) => state === 'integrating');
  await say(host, 'integration.cutover.rolled_back', {
    main_sha: standing.main,
    trigger: 'person',
    evidence: drill ? 'nothing is live; the way back was tried' : 'a person asked for it',
    drill,
    actor: actorOf(context).source,
    reason,
    command_id: host.ids.ulid(),
  });
  return {
    mode: host.repository.standing.mode ?? 'shadow',
    drill,
    reason,
    in_hand: drill ? [] : inHand.map(({ key }) => key),
  };
}
