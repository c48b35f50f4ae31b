/**
 * What a guard answers to somebody on the way to main: from what would be moved, where it was asked, and what log and
 * lease say, to let it pass or refuse it, with code, mark and words. Pure; it sees no environment, so no variable can
 * make anybody the integrator.
 *
 * Invariants: what cannot be asked is refused; a session's own push is known by what the log holds of it, which only
 * the holder of the lease can have written; a fence that merely looks right lets nobody through.
 */
import type { Permit } from './authority.ts';
import type { GUARD_CODES } from './events/guards.ts';
import type { OpenPush, Standing } from './standing.ts';

/** Which guard met it. */
export type GuardRoute = 'pre_push' | 'git' | 'gh';
export type GuardCode = (typeof GUARD_CODES)[number];

/** A guarded ref that would be moved; `sha` null: deleted, or not known. */
export interface GuardMove {
  ref: string;
  sha: string | null;
}

export interface GuardQuestion {
  route: GuardRoute;
  /** Where it was asked: the checkout a registered clone was made with, or anywhere else. */
  place: 'main_work_tree' | 'elsewhere';
  /** Full ref. */
  main: string;
  moves: readonly GuardMove[];
  /** Why it cannot be told what would be moved; it counts as main then. Null: it can. */
  untold: string | null;
  /** Asked to find out how it will be after the cutover: another path has no claim to main then. */
  trial?: boolean;
}

/** What could be learnt. `now`: ms, by the clock of the log. `lease`: only while it is live. */
export type GuardKnowledge =
  | { kind: 'unasked'; detail: string }
  | {
      kind: 'asked';
      standing: Pick<Standing, 'mode' | 'modes' | 'authority' | 'openPushes'>;
      lease: { owner: string } | null;
      now: number;
    };

/** `by`: the push of the session that holds the lease, the permission of a person, or main is still another path's. */
export type GuardVerdict =
  | { kind: 'pass'; by: 'session' }
  | { kind: 'pass'; by: 'shadow' }
  | { kind: 'pass'; by: 'permit'; permit: Permit }
  | { kind: 'refuse'; code: GuardCode; move: GuardMove | null; why: string; instead: string };

/** The first line of a refusal, by the guard that speaks. */
export const GUARD_MARKERS: Readonly<Record<GuardRoute, string>> = {
  pre_push: 'TELEC_PRE_PUSH_MAIN_GUARD_BLOCK',
  git: 'TELEC_GIT_PUSH_MAIN_GUARD_BLOCK',
  gh: 'TELEC_GH_MAIN_MERGE_GUARD_BLOCK',
};

const FENCE_REF = 'refs/telec/fence';

/** Whether only the integrator moves that ref: main, telec's own, and those that git would take for one of them. */
export function isGuardedRef(ref: string, main: string): boolean {
  return ref === main || /^refs\/(telec|heads\/refs|tags\/refs)\//.test(ref);
}

/** Whether a name, full or not, may come to mean a guarded ref on the remote. */
export function mayBeGuarded(name: string, main: string): boolean {
  if (name.startsWith('refs/')) return isGuardedRef(name, main);
  return ['', 'refs/', 'refs/heads/', 'refs/tags/'].some((prefix) => isGuardedRef(`${prefix}${name}`, main));
}

const HAND_OVER = 'push your branch and hand it over: telec submit; it is queued and comes to main by itself';
/** After a way back nothing is brought by itself, and the guards stand on. */
const BY_PERMIT =
  'a person lets one commit through: telec guard allow <commit> --reason "..."; or takes the guard off: telec guard uninstall';
const MEND = 'telec doctor says what is wrong; after that hand your branch over with telec submit';

/** The answer; a question without moves of a guarded ref has no need of one. */
export function judgeGuard(question: GuardQuestion, known: GuardKnowledge): GuardVerdict {
  const { moves, main, untold } = question;
  const [first = null] = moves;
  const refuse = (code: GuardCode, why: string, instead = HAND_OVER): GuardVerdict => ({
    kind: 'refuse',
    code,
    move: moves.find(({ ref }) => ref === main) ?? first,
    why,
    instead,
  });
  if (known.kind === 'unasked') {
    return refuse('MAIN_GUARDRAIL_BLOCKED', `it cannot be asked who may move ${main}: ${known.detail}`, MEND);
  }
  const { standing, lease, now } = known;
  if (standing.mode === null) {
    return refuse('MAIN_GUARDRAIL_BLOCKED', `the log says nothing of who may move ${main}: it was emptied`, MEND);
  }
  const stray = moves.find(({ ref }) => ref !== main && ref !== FENCE_REF);
  if (stray) return refuse(codeOf(question), `${stray.ref} stands in the way of ${main}, or belongs to telec`);
  const fence = moves.find(({ ref }) => ref === FENCE_REF);
  if (fence) {
    if (standing.mode !== 'live') {
      const why = 'this is the push of an integrator, and the repository is in shadow';
      return refuse('INTEGRATOR_CUTOVER_NOT_READY', why, 'telec cutover status says what is missing');
    }
    return isOfHolder(moves, main, fence, standing.openPushes, lease)
      ? { kind: 'pass', by: 'session' }
      : refuse(codeOf(question), `the fence in this push is not one that the holder of the lease is bringing`);
  }
  if (standing.modes.cutover === null && !question.trial) return { kind: 'pass', by: 'shadow' };
  if (untold !== null) return refuse('MAIN_GUARDRAIL_BLOCKED', untold);
  const { permit } = standing.authority;
  if (permit && first?.sha === permit.commit && Date.parse(permit.until) > now) {
    return { kind: 'pass', by: 'permit', permit };
  }
  if (standing.mode !== 'live' && !question.trial) {
    return refuse(codeOf(question), `telec is in shadow, and ${main} stays guarded after a way back`, BY_PERMIT);
  }
  const holder = lease ? `, now ${lease.owner}` : '';
  return refuse(codeOf(question), `${main} is moved by the integrator that holds the lease alone${holder}`);
}

/** In the main work tree it is who asks that is wrong; anywhere else already the place. */
function codeOf({ route, place }: GuardQuestion): GuardCode {
  return route === 'gh' || place === 'main_work_tree' ? 'INTEGRATOR_MAIN_AUTH_BLOCKED' : 'MAIN_GUARDRAIL_BLOCKED';
}

/** Whether this is, to the commit, the push that the session with the lease told the log it is making. */
function isOfHolder(
  moves: readonly GuardMove[],
  main: string,
  fence: GuardMove,
  openPushes: readonly OpenPush[],
  lease: { owner: string } | null,
): boolean {
  const brought = moves.find(({ ref }) => ref === main);
  return openPushes.some(
    (push) =>
      push.sessionId === lease?.owner && push.fenceTo === fence.sha && (brought ? push.tip === brought.sha : false),
  );
}

/** The refusal as it stands on stderr. */
export function refusalLines(route: GuardRoute, verdict: GuardVerdict & { kind: 'refuse' }): string[] {
  return [
    `GUARDRAIL_MARKER: ${GUARD_MARKERS[route]}`,
    `ERROR: ${verdict.code}`,
    `error: ${verdict.why}`,
    `hint: ${verdict.instead}`,
  ];
}
