/** A runtime that answers the examples of the page, and a run of the command line against it, all in this process. */

import { archiveView } from '../../scripts/archive-examples.ts';
import { checkLog, checksView } from '../../scripts/checks-examples.ts';
import { cutoverStatus, enabled, rolledBack } from '../../scripts/cutover-examples.ts';
import { examples } from '../../scripts/examples.ts';
import { moment, overview, watched } from '../../scripts/live-examples.ts';
import { radarView } from '../../scripts/radar-examples.ts';
import { shadowReport, shadowRestarted } from '../../scripts/shadow-examples.ts';
import { simulation } from '../../scripts/simulate-examples.ts';
import { todoExamples } from '../../scripts/todo-examples.ts';
import { prioritySet } from '../../scripts/turn-examples.ts';
import type { CommandContext, Runtime, TelecClient } from '../../src/actors/client.ts';
import type { LiveDesk } from '../../src/actors/live/views.ts';
import type { TodoDesk } from '../../src/actors/todos/todo-desk.ts';
import { type MainOptions, main } from '../../src/cli/main.ts';
import type { OutputStream } from '../../src/cli/output.ts';

/** What was asked of the fake client, in order: method and arguments. */
export type Asked = [method: string, ...args: unknown[]][];

export interface FakeRuntime {
  runtime: Runtime;
  asked: Asked;
  /** True once every opened client was closed. */
  closed(): boolean;
}

/** The desk of work items, answering the examples of the page and writing down what was asked of it. */
function fakeDesk(asked: Asked): TodoDesk {
  const desk: TodoDesk = {
    list: async () => [todoExamples.todo],
    show: async () => todoExamples.detail,
    next: async () => todoExamples.next,
    create: async () => todoExamples.created,
    markPhase: async () => todoExamples.marked,
    finalize: async () => todoExamples.finalized,
    handover: async () => todoExamples.handover,
  };
  return new Proxy(desk, {
    get(target, name: keyof TodoDesk) {
      const method = target[name] as ((...args: unknown[]) => unknown) | undefined;
      if (!method) return undefined;
      return (...args: unknown[]) => {
        asked.push([name, ...args]);
        return method(...args);
      };
    },
  });
}

/** A desk of those who watch that tells one look, and ends: a real one ends when nobody listens any more. */
function liveDesk(): LiveDesk {
  return {
    overview: async () => overview,
    moment: async () => moment,
    candidate: async () => examples.candidate,
    actors: async () => examples.actors,
    actor: async () => examples.actor,
    async *follow() {
      yield watched;
    },
  };
}

/** A runtime whose client answers the examples, but for the methods given. */
export function fakeRuntime(client: Partial<TelecClient> = {}, rest: Partial<Runtime> = {}): FakeRuntime {
  const asked: Asked = [];
  let open = 0;
  const desk = fakeDesk(asked);
  const usual: TelecClient = {
    status: async () => examples.status,
    candidates: async () => examples.candidates,
    candidate: async () => examples.candidate,
    queue: async () => examples.queue,
    why: async () => examples.why,
    lease: async () => examples.lease,
    notifications: async () => examples.notifications,
    markNotifications: async () => examples.notifications,
    dead: async () => examples.dead,
    page: async () => [examples.envelope],
    actors: async () => examples.actors,
    actor: async () => examples.actor,
    async *tail() {
      yield examples.envelope;
    },
    emit: async (requests) =>
      requests.map((_request, index) => ({ status: 'appended' as const, id: `${index + 1}-0` })),
    submit: async () => examples.submit,
    settle: async () => ({ kind: 'settled', candidate: examples.completed }),
    integrate: async () => examples.integrate,
    resume: async () => examples.ready,
    setPriority: async () => prioritySet,
    hold: async () => examples.hold,
    unhold: async () => null,
    leaseBreak: async () => examples.lease,
    leaseAdopt: async () => examples.lease,
    archive: async () => archiveView,
    replay: async () => examples.replay,
    audit: async () => examples.audit,
    radar: async () => radarView,
    init: async () => examples.init,
    sessions: async () => ({
      list: async () => examples.sessions,
      start: async () => examples.sessionStart,
      end: async () => examples.sessionEnd,
      leave: async () => undefined,
      adopt: async () => examples.adopt,
    }),
    recordedLoad: async () => ({ changes: [], flakeRate: 0, seed: 0, view: simulation.load }),
    shadow: async () => ({ report: async () => shadowReport, restart: async () => shadowRestarted }),
    cutover: async () => ({
      status: async () => cutoverStatus,
      enable: async () => enabled,
      rollback: async () => rolledBack,
    }),
    todos: async () => desk,
    guards: async () => ({
      install: async () => examples.guards.change,
      check: async () => examples.guards.check,
      environment: async () => examples.guards.environment,
      allow: async () => examples.guards.permit,
    }),
    checks: async () => ({ list: async () => checksView, log: async () => checkLog }),
    live: async () => liveDesk(),
    close: async () => {
      open--;
    },
  };
  const watched = new Proxy({ ...usual, ...client } as TelecClient, {
    get(target, name: keyof TelecClient) {
      const method = target[name] as ((...args: unknown[]) => unknown) | undefined;
      // A promise looks for `then` in what it is resolved with.
      if (!method) return undefined;
      return (...args: unknown[]) => {
        if (name !== 'close') asked.push([name, ...args]);
        return method(...args);
      };
    },
  });
  const runtime: Runtime = {
    openClient: async () => {
      open++;
      return watched;
    },
    openForInit: async () => {
      open++;
      return watched;
    },
    openTodos: async () => {
      open++;
      return {
        desk,
        close: async () => {
          open--;
        },
      };
    },
    serve: async (_context: CommandContext, ready) => ready({ pid: 4242 }),
    stopRedis: async () => true,
    doctor: async () => examples.doctor,
    demo: async () => examples.demo,
    simulate: async () => simulation,
    takeGuardsOut: async () => ({ ...examples.guards.change, in_force: false }),
    serverGuard: async () => ({
      install: async () => examples.guards.server,
      print: async () => examples.guards.files,
      uninstall: async () => examples.guards.server,
    }),
    openWeb: async () => examples.web,
    configuration: async () => examples.config,
    rollout: async () => ({
      status: () => examples.rollout.status,
      gate: () => examples.rollout.gate,
      report: () => examples.rollout.report,
    }),
    catalog: async () => examples.catalog,
    machines: async () => ['candidate', 'integrator', 'lease', 'todo'],
    todoPapers: async () => ({
      draft: async () => examples.draft,
      gate: async () => examples.gate,
      setDeps: async () => examples.change,
      validate: async () => examples.validation,
      demos: async () => examples.demos,
      demo: async () => examples.demoCheck,
      runDemo: async () => examples.demoRun,
      createDemo: async () => examples.demoCreated,
    }),
    roadmap: async () => ({
      list: async () => examples.roadmap,
      add: async () => examples.change,
      deps: async () => examples.change,
      move: async () => examples.change,
      remove: async () => examples.change,
      deliver: async () => examples.change,
      freeze: async () => examples.change,
      unfreeze: async () => examples.change,
    }),
    machine: async (name) => (name === 'candidate' ? examples.machine : null),
    ...rest,
  };
  return { runtime, asked, closed: () => open === 0 };
}

export interface Run {
  status: number;
  stdout: string;
  stderr: string;
  /** The one document on stdout. */
  json(): unknown;
}

function sink(): OutputStream & { text: string } {
  return {
    text: '',
    write(text, callback) {
      this.text += text;
      callback?.();
      return true;
    },
  };
}

async function* noInput(): AsyncGenerator<string> {}

/** Runs the command line in this process, outside any repository unless `cwd` says otherwise. */
export async function runTelec(
  argv: string[],
  world: Partial<MainOptions> & { input?: AsyncIterable<string> } = {},
): Promise<Run> {
  const { input, ...given } = world;
  const stdout = sink();
  const stderr = sink();
  const status = await main(argv, {
    env: {},
    cwd: '/',
    stdin: input ?? noInput(),
    stdout,
    stderr,
    runtime: given.runtime ?? fakeRuntime().runtime,
    now: () => Date.parse('2026-01-01T10:01:05.000Z'),
    ...given,
  });
  return { status, stdout: stdout.text, stderr: stderr.text, json: () => JSON.parse(stdout.text) };
}
