/**
 * The judges of a world. They read what is left: the log's entries, the remote's refs and the history of their moves,
 * never the runtime (but to compare its fold with a fresh one). Laws are named as in the list of invariants.
 */
import { Dispatcher } from '../../src/actors/dispatcher.ts';
import { NotificationBoard } from '../../src/actors/notifications.ts';
import { Pipeline } from '../../src/actors/pipeline.ts';
import { Repository } from '../../src/actors/repository.ts';
import { trailerOf } from '../support/twins/commits.ts';
import { openTwinLog } from '../support/twins/log.ts';
import type { RefMove } from '../support/twins/remote.ts';
import { judgeAudit } from './audit.ts';
import { isBroken, judgeForeign } from './books.ts';
import { judgeContent, recompute } from './content.ts';
import { Model, type ModelCandidate, type Told, told } from './model.ts';
import { judgeShadow, owedInShadow } from './other-path.ts';
import { judgeCheckFailure, judgeTested, judgeTurns, judgeVerdicts } from './tests.ts';
import { fifoOf, judgeTurn } from './turns.ts';
import type { World } from './world.ts';

/** Written by a session that lost its lease, or for it. */
const UNFENCED = new Set(['integration.session.aborted', 'integration.lease.lost']);
const FINAL = new Set(['completed', 'superseded']);

/** True when nothing is left to do: the end of the calm part, and the law of liveness when it never comes. */
export function isAtRest(world: World): boolean {
  return unrest(world).length === 0;
}

/** What is still to be done, in words. */
function unrest(world: World): string[] {
  const { store, remote, hosts } = world;
  const left: string[] = [];
  const model = foldAll(world);
  if (store.lease !== null && store.lease.expiresAt > store.now()) left.push('the lease is held');
  if (model.hold) left.push('a hold is on');
  for (const { name, daemon } of hosts) {
    if (!daemon) left.push(`${name} is down`);
    else if (daemon.supervisor.session) left.push(`${name} has a session in ${daemon.supervisor.session.state()}`);
    else if (daemon.dispatcher.appliedId !== store.lastId) left.push(`${name} lags behind`);
  }
  for (const candidate of model.candidates) {
    const { state, sha, branch, key } = candidate;
    const waiting = followUpWaits(world, candidate);
    if (waiting) left.push(`${key} is ${state} and ${waiting}`);
    if (FINAL.has(state)) continue;
    const head = remote.branch(branch);
    const onMain = remote.main !== null && remote.graph.isAncestor(sha, remote.main);
    const reachable = head !== null && remote.graph.isAncestor(sha, head);
    const isDue = model.unsigned(candidate) === null && reachable;
    if (onMain) left.push(`${key} is on main and ${state}`);
    else if (state === 'integrating' || (state === 'ready' && world.mode === 'live')) left.push(`${key} is ${state}`);
    else if (state === 'pending' && isDue) left.push(`${key} fulfils all conditions and is pending`);
  }
  if (world.mode === 'shadow') left.push(...owedInShadow(world, model.queue()));
  return left;
}

/** What main lacks or has too much of the follow-up, unless it was left behind, which only a later session mends. */
function followUpWaits({ remote }: World, { state, followUp }: ModelCandidate): string | null {
  if (followUp === null || followUp.left || remote.main === null) return null;
  const { slug } = followUp;
  const isThere = remote.graph.get(remote.main).files.has(`todos/${slug}/state.yaml`);
  if (state === 'blocked' && !followUp.landed) return `main does not have ${slug}`;
  if (state === 'blocked' && !isThere) return `${slug} is said to be on main`;
  return state === 'completed' && isThere ? `main still has ${slug}` : null;
}

const folds = new WeakMap<World, { model: Model; count: number }>();

/** The model at the end of the log so far. */
function foldAll(world: World): Model {
  const { entries } = world.store;
  let fold = folds.get(world);
  if (!fold || fold.count > entries.length) fold = { model: new Model(), count: 0 };
  for (const entry of entries.slice(fold.count)) fold.model.apply(told(entry));
  fold.count = entries.length;
  folds.set(world, fold);
  return fold.model;
}

export async function judge(world: World): Promise<void> {
  for (const what of unrest(world)) world.fail('liveness', what);
  judgeMoves(world);
  judgeContent(world);
  judgeForeign(world);
  judgeLog(world);
  judgePushes(world);
  judgeVerdicts(world);
  if (world.mode === 'shadow') judgeShadow(world);
  else await judgeAudit(world);
  await judgeFolds(world);
}

/** I1, I2: who moved main, and where to. */
function judgeMoves(world: World): void {
  const { graph, moves } = world.remote;
  let newest = 0;
  for (const move of moves) {
    const { by, mainFrom, mainTo, fenceFrom, fenceTo } = move;
    if (mainFrom !== null && (mainTo === null || !graph.isAncestor(mainFrom, mainTo)))
      world.fail('I2', `main went from ${mainFrom} to ${mainTo}, which does not contain it`);
    if (by === null) continue;
    const note = fenceTo === null ? null : graph.get(fenceTo).note;
    const before = fenceFrom === null ? null : graph.get(fenceFrom).note;
    if (!note) world.fail('I1', `${by} left the remote without a fence`);
    else if (note.fence < newest) world.fail('I1', `${by} moved with fence ${note.fence} after ${newest}`);
    else if (before && note.seq <= before.seq) world.fail('I1', `${by} moved to seq ${note.seq} from ${before.seq}`);
    else if (mainFrom !== mainTo && graph.get(fenceTo ?? '').parents[0] !== (fenceFrom ?? undefined))
      world.fail('I1', `${by} moved main over a fence it did not know`);
    newest = Math.max(newest, note?.fence ?? 0);
  }
}

/** I6, I7, I8, I9, I11: what the log says of each candidate, entry by entry. */
function judgeLog(world: World): void {
  const { store, remote } = world;
  const models = new Map<string, ModelCandidate[]>([['0', []]]);
  const waited = new Map<string, string[]>([['0', []]]);
  const model = new Model();
  const sessions = new Map<number, string>();
  const ends = new Map<string, number>();
  let newest = 0;
  let previous: Told | null = null;
  const kept = new Set(store.entries.map(({ id }) => id));
  for (const id of world.people.acknowledged) if (!kept.has(id)) world.fail('I9', `entry ${id} is gone`);
  for (const entry of store.entries) {
    const said = told(entry);
    const { type, payload } = said;
    const before = payload?.slug && payload.sha ? model.find(payload) : undefined;
    const was = before?.state;
    model.apply(said);
    models.set(entry.id, model.queue());
    waited.set(entry.id, fifoOf(model));
    if (payload?.fence && payload.session_id && !UNFENCED.has(type ?? '')) {
      if (payload.fence < newest)
        world.fail('I1', `${entry.id} is written under fence ${payload.fence} after ${newest}`);
      newest = Math.max(newest, payload.fence);
      const holder = sessions.get(payload.fence) ?? payload.session_id;
      if (holder !== payload.session_id) world.fail('I1', `two sessions write under fence ${payload.fence}`);
      sessions.set(payload.fence, holder);
    }
    if (type === 'integration.candidate.dequeued' && was === 'ready') {
      const [first] = models.get(payload.as_of) ?? [];
      if (first?.key !== before?.key)
        world.fail('I8', `${entry.id} takes ${before?.key}, as of ${payload.as_of} ${first?.key} came first`);
      const turn = { taken: before?.key ?? '', waited: waited.get(payload.as_of) ?? [], before: previous };
      judgeTurn(world, said, turn);
    }
    if (type === 'deployment.completed') judgeCompletion(world, said, before, was, ends);
    if (type === 'deployment.failed') judgeFailure(world, said, was);
    previous = said;
    if (type === 'integration.followup.landed' && !remote.graph.isAncestor(payload.commit, remote.main ?? ''))
      world.fail('I6', `${entry.id} says that ${payload.commit} brought ${payload.slug}, and main does not contain it`);
  }
  for (const letter of store.dead) {
    const told = store.entries.find(({ id }) => id === letter.entryId);
    if (told?.fields['source']) world.fail('I9', `entry ${letter.entryId} was buried: ${letter.reason}`);
  }
  for (const { sha, message } of remote.graph.line(remote.main ?? '')) {
    const key = trailerOf(message, 'Telec-Candidate');
    if (key === null) continue;
    const told = model.candidates.filter((candidate) => candidate.key === key && candidate.state === 'completed');
    if (told.length !== 1) world.fail('I5', `${sha} brought ${key}, which completed ${told.length} times`);
  }
}

function judgeCompletion(
  world: World,
  { id, payload }: Told,
  candidate: ModelCandidate | undefined,
  was: string | undefined,
  ends: Map<string, number>,
): void {
  const { remote } = world;
  const key = candidate?.key ?? `${payload.slug}`;
  ends.set(key, (ends.get(key) ?? 0) + 1);
  if ((ends.get(key) ?? 0) > 1) world.fail('I6', `${id} completes ${key} a second time`);
  if (was === 'completed') world.fail('I7', `${id} ends ${key}, which is ${was}`);
  if (was === 'superseded' && payload.outcome === 'merged') world.fail('I7', `${id} delivers ${key}, which is ${was}`);
  if (candidate && candidate.state !== 'completed' && candidate.state !== 'superseded')
    world.fail('I6', `${id} completes ${key}, and it is ${candidate.state}`);
  const by = payload.outcome === 'already_integrated' ? payload.receipt?.landed_by : undefined;
  // Found on main by its content: merging it there changes nothing.
  if (by && recompute(remote.graph, by, payload.sha) === remote.graph.get(by).tree) return;
  if (remote.main === null || !remote.graph.isAncestor(payload.merge_commit, remote.main))
    world.fail('I6', `${id} says ${payload.merge_commit} brought ${key}, and main does not contain it`);
}

function judgeFailure(world: World, { id, payload }: Told, was: string | undefined): void {
  const { graph } = world.remote;
  const texts = [payload.next_action, ...payload.conflict_evidence, ...payload.diagnostics];
  const told = payload.conflict_evidence.length > 0 && payload.diagnostics.length > 0;
  if (!told || texts.some((text: string) => text.trim() === '')) world.fail('I11', `${id} blocks without evidence`);
  if (was !== undefined && FINAL.has(was) && was === 'completed') world.fail('I7', `${id} blocks what is ${was}`);
  const { kind, base } = payload.evidence;
  if (kind === 'conflict') {
    if (recompute(graph, base, payload.sha) !== 'conflict') world.fail('I11', `${id} names a conflict that is none`);
  } else if (kind === 'push') {
    if (!texts.some((text: string) => text.includes(`hook declined Merge ${payload.slug} `)))
      world.fail('I11', `${id} blames the remote for what it did not refuse`);
  } else if (kind === 'error' && texts.some((text: string) => text.startsWith('todos/'))) {
    if (![base, payload.sha].some((sha) => isBroken(graph.get(sha).files)))
      world.fail('I11', `${id} blames a file that can be read`);
  } else if (kind === 'checks') judgeCheckFailure(world, { id, type: null, payload });
  else if (kind !== 'not_ready') world.fail('I11', `${id} blocks by ${kind}: ${texts.join(' | ')}`);
}

/** I5, I6, I10: every push against what the log said when it was tried. */
function judgePushes(world: World): void {
  const { store, remote, looks } = world;
  const landings = remote.moves.filter(({ by, mainFrom, mainTo }) => by !== null && mainFrom !== mainTo);
  const attempts: { index: number; said: Told; verdict: string | null }[] = [];
  for (const [index, entry] of store.entries.entries()) {
    const said = told(entry);
    const { type, payload } = said;
    if (type === 'integration.push.attempted') attempts.push({ index, said, verdict: null });
    if (type !== 'integration.push.rejected' && type !== 'integration.push.burned') continue;
    const meant = attempts.findLast(({ said: { payload: other } }) => other.seq === payload.seq);
    if (meant) meant.verdict = type;
  }
  for (const move of landings) {
    // A push that was surely rejected may be tried again with the very same fence commit.
    const attempt = attempts.findLast(({ index, said }) => said.payload.fence_to === move.fenceTo && index < move.at);
    if (!attempt) {
      world.fail('I5', `a push by ${move.by} landed that nobody had noted`);
      continue;
    }
    const { index, said, verdict } = attempt;
    if (verdict) world.fail('I6', `a push by ${move.by} landed and is noted as ${verdict}`);
    if (move.mainTo !== (said.payload.tip ?? said.payload.members.at(-1)?.tip))
      world.fail('I5', `a push by ${move.by} brought something else`);
    const model = new Model();
    for (const entry of store.entries.slice(0, index + 1)) model.apply(told(entry));
    judgeTurns(world, model, said, index);
    judgeTested(world, said, index);
    judgeReadiness(world, { model, said, move, index });
  }
  if (new Set(landings.map(({ mainTo }) => mainTo)).size !== landings.length)
    world.fail('I6', 'one commit landed twice');
  if (looks.length === 0 && landings.length > 0) world.fail('I10', 'nobody ever looked at the remote');
}

/**
 * Every member of a push that landed held all conditions, as far as its session could see: when the push was noted, or
 * when the session looked for the last time, between that and the landing.
 */
function judgeReadiness(world: World, push: { model: Model; said: Told; move: RefMove; index: number }): void {
  const { model, said, move, index } = push;
  const { members } = said.payload as { members: { slug: string; branch: string; sha: string }[] };
  const candidates = members.map((member) => ({ member, candidate: model.find(member) }));
  for (const { member, candidate } of candidates)
    if (candidate?.state !== 'integrating')
      world.fail('I10', `${candidate?.key ?? member.slug} was pushed while it was ${candidate?.state}`);
  const isHeld = () => candidates.every(({ candidate }) => !candidate || model.isReady(candidate));
  for (const entry of world.store.entries.slice(index + 1, move.at)) {
    if (isHeld()) break;
    model.apply(told(entry));
  }
  for (const { member, candidate } of candidates) {
    const key = candidate?.key ?? member.slug;
    if (candidate && !model.isReady(candidate))
      world.fail('I10', `${key} was pushed though ${model.unsigned(candidate) ?? JSON.stringify(candidate.facts)}`);
    const look = world.looks.findLast(({ by, at }) => by === move.by && at <= index);
    const head = look?.heads.get(member.branch);
    if (head === undefined || !world.remote.graph.isAncestor(member.sha, head))
      world.fail('I10', `${key} was pushed though its branch, when last seen, did not contain it`);
  }
}

/** The fold of every machine equals a fresh one, which in turn equals the model; replaying writes nothing. */
async function judgeFolds(world: World): Promise<void> {
  const { store, hosts, catalogue } = world;
  const repository = new Repository();
  const notifications = new NotificationBoard();
  const port = {
    clock: { setTimeout: () => undefined, clearTimeout: () => undefined },
    async perform<T>(name: string, op: () => T): Promise<T> {
      if (name !== 'log.read') world.fail('replay', `a replay does ${name}`);
      return op();
    },
  };
  const pipeline = new Pipeline({
    positions: {},
    report: (name, id, error) => world.fail('replay', `${name} ${id} ${error}`),
  });
  const log = openTwinLog(store, port);
  const dispatcher = new Dispatcher({ log, catalogue, repository, notifications, pipeline, readOnly: true });
  await dispatcher.catchUp();
  const fresh = JSON.stringify(asSorted(repository));
  const rows = JSON.stringify(notifications.rows());
  for (const { name, daemon } of hosts) {
    if (!daemon) continue;
    const live = JSON.stringify(asSorted(daemon.repository));
    if (live !== fresh) world.fail('fold', `${name} differs from a fresh fold: ${difference(live, fresh)}`);
    if (JSON.stringify(daemon.notifications.rows()) !== rows) world.fail('fold', `${name} has other notifications`);
  }
  const { pushes, leaseOverlaps, fifoViolations } = repository.standing.modes.parity;
  if (pushes + leaseOverlaps + fifoViolations > 0)
    world.fail('I13', `${pushes} pushes, ${leaseOverlaps} overlapping leases, ${fifoViolations} out of turn in shadow`);
  const model = foldAll(world);
  const states = (list: { id: string; state: string }[]) =>
    JSON.stringify(list.map(({ id, state }) => [id, state]).sort());
  if (states(model.candidates) !== states(repository.all()))
    world.fail('model', `fold ${states(repository.all())}, model ${states(model.candidates)}`);
  const order = (list: readonly { id: string }[]) => list.map(({ id }) => id).join(' ');
  if (order(model.queue()) !== order(repository.queue)) world.fail('model', 'the queue differs from the model');
}

function asSorted(repository: Repository): unknown {
  const dump = repository.dump();
  const records = [...dump.records].sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
  return {
    ...dump,
    records,
    slugs: [...dump.slugs].sort(),
    pushes: [...dump.pushes].sort(),
    landed: [...dump.landed].sort(),
  };
}

/** Where two texts part, with a little of both. */
function difference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return `...${a.slice(Math.max(0, at - 60), at + 60)}... is not ...${b.slice(at, at + 60)}...`;
}
