/**
 * What a candidate waits for, in words: the one source of `telec why`, of the lists that are watched and of the terminal.
 * Texts of conditions come from the guards, texts of states from the machines. Reads only.
 */
import type { CheckBook } from '../machines/check-book.ts';
import { fullType } from '../machines/events.ts';
import type { CandidateKey } from '../machines/identity.ts';
import { type Deviation, type Priorities, settingOf } from '../machines/priority.ts';
import { REASON_ENDS, type Reason, readinessReasons } from '../machines/readiness.ts';
import type { Standing } from '../machines/standing.ts';
import type { CandidateRecord } from './candidate-record.ts';
import type { HoldView, WhyView } from './client.ts';
import { type OpenFollowUp, openFollowUps } from './follow-ups.ts';
import type { Repository } from './repository.ts';
import type { ChainRow } from './tests/views.ts';
import { testWaits } from './tests/waits.ts';

type Wait = WhyView['waiting_for'][number];

/** What the session that works does now: the last name of its state, and that state's words. */
export interface Doing {
  state: string;
  meaning: string;
}

/** What beside the candidate itself decides what it waits for. */
export interface Around {
  /** The hold as it binds now. */
  hold: HoldView | null;
  mode: Standing['mode'];
  main: string | null;
  /** Mode of the session that has not ended by the log. */
  sessionMode: 'live' | 'shadow' | null;
  /** The environment keeps the daemon of a live repository to shadow. */
  narrowed: boolean;
  /** Null while no session works. */
  doing: Doing | null;
  /** Who goes ahead or stands back. */
  priorities: Priorities;
  /** Of blocked candidates, by the candidate's key. */
  followUps: ReadonlyMap<string, OpenFollowUp>;
  /** Those that a session has in the chain, the next to land first. */
  chain: readonly ChainRow[];
  /** What the log says of checks. */
  tests: Pick<CheckBook, 'runsOf'>;
}

/** What surrounds the candidates of `repository` now. */
export function aroundOf(repository: Repository, now: Pick<Around, 'hold' | 'narrowed' | 'doing' | 'chain'>): Around {
  const { mode, main, session, priorities } = repository.standing;
  const followUps = new Map(openFollowUps(repository).map((followUp) => [followUp.source as string, followUp]));
  return { ...now, mode, main, sessionMode: session?.mode ?? null, priorities, followUps, tests: repository.tests };
}

/** Empty for a candidate that waits for nothing any more. */
export function waitsFor({ key, state, context, shadow }: CandidateRecord, around: Around): Wait[] {
  const inShadow = around.mode === 'shadow';
  switch (state) {
    case 'pending':
      return readinessReasons(context).map(({ code, text }) => ending(code, text));
    case 'ready':
      if (around.hold) return [onHold(around.hold)];
      if (inShadow) return [shadowWait(shadow, around.main)];
      return [around.narrowed ? NARROWED : queued(context.slug, around.priorities)];
    case 'integrating':
      if (inShadow && context.openPush !== null) return [around.sessionMode === 'live' ? LATE_PUSH : OPEN_PUSH];
      return chainWaits(key, around) ?? [inHand(around.doing)];
    case 'blocked': {
      const followUp = around.followUps.get(key);
      return [
        {
          code: 'blocked',
          text: context.failure?.next_action ?? 'it was blocked',
          event: fullType('integration.candidate.resumed'),
          who: `whoever mends it (telec resume ${context.slug}), or a new commit of the slug`,
        },
        ...(followUp ? [followUpWait(followUp)] : []),
        ...readinessReasons(context).map(({ code, text }) => ending(code, text)),
      ];
    }
    default:
      return [];
  }
}

/** What a slug waits for that was reviewed and never handed over. */
export const NOT_HANDED_OVER = ending(
  'missing_deployment_started',
  'it was reviewed, but nobody has handed over a commit of it',
);

/** Its place changes with every delivery before it; who shows the place counts it. */
const QUEUED: Wait = {
  code: 'queued',
  text: 'its turn in the queue',
  event: fullType('integration.candidate.dequeued'),
  who: 'an integrator session (telec up, or telec integrate)',
};

/** With the decision that gives it another turn than its age does. */
function queued(slug: string, priorities: Priorities): Wait {
  const setting = settingOf(priorities, slug);
  if (!setting) return QUEUED;
  const { priority, actor, reason } = setting;
  return { ...QUEUED, text: `${QUEUED.text}, as ${priority}: ${reason} (set by ${actor})` };
}

/** One that became ready later and goes first. */
export function overtakenBy(
  { context: { slug } }: CandidateRecord,
  { slug: decided, setting: { priority, actor, reason } }: Pick<Deviation<unknown>, 'slug' | 'setting'>,
): Wait {
  const by = decided === slug ? `it is ${priority}` : `${decided} is ${priority}`;
  const text = `${slug} became ready later and goes first, since ${by}: ${reason} (set by ${actor})`;
  return { ...QUEUED, code: 'overtaken', text };
}

function onHold({ reason, owner, alarm }: HoldView): Wait {
  return {
    code: 'on_hold',
    text: `merging is on hold: ${reason || `placed by ${owner}`}`,
    event: fullType('integration.hold.lifted'),
    who: alarm ? 'a person (telec unhold --reason R)' : 'whoever placed it (telec unhold)',
  };
}

/** Where one stands whose test may be that of those before it, too. */
const TESTED: ReadonlySet<ChainRow['verdict']> = new Set(['untested', 'running', 'passed', 'failed']);

/** Null where its place in the chain says nothing of it. */
function chainWaits(key: CandidateKey, { chain, tests }: Around): Wait[] | null {
  const place = chain.findIndex((row) => row.key === key);
  const row = chain[place];
  if (row === undefined) return null;
  const first = place > 0 ? (chain[0]?.key.split('/')[0] ?? null) : null;
  const followed = chain.slice(place + 1).some(({ verdict }) => TESTED.has(verdict));
  const waits = testWaits(row, { first, followed }, tests.runsOf(key));
  return waits.length === 0 ? null : waits;
}

function inHand(doing: Doing | null): Wait {
  const text = doing
    ? `an integrator session works on it and is ${doing.state} now: ${doing.meaning}`
    : 'the session that took it does not work any more; the next one finds out what became of it';
  const who = doing
    ? 'the integrator session, or the next one if it died'
    : 'the next integrator session (telec up, or telec integrate)';
  return { code: 'integrating', text, event: fullType('deployment.completed'), who };
}

/** What a ready candidate waits for in a live repository whose daemon is kept to shadow by its environment. */
const NARROWED: Wait = {
  code: 'narrowed',
  text: 'switches of its environment keep the daemon to shadow, though the repository is live: it judges and merges nothing',
  event: fullType('integration.candidate.dequeued'),
  who: 'whoever runs the daemon (telec down, unset TELEC_INTEGRATOR_CUTOVER_ENABLED and TELEC_INTEGRATOR_PARITY_EVIDENCE, telec up)',
};

/** In shadow nothing is merged here: what it waits for is another path, or the cutover. */
function shadowWait(shadow: CandidateRecord['shadow'], main: string | null): Wait {
  const { judged = null } = shadow ?? {};
  if (judged === null || judged.base !== main) {
    const text = 'telec runs in shadow and has not judged it on main as it is';
    const who = 'an integrator session (telec up, or telec integrate)';
    return { code: 'shadow', text, event: fullType('integration.shadow.judged'), who };
  }
  const on = judged.base.slice(0, 12);
  const said =
    judged.verdict === 'would_integrate' ? 'would be merged' : `would be blocked: ${judged.evidence[0] ?? ''}`;
  return {
    code: 'shadow',
    text: `telec runs in shadow and merges nothing; on ${on} it ${said}`,
    event: fullType('integration.cutover.enabled'),
    who: 'whoever moves main now, by merging it; or a person (telec cutover enable)',
  };
}

/** The session that made the push has not ended by the log. */
const LATE_PUSH: Wait = {
  code: 'open_push',
  text: 'its push was under way when the cutover was taken back, and what came of it is not recorded yet',
  event: fullType('deployment.completed'),
  who: 'the session that pushes, once the remote answers; if it died, the next one (telec integrate) looks whether it landed',
};

/** To find out, the fence of the remote would have to move. */
const OPEN_PUSH: Wait = {
  code: 'open_push',
  text: 'a live session pushed it and nobody knows whether that arrived; in shadow that is not found out',
  event: fullType('integration.cutover.enabled'),
  who: 'a person (telec cutover enable): the next live session settles it',
};

/** What a resume asks of the follow-up; a new commit of the source's slug does not wait for it. */
function followUpWait({ slug, source, resolved, next_action }: OpenFollowUp): Wait {
  const text = `the follow-up ${slug} of ${source} is ${resolved ? 'resolved' : 'not resolved as far as the log knows'}`;
  return resolved
    ? { code: 'follow_up', text, event: fullType('integration.candidate.resumed'), who: `anybody: ${next_action}` }
    : {
        code: 'follow_up',
        text,
        event: fullType('review.approved'),
        who: `a reviewer of ${slug} (telec resume --help)`,
      };
}

function ending(code: Reason['code'], text: string): Wait {
  const { event, who } = REASON_ENDS[code];
  return { code, text, event: event === null ? null : fullType(event), who };
}
