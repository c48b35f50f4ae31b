/**
 * The place where checks run: exact work trees that are reused, one process group a run, a closed environment, a log of
 * each run. Shares its folders with other processes through locks. Never decides what is run or what a verdict means.
 *
 * Invariants: a command sees exactly the tree it was asked for; nobody it started lives on when its end is told, else
 * its work tree is not used again.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckDefinition } from '../config-checks.ts';
import { closedEnvironment } from '../git/environment.ts';
import { makeExact, showRepository } from '../git/exact.ts';
import { formatCommit, ObjectStore } from '../git/objects.ts';
import { ScopedTrees } from '../git/scope.ts';
import { ensurePrivateFolder } from '../state.ts';
import { type ProcessEnd, runCheckProcess } from './check-process.ts';
import { cacheName, toolchainDigest } from './definition.ts';
import { bareEnvironment, inheritedPart } from './environment.ts';
import { RunOutput } from './output.ts';
import type { CheckGround, CheckRunEnd, CheckRunRequest } from './port.ts';
import { removeTree, type Slot, Slots } from './slots.ts';

export interface GroundOptions {
  /** Folder of the slots, logs and caches, `<state folder>/checks`; made when it is not there. */
  folder: string;
  /** The private repository, which has the trees. */
  repository: string;
  /** Environment that the commands get a part of. */
  env: Record<string, string | undefined>;
  /** Takes known secrets out of output. */
  scrub(text: string): string;
  /** Told of a toolchain command that gave no answer: why, and the end of what it wrote. */
  report?(message: string, details: Record<string, unknown>): void;
  limits?: Partial<GroundLimits>;
}

export interface GroundLimits {
  /** Between asking a command that is out of time to end, and ending it, ms. */
  termGraceMs: number;
  /** The same for one that is called off. */
  cancelGraceMs: number;
  /** For the toolchain command. */
  toolchainMs: number;
  /** Logs kept, the newest. */
  logsMax: number;
}

const LIMITS: GroundLimits = { termGraceMs: 5000, cancelGraceMs: 1000, toolchainMs: 10_000, logsMax: 200 };
const LOG_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
/** Committer's clock of what a command finds as its only commit; archives know no time before 1980. */
const COMMIT_SECONDS = 946_684_800;
/** Characters told of what a toolchain command wrote that gave no answer. */
const SAID_MAX = 500;
/** After so long without a run the cache of a check is taken away. */
const CACHE_IDLE_MS = 30 * 86_400_000;

/** Opens the ground; ends what killed sessions left running. Thrown: STATE_FOLDER (2), LOCK_UNSUPPORTED (3). */
export async function openGround(options: GroundOptions): Promise<CheckGround> {
  for (const path of ['', 'logs', 'cache']) ensurePrivateFolder(join(options.folder, path));
  const ground = new Ground({ ...options, folder: realpathSync(options.folder) });
  await ground.tidy();
  return ground;
}

class Ground implements CheckGround {
  readonly #options: GroundOptions;
  readonly #limits: GroundLimits;
  readonly #slots: Slots;
  readonly #objects: ObjectStore;
  readonly #scoped: ScopedTrees;
  readonly #toolchains = new Map<string | null, Promise<string>>();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: GroundOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#slots = new Slots(options.folder);
    this.#objects = new ObjectStore(options.repository, closedEnvironment(options.repository));
    this.#scoped = new ScopedTrees(this.#objects);
  }

  async tidy(): Promise<void> {
    const now = Date.now();
    await this.#slots.tidy(now);
    const caches = join(this.#options.folder, 'cache');
    for (const name of readdirSync(caches))
      if (now - statSync(join(caches, name)).mtimeMs > CACHE_IDLE_MS) await removeTree(join(caches, name));
  }

  async seen({ paths }: CheckDefinition, tree: string): Promise<string> {
    return paths === null ? tree : await this.#scoped.treeOf(tree, paths);
  }

  toolchain({ toolchain }: CheckDefinition): Promise<string> {
    let known = this.#toolchains.get(toolchain);
    if (known === undefined) {
      known = this.#keep(this.#askToolchain(toolchain));
      this.#toolchains.set(toolchain, known);
    }
    return known;
  }

  run(request: CheckRunRequest): Promise<CheckRunEnd> {
    return this.#keep(this.#run(request));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
    await this.#objects.close();
  }

  #keep<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const done = () => this.#running.delete(work);
    work.then(done, done);
    return work;
  }

  async #run({ definition, tree, logName, signal }: CheckRunRequest): Promise<CheckRunEnd> {
    const began = performance.now();
    const since = () => Math.round(performance.now() - began);
    if (!LOG_NAME.test(logName)) return notStarted('the name of the log is none', 0);
    const either = eitherOf(signal, this.#closing.signal);
    let slot: Slot | null = null;
    try {
      if (either.signal.aborted) return cancelled(0);
      slot = await this.#prepared(tree, either.signal);
      if (either.signal.aborted) return cancelled(since());
      const preparedMs = since();
      const { process, outputTail, log } = await this.#runIn(slot, {
        definition,
        tree,
        logName,
        signal: either.signal,
      });
      if (process.clean) slot.ended();
      else await slot.discard();
      return {
        ended: process.ended === 'exited' ? (process.status === 0 ? 'passed' : 'failed') : process.ended,
        exitStatus: process.status,
        signal: process.signal,
        durationMs: process.durationMs,
        preparedMs,
        outputTail: process.detail === null ? outputTail : `${outputTail}${process.detail}\n`,
        log,
      };
    } catch (error) {
      if (either.signal.aborted) return cancelled(since());
      await slot?.discard().catch(() => undefined);
      return notStarted(this.#options.scrub((error as Error).message), since());
    } finally {
      either.done();
      if (slot) this.#slots.give(slot);
    }
  }

  /** A slot whose work tree holds exactly `tree`. One that cannot be mended is made anew, once. */
  async #prepared(tree: string, signal: AbortSignal): Promise<Slot> {
    const slot = await this.#slots.take(tree);
    try {
      if (!slot.isKnown) await slot.discard();
      const wasKnown = slot.isKnown;
      slot.remember(tree);
      await this.#make(slot, tree, signal).catch(async (error) => {
        await slot.discard();
        if (!wasKnown || signal.aborted) throw error;
        slot.remember(tree);
        await this.#make(slot, tree, signal);
      });
      return slot;
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
  }

  async #make({ workTree, gitFolder, home }: Slot, tree: string, signal: AbortSignal): Promise<void> {
    const place = { repository: this.#options.repository, workTree, gitFolder, home };
    await makeExact(place, tree, signal);
    const message = `${tree}\n`;
    const content = formatCommit({ tree, parents: [], author: 'telec <>', timeSeconds: COMMIT_SECONDS, message });
    showRepository(place, await this.#objects.write('commit', content));
  }

  async #runIn(
    slot: Slot,
    { definition, tree, logName, signal }: CheckRunRequest,
  ): Promise<{ process: ProcessEnd; outputTail: string; log: string }> {
    const { folder, env, scrub } = this.#options;
    const cache = join(folder, 'cache', cacheName(definition));
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    utimesSync(cache, new Date(), new Date());
    const log = join(folder, 'logs', `${logName}.log`);
    this.#dropLogs();
    const output = new RunOutput(log);
    const own = { TELEC_CHECK: definition.name, TELEC_TREE: tree, TELEC_CHECK_CACHE: cache };
    const process = await runCheckProcess({
      line: definition.run,
      cwd: slot.workTree,
      env: { ...bareEnvironment(env, slot.places()), ...own, HOME: slot.home },
      timeoutMs: definition.timeoutMs,
      ...this.#graces(),
      signal,
      output,
      onStart: (group) => slot.began(group),
    });
    return { process, outputTail: await output.finish(scrub), log };
  }

  #graces() {
    return { graceMs: this.#limits.termGraceMs, cancelGraceMs: this.#limits.cancelGraceMs };
  }

  /** Room for one more. */
  #dropLogs(): void {
    const logs = join(this.#options.folder, 'logs');
    const found = readdirSync(logs).map((name) => ({ name, at: statSync(join(logs, name)).mtimeMs }));
    found.sort((a, b) => b.at - a.at);
    for (const { name } of found.slice(this.#limits.logsMax - 1)) rmSync(join(logs, name), { force: true });
  }

  async #askToolchain(line: string | null): Promise<string> {
    const { platform, arch } = process;
    const environment = inheritedPart(this.#options.env);
    if (line === null) return toolchainDigest({ platform, arch, environment, said: null });
    return toolchainDigest({ platform, arch, environment, said: await this.#said(line) });
  }

  /** What the command says in an empty folder; something that nobody ever said when it does not end well. */
  async #said(line: string): Promise<string> {
    const never = `no answer: ${randomUUID()}`;
    const slot = await this.#slots.take('');
    try {
      const places = slot.places();
      const log = join(slot.folder, 'toolchain.log');
      const output = new RunOutput(log);
      const cwd = join(places.temporary, 'empty');
      mkdirSync(cwd);
      const end = await runCheckProcess({
        line,
        cwd,
        env: { ...bareEnvironment(this.#options.env, places), HOME: slot.home },
        timeoutMs: this.#limits.toolchainMs,
        ...this.#graces(),
        signal: this.#closing.signal,
        output,
        onStart: (group) => slot.began(group),
      });
      const said = output.text();
      rmSync(log, { force: true });
      slot.ended();
      if (end.ended === 'exited' && end.status === 0) return said;
      const why = end.ended === 'exited' ? `ended with ${end.status ?? end.signal}` : end.ended;
      this.#unanswered(line, why, said);
      return never;
    } catch (fault) {
      this.#unanswered(line, fault instanceof Error ? fault.message : String(fault), '');
      return never;
    } finally {
      this.#slots.give(slot);
    }
  }

  #unanswered(toolchain: string, why: string, said: string): void {
    if (this.#closing.signal.aborted) return;
    const wrote = this.#options.scrub(said).slice(-SAID_MAX);
    this.#options.report?.('a toolchain command gave no answer: no verdict of its checks is used again', {
      toolchain,
      why,
      wrote,
    });
  }
}

function cancelled(preparedMs: number): CheckRunEnd {
  return { ...notStarted('', preparedMs), ended: 'cancelled' };
}

function notStarted(why: string, preparedMs: number): CheckRunEnd {
  const outputTail = why === '' ? '' : `${why}\n`;
  return { ended: 'not_started', exitStatus: null, signal: null, durationMs: 0, preparedMs, outputTail, log: '' };
}

/** A signal that aborts with either; not `AbortSignal.any`, whose signal can be collected while it is waited for. */
function eitherOf(one: AbortSignal, other: AbortSignal): { signal: AbortSignal; done(): void } {
  const both = new AbortController();
  const abort = () => both.abort();
  for (const signal of [one, other]) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: both.signal,
    done: () => {
      for (const signal of [one, other]) signal.removeEventListener('abort', abort);
    },
  };
}
