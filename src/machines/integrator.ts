/**
 * One integrator session, as a statechart: acquire the lease, reconcile, drain the queue, release, end. It decides
 * the order of the work and what each outcome leads to; the work itself is done by effects that `actors/` provides. It
 * is never restored from a snapshot: if its process dies, the next session acquires a higher fence and reconciles.
 * Invariants kept here: I5 (one push carries whole deliveries), I8 (queue order inside a train), I10 (recheck before
 * the push), and that every end of a session that may hold the lease passes `releasing`.
 */
import type { Member, Taken } from './effects.ts';
import { checkInput, dueAside, freshContext, lineOf } from './integrator-line.ts';
import { integratorSetup } from './integrator-rules.ts';
import { OVERTAKING } from './lanes.ts';
import type { Aside } from './speculation.ts';

/** Where every effect leads that stops the session or throws, and where a lost lease leads from anywhere. */
const stopped = { target: '#integrator.releasing', actions: 'rememberStop' } as const;
const failed = { target: '#integrator.releasing', actions: 'rememberFault' } as const;
const lost = { target: '#integrator.releasing', actions: 'rememberLeaseLost' } as const;

export const integratorMachine = integratorSetup.createMachine({
  id: 'integrator',
  description: 'One session of the only one who moves main.',
  initial: 'standby',
  context: ({ input }) => freshContext(input),
  states: {
    standby: {
      description: 'Not started: waits to be woken by a candidate that became ready.',
      tags: ['waiting'],
      meta: { endsBy: 'session.wake when a candidate becomes ready' },
      on: {
        'session.wake': 'acquiring',
        'session.stop': { target: 'ended', actions: ['beginStopping', 'rememberShutdown'] },
      },
    },
    acquiring: {
      description: 'Reads the remote, asks for the lease and moves the fence on the remote.',
      tags: ['working'],
      meta: { endsBy: 'the outcome of the effect takeLease' },
      on: {
        'session.stop': { actions: 'beginStopping' },
        'lease.lost': lost,
      },
      invoke: {
        id: 'takeLease',
        src: 'takeLease',
        input: ({ context }) => ({ sessionId: context.sessionId }),
        onDone: [
          { guard: 'wasGranted', target: 'reconciling', actions: 'rememberGrant' },
          { guard: 'endsWithoutLease', target: 'ended', actions: 'rememberStop' },
          stopped,
        ],
        onError: failed,
      },
    },
    reconciling: {
      description:
        'Finds out what earlier sessions left: settles every candidate found integrating, probes all others.',
      tags: ['working'],
      meta: { endsBy: 'the outcome of the effect reconcileCandidates' },
      on: {
        'session.stop': { actions: 'beginStopping' },
        'lease.lost': lost,
      },
      invoke: {
        id: 'reconcileCandidates',
        src: 'reconcileCandidates',
        onDone: [{ guard: 'wasReconciled', target: 'draining', actions: 'rememberUncleaned' }, stopped],
        onError: failed,
      },
    },
    draining: {
      description: 'Takes candidates from the queue, one after the other, until it is empty.',
      meta: { endsBy: 'an empty queue after the grace window, a stop, or a lost lease' },
      initial: 'selecting',
      on: {
        'session.stop': { actions: 'beginStopping' },
        'session.wake': { actions: 'lookAgain' },
        'hold.lifted': { actions: 'lookAgain' },
        'checks.settled': { actions: 'rememberVerdict' },
        'checks.stopped': { actions: 'rememberBreakdown' },
        'member.left': { actions: 'rememberLeft' },
        'lane.clear': { actions: 'rememberClear' },
        'lease.lost': lost,
      },
      states: {
        selecting: {
          description: 'Takes the next candidate: one to rebuild first, else the head of the queue.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect selectCandidate' },
          entry: 'beginLook',
          invoke: {
            id: 'selectCandidate',
            src: 'selectCandidate',
            input: ({ context }) => ({
              worklist: context.worklist,
              train: lineOf(context),
              last: context.graceOver,
              stopping: context.stopping,
            }),
            onDone: [
              { guard: 'wasTaken', target: 'rechecking', actions: 'take' },
              { guard: 'isEmptyWithSome', target: 'testing', actions: 'endLook' },
              { guard: 'isHoldWithSome', target: 'testing', actions: 'endLook' },
              { guard: 'isStopping', target: '#integrator.releasing', actions: 'rememberShutdown' },
              { guard: 'isOnHold', target: 'holding' },
              { guard: 'isEmptyWithToClean', target: 'cleaning' },
              { guard: 'isEmptyInShadow', target: '#integrator.releasing' },
              { guard: 'isEmptyAfterGrace', target: 'followingUp' },
              { guard: 'isEmpty', target: 'waiting' },
              stopped,
            ],
            onError: failed,
          },
        },
        rechecking: {
          description: 'Asks once more whether all conditions hold, and what it is merged into.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect recheckCandidate' },
          invoke: {
            id: 'recheckCandidate',
            src: 'recheckCandidate',
            input: ({ context }) => ({ candidate: context.candidate as Taken, train: lineOf(context) }),
            onDone: [
              { guard: 'holdsInShadow', target: 'judging', actions: 'rememberBase' },
              { guard: 'stillHolds', target: 'merging', actions: 'rememberBase' },
              { guard: 'hasFallen', target: 'selecting', actions: 'dropCandidate' },
              stopped,
            ],
            onError: failed,
          },
        },
        judging: {
          description:
            'In shadow: works out what a live session would do with the candidate, tells it, and moves nothing.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect judgeCandidate' },
          invoke: {
            id: 'judgeCandidate',
            src: 'judgeCandidate',
            input: ({ context }) => ({ candidate: context.candidate as Taken, base: context.base as string }),
            onDone: [{ guard: 'wasJudged', target: 'selecting', actions: 'dropCandidate' }, stopped],
            onError: failed,
          },
        },
        merging: {
          description:
            'Merges exactly the approved commit in the object database and checks the result by another way.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect mergeCandidate' },
          invoke: {
            id: 'mergeCandidate',
            src: 'mergeCandidate',
            input: ({ context }) => ({
              candidate: context.candidate as Taken,
              base: context.base as string,
              train: lineOf(context),
            }),
            onDone: [
              { guard: 'wasMerged', target: 'bookkeeping', actions: 'rememberMerged' },
              { guard: 'isProvisional', target: 'testing', actions: 'setAside' },
              { guard: 'isSettled', target: 'selecting', actions: 'dropCandidate' },
              stopped,
            ],
            onError: failed,
          },
        },
        bookkeeping: {
          description:
            'Adds the commits that keep the books: roadmap, delivered, demo, todo. A repository without them has none.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect keepBooks' },
          invoke: {
            id: 'keepBooks',
            src: 'keepBooks',
            input: ({ context }) => ({ member: context.merged as Member, train: lineOf(context) }),
            onDone: [
              { guard: 'wasBooked', target: 'checking', actions: 'couple' },
              { guard: 'isProvisional', target: 'testing', actions: 'setAside' },
              { guard: 'isSettled', target: 'selecting', actions: 'dropCandidate' },
              stopped,
            ],
            onError: failed,
          },
        },
        checking: {
          description:
            'Begins the configured checks of a delivery on exactly the tree that would land; without any, nothing is tested.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect startChecks' },
          invoke: {
            id: 'startChecks',
            src: 'startChecks',
            input: ({ context }) => checkInput(context),
            onDone: [{ guard: 'haveBegun', target: 'testing', actions: 'rememberVerdict' }, stopped],
            onError: failed,
          },
        },
        testing: {
          description:
            'Looks at the chain: lands what passed, sets aside what failed, builds more while the window has room, else waits for a verdict.',
          tags: ['waiting'],
          meta: { endsBy: 'the verdict of a check, which its timeout bounds, or session.wake' },
          always: [
            { guard: 'hasStop', target: '#integrator.releasing' },
            { guard: 'hasLeft', target: 'testing', reenter: true, actions: 'uncoupleBehindLeft' },
            { guard: 'mayLand', target: 'pushing', actions: 'formTrain' },
            { guard: 'isStopping', target: '#integrator.releasing', actions: 'rememberShutdown' },
            { guard: 'isAsideDue', target: 'ejecting' },
            { guard: 'hasCulprit', target: 'testing', reenter: true, actions: 'setCulpritAside' },
            { guard: 'mayOvertake', target: 'overtaking' },
            { guard: 'hasToTest', target: 'checking', actions: 'chooseTest' },
            { guard: 'hasRoom', target: 'selecting' },
            { guard: 'hasNobody', target: 'selecting' },
          ],
        },
        overtaking: OVERTAKING,
        ejecting: {
          description:
            'All before it have landed: blocks the one that failed its checks or does not merge, on main as it is now.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect ejectCandidate' },
          invoke: {
            id: 'ejectCandidate',
            src: 'ejectCandidate',
            input: ({ context }) => ({ aside: dueAside(context) as Aside }),
            onDone: [
              { guard: 'wasEjected', target: 'testing', actions: 'dropAside' },
              { guard: 'hasReturned', target: 'testing', actions: 'uncouple' },
              stopped,
            ],
            onError: failed,
          },
        },
        pushing: {
          description: 'Rechecks every member of the train, then pushes them and the new fence in one atomic push.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect pushTrain' },
          invoke: {
            id: 'pushTrain',
            src: 'pushTrain',
            input: ({ context }) => ({ train: context.train }),
            onDone: [
              { guard: 'wasPushed', target: 'auditing' },
              { guard: 'haveMembersLeft', target: 'testing', actions: 'uncoupleSurvivors' },
              {
                guard: 'isLostRaceTooMany',
                target: '#integrator.releasing',
                actions: ['uncouple', 'rememberContention'],
              },
              { guard: 'hasMainMoved', target: 'rebuilding', actions: ['uncouple', 'countLostRace'] },
              { guard: 'isRefusedAlone', target: 'refusing', actions: ['uncoupleChain', 'rememberRefusal'] },
              { guard: 'wasRefused', target: 'testing', actions: 'halve' },
              stopped,
            ],
            onError: failed,
          },
        },
        rebuilding: {
          description:
            'Main moved under the push: waits a growing moment, then merges the members again on the new main.',
          tags: ['waiting'],
          meta: { endsBy: 'the rebuild delay' },
          after: { rebuild: 'selecting' },
        },
        refusing: {
          description: 'The remote refused this delivery by itself: blocks it with what the remote said.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect blockCandidate' },
          invoke: {
            id: 'blockCandidate',
            src: 'blockCandidate',
            input: ({ context }) => ({ member: context.train[0] as Member, detail: context.refusal ?? '' }),
            onDone: [{ guard: 'wasBlocked', target: 'testing', actions: 'emptyTrain' }, stopped],
            onError: failed,
          },
        },
        auditing: {
          description: 'Compares what landed with what was to land, before anything else is taken.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect auditTrain' },
          invoke: {
            id: 'auditTrain',
            src: 'auditTrain',
            input: ({ context }) => ({ train: context.train }),
            onDone: [{ guard: 'wasAudited', target: 'recording', actions: 'rememberAudit' }, stopped],
            onError: failed,
          },
        },
        recording: {
          description: 'Writes the receipts: each member of the train is completed, in order.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect recordDeliveries' },
          invoke: {
            id: 'recordDeliveries',
            src: 'recordDeliveries',
            input: ({ context }) => ({ train: context.train, violations: context.violations }),
            onDone: [
              {
                guard: 'isRecordedWithMuchToClean',
                target: 'cleaning',
                actions: ['countLanded', 'growWindow', 'emptyTrain', 'forgetLostRaces'],
              },
              {
                guard: 'wasRecorded',
                target: 'testing',
                actions: ['countLanded', 'growWindow', 'emptyTrain', 'forgetLostRaces'],
              },
              stopped,
            ],
            onError: failed,
          },
        },
        cleaning: {
          description: 'Removes delivered branches from the remote, those that are still where they were delivered.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect cleanRemote' },
          invoke: {
            id: 'cleanRemote',
            src: 'cleanRemote',
            onDone: [{ guard: 'wasCleaned', target: 'testing', actions: 'forgetLanded' }, stopped],
            onError: failed,
          },
        },
        followingUp: {
          description: 'Brings the follow-ups of what was blocked to main, where todos live there.',
          tags: ['working'],
          meta: { endsBy: 'the outcome of the effect landFollowUps' },
          invoke: {
            id: 'landFollowUps',
            src: 'landFollowUps',
            onDone: [{ guard: 'wereFollowedUp', target: '#integrator.releasing' }, stopped],
            onError: failed,
          },
        },
        waiting: {
          description: 'The queue is empty: waits out the grace window in case another candidate becomes ready.',
          tags: ['waiting'],
          meta: { endsBy: 'the grace window, or session.wake' },
          entry: 'beginGrace',
          always: { guard: 'isStopping', target: '#integrator.releasing', actions: 'rememberShutdown' },
          on: { 'session.wake': 'selecting' },
          after: { grace: { target: 'selecting', actions: 'endGrace' } },
        },
        holding: {
          description: 'A hold is on: waits, renewing the lease, until a person lifts it.',
          tags: ['waiting'],
          meta: { endsBy: 'integration.hold.lifted' },
          always: { guard: 'isStopping', target: '#integrator.releasing', actions: 'rememberShutdown' },
          on: { 'hold.lifted': 'selecting' },
        },
      },
    },
    releasing: {
      description: 'Requeues what was not pushed, writes the checkpoint, gives the lease back.',
      tags: ['working'],
      meta: { endsBy: 'the outcome of the effect releaseLease' },
      invoke: {
        id: 'releaseLease',
        src: 'releaseLease',
        input: ({ context }) => ({
          stop: context.stop,
          worklist: context.worklist,
          train: lineOf(context),
          candidate: context.candidate,
        }),
        onDone: 'ended',
        onError: { target: 'ended', actions: 'rememberFault' },
      },
    },
    ended: {
      type: 'final',
      description: 'The session is over; the next one starts from the log and the remote.',
      tags: ['done'],
    },
  },
});
