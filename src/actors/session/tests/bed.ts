/**
 * The test bed of a session: tests the deliveries of the line, tells the chart each verdict, tries again within the
 * budgets, and puts every run into the log. It decides nothing about the line.
 *
 * Invariants: a verdict is about what the command saw, its definition and its tools, and about nothing less; a run that
 * nobody waits for writes nothing; nothing is told once the lease is lost; no delivery that changes the checks lands by a
 * test under its own ones.
 */
import { availableParallelism } from 'node:os';
import { InvariantViolation, TelecError } from '../../../errors.ts';
import { definitionDigest } from '../../../io/checks/definition.ts';
import type { CheckGround, CheckRunEnd } from '../../../io/checks/port.ts';
import type { CheckDefinition, FailureKind } from '../../../io/config-checks.ts';
import type { Member, Stop, Taken } from '../../../machines/effects.ts';
import type { PayloadOf } from '../../../machines/events.ts';
import { type CandidateKey, candidateKey } from '../../../machines/identity.ts';
import type { Verdict } from '../../../machines/speculation.ts';
import type { Emission } from '../../producer.ts';
import { type SessionWork, stop, stoppable } from '../work.ts';
import { Definitions } from './definitions.ts';
import { type Job, RunBoard, type Wish } from './run-board.ts';

export type ReceiptCheck = NonNullable<PayloadOf<'deployment.completed'>['receipt']>['checks'][number];

/** What is tested, and as what: a delivery of the line, or in shadow what one would make of main. */
export interface Subject {
  candidate: Taken;
  /** Names it in the line. */
  tip: string;
  tree: string;
  base: string;
  /** Deliveries that share its test, itself left out. */
  company: readonly CandidateKey[];
  /** Behind it other checks count than for itself. */
  changesChecks: boolean;
}

/** The run that failed for good, for the evidence. */
export interface CheckFailure {
  subject: Subject;
  definition: CheckDefinition;
  end: CheckRunEnd;
  /** Runs of it on that tree in this attempt. */
  runs: number;
}

/** What the bed tells the chart. */
export type BedTold =
  | { type: 'checks.settled'; tip: string; verdict: Verdict }
  | { type: 'checks.stopped'; stop: Stop | null; fault: unknown };

interface Trial {
  subject: Subject;
  /** Runs it still waits for. */
  open: number;
  passed: ReceiptCheck[];
  verdict: Verdict;
  /** As the chart heard it: a verdict may have to wait for that of one before it. */
  told: Verdict;
  /** False for one that stands in no line. */
  inLine: boolean;
  settled(verdict: Verdict): void;
}

type Pass = Pick<PayloadOf<'integration.checks.passed'>, 'duration_ms' | 'cached' | 'flaked'>;

/** A place for checks that cannot be had is a matter of this machine, and no mistake of the program. */
function noGround(error: unknown): never {
  if (!(error instanceof TelecError) || error.retryable) throw error;
  return stop('refused', 'checks', `checks cannot be run here: ${error.message}`, error.code);
}

export class TestBed {
  readonly definitions: Definitions;
  readonly #work: SessionWork;
  readonly #tell: (told: BedTold) => void;
  readonly #board: RunBoard<Trial>;
  readonly #trials = new Map<string, Trial>();
  readonly #failures = new Map<CandidateKey, CheckFailure>();
  /** Candidate, attempt, check and tree -> number of the newest run. */
  readonly #runs = new Map<string, number>();
  #line: readonly string[] = [];
  #isClosed = false;
  #ground: Promise<CheckGround> | null = null;

  constructor(work: SessionWork, tell: (told: BedTold) => void) {
    const { config, git } = work.parts;
    this.#work = work;
    this.#tell = tell;
    this.definitions = new Definitions(git, config.checks);
    this.#board = new RunBoard({
      parallel: config.speculation.parallel ?? availableParallelism(),
      execute: (job) => this.#execute(job),
      rank: ({ subject }) => this.#placeOf(subject),
    });
    work.lost.signal.addEventListener('abort', () => this.#board.shut());
  }

  /** Notes a delivery for which no check is configured. */
  free(subject: Subject): void {
    const settled = () => undefined;
    this.#trials.set(subject.tip, {
      subject,
      open: 0,
      passed: [],
      verdict: 'free',
      told: 'free',
      inLine: true,
      settled,
    });
  }

  /** Begins to test a delivery of the line; a verdict that is not known yet is told to the chart. */
  begin(subject: Subject, definitions: readonly CheckDefinition[]): Promise<Verdict> {
    const { tip } = subject;
    const settled = (verdict: Verdict) => this.#tell({ type: 'checks.settled', tip, verdict });
    return this.#begin(subject, definitions, { inLine: true, settled });
  }

  /** Tests to the end what stands in no line; null: it passed. Ends at once when the session is to end. */
  async judge(subject: Subject, definitions: readonly CheckDefinition[]): Promise<CheckFailure | null> {
    const { signal } = this.#work.hurried;
    let interrupt: () => void = () => undefined;
    try {
      const verdict = await new Promise<Verdict>((resolve, reject) => {
        interrupt = () => resolve('running');
        signal.addEventListener('abort', interrupt, { once: true });
        if (signal.aborted) interrupt();
        const begun = this.#begin(subject, definitions, { inLine: false, settled: resolve });
        begun.then((known) => known === 'running' || resolve(known), reject);
      });
      if (verdict === 'passed') return null;
      const failure = this.takeFailure(candidateKey(subject.candidate));
      return failure ?? stop('aborted', 'shutdown', 'the session was told to end');
    } finally {
      signal.removeEventListener('abort', interrupt);
      this.#drop(subject.tip);
      this.#board.endIdle();
    }
  }

  /**
   * Told where the line stands: tips in their order. Runs for what left it go on while one that is built again may want
   * them, and end when nobody is left to be built (`isAtRest`).
   */
  follow(line: readonly string[], isAtRest: boolean): void {
    this.#line = line;
    for (const [tip, trial] of this.#trials) {
      if (trial.inLine && !line.includes(tip)) this.#drop(tip);
    }
    if (isAtRest) this.#board.endIdle();
    this.#board.schedule();
  }

  /** Why the candidate failed; said once. */
  takeFailure(key: CandidateKey): CheckFailure | null {
    const failure = this.#failures.get(key) ?? null;
    this.#failures.delete(key);
    return failure;
  }

  /**
   * What each member of a train passed: on its own tree, or on that of the next one behind it that was tested. Thrown:
   * InvariantViolation when one was not tested that had to be, so that nothing of the kind is ever pushed.
   */
  proofs(train: readonly Member[]): ReceiptCheck[][] {
    let cover: Trial | null = null;
    const proofs: ReceiptCheck[][] = [];
    for (const member of train.toReversed()) {
      const trial = this.#trials.get(member.tip);
      const verdict = trial?.verdict ?? 'untested';
      if (trial?.verdict === 'passed') cover = trial;
      const isSame = trial === undefined || trial.subject.tree === member.tree;
      const isProven = verdict === 'free' || (cover !== null && verdict !== 'running');
      if (!isSame || !isProven)
        throw new InvariantViolation(`${candidateKey(member)} was about to be pushed with the verdict ${verdict}`);
      proofs.unshift(verdict === 'free' ? [] : (cover?.passed ?? []));
    }
    return proofs;
  }

  /** Ends all runs and gives the work trees back; nothing is recorded any more when it is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#board.shut();
    await this.#board.over();
    await (await this.#ground?.catch(() => null))?.close();
  }

  async #begin(
    subject: Subject,
    definitions: readonly CheckDefinition[],
    way: Pick<Trial, 'inLine' | 'settled'>,
  ): Promise<Verdict> {
    const { parts } = this.#work;
    const trial: Trial = {
      subject,
      open: definitions.length,
      passed: [],
      verdict: 'running',
      told: 'running',
      ...way,
    };
    this.#failures.delete(candidateKey(subject.candidate));
    const wishes = await Promise.all(definitions.map((definition, place) => this.wish(definition, place, subject)));
    this.#trials.set(subject.tip, trial);
    const told: Emission[] = [];
    const had: { wish: Wish; durationMs: number }[] = [];
    for (const wish of wishes) {
      const pass = parts.repository.tests.passOf(wish.about);
      if (pass) {
        this.#countRun(trial, wish);
        told.push(this.#passed(trial, wish, { duration_ms: pass.durationMs, cached: true, flaked: false }));
        had.push({ wish, durationMs: pass.durationMs });
        continue;
      }
      const job = this.#board.jobOf(wish);
      if (job.end) {
        const { durationMs } = job.end;
        const flaked = parts.repository.tests.hasFailed(wish.about);
        told.push(this.#started(trial, wish));
        told.push(this.#passed(trial, wish, { duration_ms: durationMs, cached: false, flaked }));
        had.push({ wish, durationMs });
        this.#board.forget(job);
        continue;
      }
      job.waiters.push(trial);
      if (job.state === 'running') told.push(this.#started(trial, wish));
    }
    if (told.length > 0) await this.#work.record(...told);
    for (const { wish, durationMs } of had) this.#credit(trial, wish, durationMs);
    this.#board.schedule();
    return trial.told;
  }

  /** What a verdict of the check on the tree would be about. */
  async wish(definition: CheckDefinition, place: number, { tree }: Pick<Subject, 'tree'>): Promise<Wish> {
    this.#ground ??= this.#work.parts.openGround();
    const ground = await this.#ground.catch(noGround);
    const [seen, toolchain] = await Promise.all([ground.seen(definition, tree), ground.toolchain(definition)]);
    return { definition, place, about: { seen, definition: definitionDigest(definition), toolchain } };
  }

  #drop(tip: string): void {
    const trial = this.#trials.get(tip);
    if (!trial) return;
    this.#trials.delete(tip);
    this.#board.leave(trial);
  }

  #placeOf({ tip }: Subject): number {
    const place = this.#line.indexOf(tip);
    return place < 0 ? this.#line.length : place;
  }

  async #execute(job: Job<Trial>): Promise<void> {
    try {
      const outcome = await stoppable(() => this.#run(job));
      if (outcome.kind === 'stopped') this.#breakDown(outcome.stop, null);
    } catch (fault) {
      this.#breakDown(null, fault);
    }
  }

  /** What keeps the bed from going on ends the session, as it would in an effect. */
  #breakDown(why: Stop | null, fault: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#board.shut();
    this.#tell({ type: 'checks.stopped', stop: why, fault });
  }

  async #run(job: Job<Trial>): Promise<{ kind: 'over' }> {
    const over = { kind: 'over' } as const;
    const { faults, ids } = this.#work.parts;
    const { definition, about, ending } = job;
    await faults.reach('before-check-started');
    if (ending.signal.aborted) return over;
    await this.#work.record(...job.waiters.map((trial) => this.#started(trial, job)));
    await faults.reach('after-check-started');
    const ground = await this.#ground;
    if (ending.signal.aborted || !ground) return over;
    const logName = `${ids.ulid()}-${job.waiters[0]?.subject.candidate.slug ?? 'nobody'}-${definition.name}`;
    const end = await ground.run({ definition, tree: about.seen, logName, signal: ending.signal });
    if (ending.signal.aborted || end.ended === 'cancelled') return over;
    await faults.reach('after-check');
    if (end.ended !== 'passed') await this.#fail(job, end, end.ended);
    else if (job.waiters.length > 0) await this.#pass(job, end);
    else {
      job.state = 'over';
      job.end = end;
    }
    return over;
  }

  async #pass(job: Job<Trial>, { durationMs }: CheckRunEnd): Promise<void> {
    const { repository, faults } = this.#work.parts;
    const flaked = repository.tests.hasFailed(job.about);
    // Who comes while it is written down waits for it, too.
    for (let first = true; job.waiters.length > 0; first = false) {
      const waiters = this.#inOrder(job);
      const told = waiters.map((trial, index) => {
        const isOwn = first && index === 0;
        return this.#passed(trial, job, { duration_ms: durationMs, cached: !isOwn, flaked: isOwn && flaked });
      });
      await this.#work.record(...told);
      await faults.reach('after-check-passed');
      job.waiters = job.waiters.filter((trial) => !waiters.includes(trial));
      for (const trial of waiters) this.#credit(trial, job, durationMs);
    }
    this.#board.forget(job);
  }

  /** The first in the line answers for the run; it is tried again when that one's budget allows. */
  async #fail(job: Job<Trial>, end: CheckRunEnd, kind: FailureKind): Promise<void> {
    const { repository, faults, config } = this.#work.parts;
    const { definition } = job;
    const [owner, ...others] = this.#inOrder(job);
    if (!owner) return this.#board.forget(job);
    const { candidate } = owner.subject;
    const { slug, sha } = candidate;
    const spent = repository.tests.spent({ slug, sha, check: definition.name })[kind] ?? 0;
    const final = spent >= definition.retries[kind];
    await this.#work.record({
      type: 'integration.checks.failed',
      payload: {
        ...this.#oneRun(owner, job),
        duration_ms: end.durationMs,
        kind,
        exit_status: end.exitStatus,
        signal: end.signal,
        output_tail: end.outputTail,
        log: end.log,
        final,
      },
    });
    await faults.reach('after-check-failed');
    if (final && this.#isIn(owner)) {
      const runs = this.#runs.get(this.#runKey(owner, job)) ?? 1;
      this.#failures.set(candidateKey(candidate), { subject: owner.subject, definition, end, runs });
      this.#settle(owner, 'failed');
      // They contain the one that failed, and are built again without it; one that passes could redeem it, though.
      if (config.speculation.patience === 0) for (const other of others) this.#settle(other, 'failed');
    }
    if (job.waiters.length === 0 || job.ending.signal.aborted) this.#board.forget(job);
    else job.state = 'waiting';
  }

  #inOrder({ waiters }: Job<Trial>): Trial[] {
    return [...waiters].sort((a, b) => this.#placeOf(a.subject) - this.#placeOf(b.subject));
  }

  /** A trial of the same delivery may have taken its place. */
  #isIn(trial: Trial): boolean {
    return this.#trials.get(trial.subject.tip) === trial;
  }

  #credit(trial: Trial, { definition }: Wish, durationMs: number): void {
    trial.open -= 1;
    trial.passed.push({ check: definition.name, tree: trial.subject.tree, duration_ms: durationMs });
    if (trial.open === 0) this.#settle(trial, 'passed');
  }

  #settle(trial: Trial, verdict: 'passed' | 'failed'): void {
    if (!this.#isIn(trial) || trial.verdict !== 'running') return;
    trial.verdict = verdict;
    for (const job of this.#board.leave(trial)) this.#board.end(job);
    this.#announce(trial);
    if (!trial.subject.changesChecks) return;
    for (const tip of this.#line.slice(this.#placeOf(trial.subject) + 1)) {
      const behind = this.#trials.get(tip);
      if (behind) this.#announce(behind);
    }
  }

  /**
   * Tells the verdict. Behind one that changes the checks it waits for that one's: what passes under other checks does
   * not speak for it.
   */
  #announce(trial: Trial): void {
    const before = this.#line.slice(0, this.#placeOf(trial.subject)).flatMap((tip) => this.#trials.get(tip) ?? []);
    const { patience } = this.#work.parts.config.speculation;
    // Without patience nothing lands by what comes behind it.
    const changing = patience === 0 ? [] : before.filter(({ subject }) => subject.changesChecks);
    if (changing.some(({ verdict }) => verdict === 'failed')) {
      for (const job of this.#board.leave(trial)) this.#board.end(job);
      trial.verdict = 'failed';
    } else if (changing.some(({ verdict }) => verdict === 'running')) return;
    if (trial.told === trial.verdict) return;
    trial.told = trial.verdict;
    trial.settled(trial.verdict);
  }

  #runKey({ subject: { candidate, tree } }: Trial, { definition }: Wish): string {
    return `${candidateKey(candidate)} ${candidate.attempt} ${definition.name} ${tree}`;
  }

  #oneRun(trial: Trial, wish: Wish): PayloadOf<'integration.checks.started'> {
    const { slug, branch, sha, attempt } = trial.subject.candidate;
    const run = this.#runs.get(this.#runKey(trial, wish)) ?? 1;
    const { tree } = trial.subject;
    const check = wish.definition.name;
    return { ...this.#work.stamp(), slug, branch, sha, attempt, check, tree, run, ...wish.about };
  }

  #countRun(trial: Trial, wish: Wish): void {
    const key = this.#runKey(trial, wish);
    this.#runs.set(key, (this.#runs.get(key) ?? 0) + 1);
  }

  /** Counts one run more. */
  #started(trial: Trial, wish: Wish): Emission {
    this.#countRun(trial, wish);
    return { type: 'integration.checks.started', payload: this.#oneRun(trial, wish) };
  }

  #passed(trial: Trial, wish: Wish, pass: Pass): Emission {
    return { type: 'integration.checks.passed', payload: { ...this.#oneRun(trial, wish), ...pass } };
  }
}
