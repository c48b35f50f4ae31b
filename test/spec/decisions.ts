/**
 * Why a state does nothing with an event. The tables show what a chart does; where it does nothing, or nothing when no
 * guard holds, somebody has to have meant it, and the reason stands here. `*` counts for every state.
 */
export type Reasons = Record<string, Record<string, string>>;

const NOT_TAKEN = 'it is not taken by a session, so there is nothing to give back or to end';
const NO_PUSH = 'no push of it is open';

export const CANDIDATE_REASONS: Reasons = {
  'deployment.started': {
    '*': 'the other candidate ranks lower, or it is this one told again: neither changes this one',
  },
  'deployment.completed': {
    '*': 'nothing in the log bears the completion out: it is not believed, and goes to the dead letters',
  },
  'integration.candidate.resumed': {
    '*': 'it waits or works already, so there is nothing to resume; another one that ranks lower changes nothing',
    blocked: 'another candidate of the slug, which ranks lower',
  },
  'integration.candidate.requeued': {
    pending: NOT_TAKEN,
    ready: NOT_TAKEN,
    blocked: NOT_TAKEN,
    integrating: 'a push of it is open or has landed: it may be on main, so it must not go back',
  },
  'deployment.failed': {
    pending: NOT_TAKEN,
    ready: NOT_TAKEN,
    blocked: 'it is blocked already; the first finding stands until somebody resumes it',
    integrating: 'a push of it is open or has landed: it may be on main, so it must not be called failed',
  },
  'integration.push.attempted': {
    pending: 'it left the train before the push was recorded; the session sees that and makes no push',
    ready: 'it left the train before the push was recorded; the session sees that and makes no push',
    blocked: 'it left the train before the push was recorded; the session sees that and makes no push',
  },
  'integration.push.succeeded': {
    pending: NO_PUSH,
    ready: NO_PUSH,
    blocked: NO_PUSH,
    integrating: 'another push than its open one',
  },
  'integration.push.rejected': {
    pending: NO_PUSH,
    ready: NO_PUSH,
    blocked: NO_PUSH,
    integrating: 'another push than its open one',
  },
  'integration.push.burned': {
    pending: NO_PUSH,
    ready: NO_PUSH,
    blocked: NO_PUSH,
    integrating: 'another push than its open one',
  },
};

const BUSY_LOOKS = 'the queue is looked at again after the work in hand';
const NO_HOLD_HERE = 'only a session that waits for the hold needs to be told; the others read it when they select';

const NOTHING_BUILT = {
  '*': 'nothing is built before the queue is worked on, so nothing is tested and nobody can leave',
  releasing: 'it ends already; whatever is in hand goes back',
};

export const INTEGRATOR_REASONS: Reasons = {
  'session.wake': {
    '*': BUSY_LOOKS,
    releasing: 'the end has begun; the queue is looked at once more after the release',
  },
  'session.stop': { releasing: 'it ends already' },
  'lease.lost': {
    standby: 'it has no lease yet',
    releasing: 'it ends already, and its release of a lease that is not its own does nothing',
  },
  'hold.lifted': { '*': NO_HOLD_HERE },
  'checks.settled': NOTHING_BUILT,
  'checks.stopped': NOTHING_BUILT,
  'member.left': NOTHING_BUILT,
};

export const LEASE_REASONS: Reasons = {
  'lease.acquire': {
    acquiring: 'it is being asked for',
    'holding.resting': 'it is held',
    'holding.renewing': 'it is held',
    'holding.retrying': 'it is held',
    releasing: 'it is being given back; who wants it again makes a new keeper',
  },
  'lease.release': {
    free: 'there is nothing to give back',
    acquiring: 'the answer decides first; the session gives it back then',
    releasing: 'it is being given back',
  },
};

const NOT_BUILT = 'it is not built yet';
const BUILT = 'it is built already; what comes after a review is a fix';
const IN_REVIEW = 'a review is under way, and ends first';
const FINDINGS_FIRST = 'its findings are mended first';
const NO_FINDINGS = 'no review asked for changes; another review does that first';
const NOT_HANDED = 'nothing of it was handed over, so nothing of it can fail or be resumed';

export const TODO_REASONS: Reasons = {
  'build.started': {
    '*': BUILT,
    preparing: 'its papers, its readiness or what it waits for stand in the way; each reason is named',
  },
  'build.complete': {
    '*': BUILT,
    preparing: 'nobody has begun to build it',
    building: 'the work tree has changes that no commit holds',
  },
  'review.started': {
    preparing: NOT_BUILT,
    building: NOT_BUILT,
    built: 'its rounds are used up: a person decides',
    returned: FINDINGS_FIRST,
    fixing: FINDINGS_FIRST,
    approved: 'its rounds are used up: a person decides',
    handedOff: 'its rounds are used up: a person decides',
    blocked: 'its rounds are used up: a person decides',
  },
  'review.changes_requested': {
    preparing: NOT_BUILT,
    building: NOT_BUILT,
    built: 'a request for changes names what it found, in a round that is left',
    reviewing: 'a request for changes names what it found',
    returned: 'the round is over; other findings belong to the next one',
    fixing: FINDINGS_FIRST,
    approved: 'a request for changes names what it found, in a round that is left',
    handedOff: 'a request for changes names what it found, in a round that is left',
    blocked: 'it comes back by a fix or another review',
  },
  'review.approved': {
    preparing: NOT_BUILT,
    building: NOT_BUILT,
    built: 'the work tree has changes that no commit holds, or no round is left',
    reviewing: 'the work tree has changes that no commit holds',
    returned: FINDINGS_FIRST,
    fixing: FINDINGS_FIRST,
  },
  'fix.started': {
    preparing: NOT_BUILT,
    building: NOT_BUILT,
    built: NO_FINDINGS,
    reviewing: IN_REVIEW,
    approved: NO_FINDINGS,
    handedOff: NO_FINDINGS,
  },
  'fix.complete': {
    '*': 'no fix was begun',
    built: 'it was built, not mended',
    fixing: 'the work tree has changes that no commit holds',
  },
  'deployment.started': {
    '*': 'no review has approved it',
    approved: 'what is handed over is clean, on a branch of its own and pushed; each problem is named',
    handedOff: 'what is handed over is clean, on a branch of its own and pushed; each problem is named',
    blocked: 'what is handed over is clean, on a branch of its own and pushed; each problem is named',
  },
  'deployment.failed': { '*': NOT_HANDED, blocked: 'it is blocked already' },
  'integration.candidate.resumed': { '*': NOT_HANDED },
};

export const DELIVERY_REASONS: Reasons = {
  'delivery.due': {
    '*': 'what is due is looked up when the next message goes out, and that has its time',
  },
};

/** The reason for `event` in `state` (a path): that of its own last name, of the path, or of every state. */
export function reasonOf(reasons: Reasons, event: string, state: string): string | null {
  const known = reasons[event] ?? {};
  return known[state] ?? known[state.slice(state.lastIndexOf('.') + 1)] ?? known['*'] ?? null;
}
