/**
 * Drives the real session over generated candidates: real log, lease, private repository and remote, nothing replaced.
 * Measures by the session's own named points and by the calls it makes to git.
 */
import { join } from 'node:path';
import { auditMain } from '../src/actors/audit/audit.ts';
import { envelopeView } from '../src/actors/commands/reading.ts';
import type { EnvelopeView } from '../src/actors/event-views.ts';
import type { FaultPoint } from '../src/actors/faults.ts';
import { type Host, openHost } from '../src/actors/host.ts';
import type { SessionResult } from '../src/actors/integrator.ts';
import { readConfig } from '../src/io/config.ts';
import type { IntegrationRepository } from '../src/io/git/port.ts';
import { openRepository } from '../src/io/git/repository.ts';
import { stopServer } from '../src/io/redis/server.ts';
import type { Candidate } from './generated.ts';

/** How one drain went, ms. */
export interface Drain {
  delivered: number;
  blocked: number;
  /** From the start of the session to its last receipt. */
  totalMs: number;
  /** From the first dequeue to the last receipt. */
  drainMs: number;
  /** Of the drain: talking to the remote. */
  remoteMs: number;
  /** Time between two named points, by the later one's name. */
  phases: [name: string, ms: number][];
  /** Time inside each call to git, and how many there were. */
  calls: [name: string, sum: { ms: number; count: number }][];
}

const REMOTE_CALLS = new Set(['look', 'fetch', 'push']);

export class Integration {
  readonly #host: Host;
  readonly #git: IntegrationRepository;
  readonly #folder: string;
  readonly #trace: Trace;

  private constructor(host: Host, git: IntegrationRepository, folder: string, trace: Trace) {
    this.#host = host;
    this.#git = git;
    this.#folder = folder;
    this.#trace = trace;
  }

  /** A fresh log, and a fresh private repository filled from `seed`, of which `remote` is a copy. */
  static async open(folder: string, remote: string, seed: string, main: string): Promise<Integration> {
    const trace = new Trace();
    const host = await openHost({
      repoId: 'bench',
      folder,
      redisUrl: null,
      source: 'integrator/bench',
      faults: { reach: (point) => trace.reach(point) },
    });
    const git = await openRepository({
      dir: join(folder, 'git'),
      clonePath: seed,
      remote: { url: remote, config: [], env: {}, safeDirectories: [] },
      main: 'main',
    });
    await host.producer.emit('integration.cutover.enabled', {
      main_sha: main,
      evidence: 'a benchmark',
      actor: 'person/bench',
      reason: 'a benchmark',
      command_id: host.ids.ulid(),
    });
    return new Integration(host, trace.watch(git), folder, trace);
  }

  /** Announces the candidates as their workers would, then lets one session deliver them. */
  async drain(candidates: readonly Candidate[], pushBatch: number): Promise<Drain> {
    await this.announce(candidates);
    return this.#trace.drain(await this.run(candidates.length, `integration:\n  push_batch: ${pushBatch}\n`));
  }

  /** Makes the candidates ready, in their order. */
  async announce(candidates: readonly Candidate[]): Promise<void> {
    const host = this.#host;
    for (const [index, { slug, branch, sha }] of candidates.entries()) {
      const at = new Date(host.clock.now() - candidates.length + index).toISOString();
      const worker = { worker_session_id: 'worker', orchestrator_session_id: 'worker' };
      const pushed = { branch, sha, remote: 'origin', pushed_at: at, pusher: 'worker' };
      await host.producer.emitAll([
        {
          type: 'review.approved',
          payload: { slug, approved_at: at, review_round: 1, reviewer_session_id: 'reviewer', sha },
        },
        { type: 'deployment.started', payload: { slug, branch, sha, ...worker, ready_at: at, pushed } },
      ]);
    }
    await host.dispatcher.catchUp();
  }

  /** One session under that `telec.yaml`, which must end `count` candidates. */
  async run(count: number, yaml: string): Promise<SessionResult> {
    const { config } = readConfig({ main: null, workTree: yaml, env: { TELEC_INTEGRATION_GRACE_MS: '0' } });
    this.#trace.begin();
    const result = await this.#host.startSession(this.#git, config).done;
    if (result.outcome !== 'drained' || result.completed + result.blocked !== count)
      throw new Error(`the session ended ${result.outcome}: ${JSON.stringify(result)}`);
    return result;
  }

  /** Everything in the log behind `after` ('0': all of it), oldest first. */
  async entries(after: string): Promise<EnvelopeView[]> {
    const entries: EnvelopeView[] = [];
    for (let from = after; ; ) {
      const page = await this.#host.log.read(from, 1000);
      entries.push(...page.map(envelopeView));
      const last = page.at(-1);
      if (!last) return entries;
      from = last.id;
    }
  }

  /** Newest entry of the log. */
  async lastId(): Promise<string> {
    return (await this.#host.log.stats()).lastId;
  }

  /** Folder of its state. */
  get folder(): string {
    return this.#folder;
  }

  async close(): Promise<void> {
    await this.#git.close();
    await this.#host.close();
    await stopServer(this.#folder);
  }
}

/** Audits all that a drain left in `folder`, as a command does that has nothing in memory. Milliseconds. */
export async function auditAll(folder: string, remote: string, seed: string): Promise<number> {
  const host = await openHost({ repoId: 'bench', folder, redisUrl: null, source: 'admin/bench', readOnly: true });
  const began = performance.now();
  const git = await openRepository({
    dir: join(folder, 'git'),
    clonePath: seed,
    remote: { url: remote, config: [], env: {}, safeDirectories: [] },
    main: 'main',
  });
  try {
    const { violations, commits } = await auditMain(host, git);
    if (violations.length > 0 || commits === 0) throw new Error(`the audit found ${JSON.stringify(violations[0])}`);
    return performance.now() - began;
  } finally {
    await git.close();
    await host.close();
    await stopServer(folder);
  }
}

class Trace {
  #points: { name: string; at: number }[] = [];
  #calls: { name: string; from: number; to: number }[] = [];

  begin(): void {
    this.#points = [{ name: 'start', at: performance.now() }];
    this.#calls = [];
  }

  reach(point: FaultPoint): void {
    this.#points.push({ name: point, at: performance.now() });
  }

  /** The same repository, with every call timed. */
  watch(git: IntegrationRepository): IntegrationRepository {
    const calls = (call: { name: string; from: number; to: number }) => this.#calls.push(call);
    return new Proxy(git, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          const from = performance.now();
          try {
            return await (member.apply(target, args) as Promise<unknown>);
          } finally {
            calls({ name: String(name), from, to: performance.now() });
          }
        };
      },
    });
  }

  drain({ completed, blocked }: { completed: number; blocked: number }): Drain {
    const points = this.#points;
    const ends = new Set(['after-push-recorded', 'after-block']);
    const last = points.findLast(({ name }) => ends.has(name))?.at ?? Number.NaN;
    const start = points[0]?.at ?? Number.NaN;
    const first = points.find(({ name }) => name === 'before-dequeue')?.at ?? Number.NaN;
    const phases = new Map<string, number>();
    for (const [index, { name, at }] of points.entries()) {
      const before = points[index - 1];
      if (!before || at <= first || at > last) continue;
      phases.set(name, (phases.get(name) ?? 0) + at - before.at);
    }
    const calls = new Map<string, { ms: number; count: number }>();
    for (const { name, from, to } of this.#calls) {
      if (from < first || to > last) continue;
      const sum = calls.get(name) ?? { ms: 0, count: 0 };
      calls.set(name, { ms: sum.ms + to - from, count: sum.count + 1 });
    }
    const remoteMs = [...calls].reduce((sum, [name, { ms }]) => (REMOTE_CALLS.has(name) ? sum + ms : sum), 0);
    return {
      delivered: completed,
      blocked,
      totalMs: last - start,
      drainMs: last - first,
      remoteMs,
      phases: [...phases],
      calls: [...calls],
    };
  }
}
