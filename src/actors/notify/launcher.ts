/**
 * The launcher: buttons on Discord, one for each configured agent, and what a press does: the command of that agent is
 * started once, and who pressed hears what came of it. Of all daemons on one Redis one does this at a time.
 *
 * Invariants: nothing but a configured command is ever run, and never with words of the chat in it; a press is obeyed once,
 * however often it is told; what fails in one forum keeps no other from its buttons.
 */
import { join } from 'node:path';
import { sleep, systemIds } from '../../io/clock.ts';
import { type CommandEnd, commandEnvironment, runCommand } from '../../io/command-run.ts';
import type { DiscordConfig, LauncherConfig } from '../../io/config-notify.ts';
import { ensurePrivateFolder } from '../../io/state.ts';
import type { Bot, Press } from '../../io/surfaces/discord-gateway.ts';
import type { LauncherPost } from '../../io/surfaces/discord-launcher.ts';
import { buildSessionLauncherView, pressedAgent } from '../../io/surfaces/launcher-view.ts';
import { backoffMs } from '../../machines/delivery-rules.ts';
import type { Companion, CompanionParts } from '../companions.ts';
import { stateNoter } from './noted.ts';

const TURN_MS = 45_000;
/** How often the turn is prolonged, and what failed looked at again. */
const LOOK_MS = 15_000;
const CONNECT_MS = 30_000;
const POST_MS = 20_000;
/** A forum that could not be served is tried again after this long. */
const FORUM_RETRY_MS = 600_000;
const RECHECK_MS = 3_600_000;
/** How long a press waits to be able to say how the command ended. */
const ANSWER_MS = 8000;
/** What an agent may run at most before it is ended. */
const RUN_MS = 24 * 3_600_000;
/** How long a press is remembered; Discord repeats one for minutes at most. */
const PRESS_MS = 3_600_000;
/** Closes after which the gateway takes this bot no more: a wrong token, or what it may not ask for. */
const FATAL = new Set([4004, 4010, 4011, 4012, 4013, 4014]);

/** What of Discord's client the launcher uses; loaded when it starts, never when it is ready. */
interface Client {
  openBot: typeof import('../../io/surfaces/discord-gateway.ts').openBot;
  postLauncher: typeof import('../../io/surfaces/discord-launcher.ts').postLauncher;
  faultOf: typeof import('../../io/surfaces/discord-rest.ts').faultOf;
}

/** The companion that keeps the launcher; null where none is configured. */
export function openLauncher(parts: CompanionParts): Companion | null {
  const { discord } = parts.opened.workspace.config.notify;
  return discord?.launcher && discord.bot_token_env ? new Launcher(parts, discord, discord.launcher) : null;
}

class Launcher implements Companion {
  readonly #parts: CompanionParts;
  readonly #discord: DiscordConfig;
  readonly #launcher: LauncherConfig;
  readonly #note: ReturnType<typeof stateNoter>;
  readonly #ending = new AbortController();
  readonly #owner: string;
  /** Forum -> when it is tried again, on the monotonic clock; none once it is served. */
  readonly #unserved = new Map<string, number>();
  readonly #posts = new Map<string, LauncherPost>();
  /** Who is starting what just now: a double click is one wish. */
  readonly #starting = new Set<string>();
  #bot: Bot | null = null;
  #lost: string | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: CompanionParts, discord: DiscordConfig, launcher: LauncherConfig) {
    this.#parts = parts;
    this.#discord = discord;
    this.#launcher = launcher;
    this.#note = stateNoter(parts);
    this.#owner = systemIds(parts.opened.host.clock).ulid();
  }

  start(): void {
    this.#running = this.#keep().catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#parts.report.error('the launcher ended', error);
    });
  }

  applied(): void {
    // No entry of the log concerns it.
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#disconnect();
    await this.#parts.opened.host.told.endTurn(this.#key, this.#owner).catch(() => undefined);
  }

  get #key(): string {
    return 'launcher';
  }

  async #keep(): Promise<void> {
    const { context, host } = this.#parts.opened;
    const { signal } = this.#ending;
    const variable = this.#discord.bot_token_env ?? '';
    const token = context.env[variable]?.trim();
    if (!token) return this.#note('launcher', 'closed', `${variable} is not set in the environment of the daemon`);
    const client = await this.#load();
    for (let failures = 0; !signal.aborted; ) {
      let pause = LOOK_MS;
      const turn = await host.told.takeTurn(this.#key, this.#owner, TURN_MS).catch(() => null);
      if (turn?.kind === 'other') {
        this.#note('launcher', 'standby', null);
        await this.#disconnect();
        pause = Math.min(TURN_MS, turn.leftMs + 500);
      } else if (turn !== null) {
        if (turn.kind === 'taken') await this.#recall();
        const fault = await this.#serve(client, token);
        failures = fault === null ? 0 : failures + 1;
        if (fault !== null) pause = fault === 'gone' ? RECHECK_MS : Math.max(LOOK_MS, backoffMs(failures, 1));
        // The turn is not kept for the sake of a door that is shut.
        if (pause > TURN_MS) await host.told.endTurn(this.#key, this.#owner).catch(() => undefined);
      }
      await sleep(host.clock, pause, signal).catch(() => undefined);
    }
  }

  async #load(): Promise<Client> {
    const [{ openBot }, { postLauncher }, { faultOf }] = await Promise.all([
      import('../../io/surfaces/discord-gateway.ts'),
      import('../../io/surfaces/discord-launcher.ts'),
      import('../../io/surfaces/discord-rest.ts'),
    ]);
    return { openBot, postLauncher, faultOf };
  }

  /** Where the messages stand, by whomever they were put there; all are looked at once. */
  async #recall(): Promise<void> {
    const { marks } = await this.#parts.opened.host.told.load(this.#key, '0').catch(() => ({ marks: new Map() }));
    for (const forum of this.#launcher.forums) {
      const post = readPost(marks.get(`forum/${forum}`));
      if (post) this.#posts.set(forum, post);
      this.#unserved.set(forum, Number.NEGATIVE_INFINITY);
    }
  }

  /** Connects when it is not, and serves the forums that are due. Null when all is well; else how bad it is. */
  async #serve(client: Client, token: string): Promise<'failing' | 'gone' | null> {
    const lost = this.#lost;
    this.#lost = null;
    if (lost !== null) {
      await this.#disconnect();
      this.#note('launcher', 'gone', lost);
      return 'gone';
    }
    if (this.#bot === null) {
      const bot = client.openBot(this.#discord.api_root, token, {
        press: (press) => void this.#pressed(press),
        closed: (code) => {
          if (FATAL.has(code)) this.#lost = `the gateway closed with ${code}`;
        },
      });
      this.#bot = bot;
      try {
        await this.#within(CONNECT_MS, () => bot.connect());
      } catch (error) {
        await this.#disconnect();
        const fault = client.faultOf(error);
        const state = fault.kind === 'refused' || this.#lost !== null ? 'gone' : 'failing';
        this.#note('launcher', state, this.#lost ?? ('detail' in fault ? fault.detail : 'asked for a pause'));
        this.#lost = null;
        return state;
      }
    }
    const faults = await this.#serveForums(client, this.#bot);
    this.#note('launcher', faults === null ? 'ok' : 'failing', faults);
    return null;
  }

  async #serveForums(client: Client, bot: Bot): Promise<string | null> {
    const { host } = this.#parts.opened;
    const view = buildSessionLauncherView(this.#launcher.agents);
    const faults: string[] = [];
    for (const [forum, at] of this.#unserved) {
      if (at > host.clock.monotonic()) {
        faults.push(`forum ${forum} is tried again later`);
        continue;
      }
      try {
        const { post, pinned } = await this.#within(POST_MS, (signal) =>
          client.postLauncher(bot.api, forum, view, this.#posts.get(forum) ?? null, signal),
        );
        this.#posts.set(forum, post);
        this.#unserved.delete(forum);
        await host.told.write(this.#key, this.#owner, new Map([[`forum/${forum}`, JSON.stringify(post)]]));
        if (!pinned) this.#parts.report.warn('the launcher could not be pinned', { forum });
      } catch (error) {
        const fault = client.faultOf(error);
        const detail = 'detail' in fault ? fault.detail : 'asked for a pause';
        const pause = fault.kind === 'limited' ? fault.retryAfterMs : FORUM_RETRY_MS;
        this.#unserved.set(forum, host.clock.monotonic() + pause);
        this.#parts.report.warn('a forum has no launcher', { forum, detail });
        faults.push(`forum ${forum}: ${detail}`);
      }
    }
    return faults.length === 0 ? null : faults.join('; ').slice(0, 500);
  }

  /** One press: said to be heard, obeyed once, answered. Never throws. */
  async #pressed(press: Press): Promise<void> {
    const { host } = this.#parts.opened;
    const name = pressedAgent(press.customId);
    if (name === null || this.#ending.signal.aborted) return;
    const { report } = this.#parts;
    const heard = press.acknowledge().catch(() => undefined);
    // Nobody can be sure of what was never kept: without Redis nothing is started.
    const first = await host.told.once(this.#key, press.id, this.#owner, PRESS_MS).catch(() => null);
    if (first === false) return;
    const said = first === null ? 'Nothing was started: telec cannot keep a record now. Press again later.' : null;
    const text = said ?? (await this.#obey(name, press));
    await heard;
    await press.answer(text).catch(() => report.warn('who pressed could not be answered', { press: press.id }));
  }

  async #obey(name: string, press: Press): Promise<string> {
    const agent = this.#launcher.agents.find((each) => each.name === name && each.enabled);
    const ours = [...this.#posts.values()].some(({ message }) => message === press.message);
    const { report, opened } = this.#parts;
    if (!agent || !ours) {
      report.warn('a press was refused', { press: press.id, user: press.user, channel: press.channel });
      return 'That agent is not to be had here any more. The buttons of the newest message are right.';
    }
    const wish = `${press.user} ${name}`;
    if (this.#starting.has(wish)) return `${name} is being started already.`;
    this.#starting.add(wish);
    try {
      const folder = join(opened.workspace.folder, 'launched');
      ensurePrivateFolder(folder);
      report.info('an agent is started', { agent: name, press: press.id, user: press.user });
      const run = runCommand({
        command: agent.run,
        cwd: opened.workspace.mainWorkTree,
        env: commandEnvironment(opened.context.env),
        logPath: join(folder, `${name}.log`),
        timeoutMs: RUN_MS,
      });
      const ended = run.then((end) => {
        report.info('an agent ended', { agent: name, press: press.id, ended: end.ended, status: end.status });
        return end;
      });
      return wordsOf(name, await Promise.race([ended, this.#patience()]));
    } catch (error) {
      report.error('an agent could not be started', error, { agent: name, press: press.id });
      return `${name} could not be started; the log of the daemon says why.`;
    } finally {
      this.#starting.delete(wish);
    }
  }

  async #patience(): Promise<null> {
    await sleep(this.#parts.opened.host.clock, ANSWER_MS, this.#ending.signal).catch(() => undefined);
    return null;
  }

  async #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#parts.opened.host;
    const late = new AbortController();
    const signal = AbortSignal.any([late.signal, this.#ending.signal]);
    const timer = clock.setTimeout(() => late.abort(new DOMException('too late', 'TimeoutError')), ms);
    const over = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const given = work(signal);
    // Whichever of the two comes second is heard by nobody.
    for (const each of [given, over]) each.catch(() => undefined);
    return Promise.race([given, over]).finally(() => clock.clearTimeout(timer as never));
  }

  async #disconnect(): Promise<void> {
    const bot = this.#bot;
    this.#bot = null;
    await bot?.close().catch(() => undefined);
  }
}

/** What is said to who pressed. The output may hold anything, so it stays where it is. */
function wordsOf(name: string, end: CommandEnd | null): string {
  if (end === null) return `${name} is started and runs.`;
  const where = `Its output is in launched/${name}.log in telec's state folder.`;
  switch (end.ended) {
    case 'exited':
      return end.status === 0 ? `${name} was started.` : `${name} ended at once with ${end.status}. ${where}`;
    case 'signalled':
      return `${name} was ended by ${end.signal}. ${where}`;
    case 'timeout':
      return `${name} ran too long and was ended. ${where}`;
    case 'unstarted':
      return `${name} could not be started; the log of the daemon says why.`;
  }
}

function readPost(text: string | undefined): LauncherPost | null {
  try {
    const { channel, message } = JSON.parse(text ?? '') as Partial<LauncherPost>;
    return typeof channel === 'string' && typeof message === 'string' ? { channel, message } : null;
  } catch {
    return null;
  }
}
