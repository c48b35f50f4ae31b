/** What the log is told of runs, each with its number: the same words are never said of two runs. Appends nothing itself. */
import type { CheckRunEnd } from '../../../io/checks/port.ts';
import type { FailureKind } from '../../../io/config-checks.ts';
import type { PayloadOf } from '../../../machines/events.ts';
import { candidateKey } from '../../../machines/identity.ts';
import type { Emission } from '../../producer.ts';
import type { SessionWork } from '../work.ts';
import type { Subject } from './bed.ts';
import type { Wish } from './run-board.ts';

type Pass = Pick<PayloadOf<'integration.checks.passed'>, 'duration_ms' | 'cached' | 'flaked'>;

export class RunWords {
  readonly #work: Pick<SessionWork, 'stamp'>;
  /** Candidate, attempt, check and tree -> number of the newest run. */
  readonly #runs = new Map<string, number>();

  constructor(work: Pick<SessionWork, 'stamp'>) {
    this.#work = work;
  }

  /** Runs of the check on the tree in this attempt of the candidate. */
  countOf(subject: Subject, wish: Wish): number {
    return this.#runs.get(runKey(subject, wish)) ?? 0;
  }

  /** One run more. */
  started(subject: Subject, wish: Wish): Emission {
    this.#count(subject, wish);
    return { type: 'integration.checks.started', payload: this.#oneRun(subject, wish) };
  }

  passed(subject: Subject, wish: Wish, pass: Pass): Emission {
    return { type: 'integration.checks.passed', payload: { ...this.#oneRun(subject, wish), ...pass } };
  }

  /** A run that need not be made. */
  cached(subject: Subject, wish: Wish, durationMs: number): Emission {
    this.#count(subject, wish);
    return this.passed(subject, wish, { duration_ms: durationMs, cached: true, flaked: false });
  }

  failed(subject: Subject, wish: Wish, end: CheckRunEnd, how: { kind: FailureKind; final: boolean }): Emission {
    const { durationMs: duration_ms, exitStatus: exit_status, signal, outputTail: output_tail, log } = end;
    const said = { duration_ms, exit_status, signal, output_tail, log, ...how };
    return { type: 'integration.checks.failed', payload: { ...this.#oneRun(subject, wish), ...said } };
  }

  #count(subject: Subject, wish: Wish): void {
    this.#runs.set(runKey(subject, wish), this.countOf(subject, wish) + 1);
  }

  #oneRun(subject: Subject, wish: Wish): PayloadOf<'integration.checks.started'> {
    const { candidate, tree } = subject;
    const { slug, branch, sha, attempt } = candidate;
    const run = Math.max(1, this.countOf(subject, wish));
    return { ...this.#work.stamp(), slug, branch, sha, attempt, check: wish.definition.name, tree, run, ...wish.about };
  }
}

const runKey = ({ candidate, tree }: Subject, { definition }: Wish): string =>
  `${candidateKey(candidate)} ${candidate.attempt} ${definition.name} ${tree}`;
