/**
 * Bugs put into the harness on purpose, around the production code and the twins, to show that the checkers see them.
 * The healthy plant changes nothing.
 */
import type { Prober } from '../../src/actors/prober.ts';
import type { Repository } from '../../src/actors/repository.ts';
import type { CheckGround } from '../../src/io/checks/port.ts';
import type { IntegrationRepository, MergeRequest } from '../../src/io/git/port.ts';
import type { EventLog } from '../../src/io/redis/log.ts';
import { compareTurns, FRESH_PRIORITIES } from '../../src/machines/priority.ts';
import type { TwinRemote } from '../support/twins/remote.ts';
import type { TwinStore } from '../support/twins/store.ts';

export interface Plant {
  /** Laws of which at least one is broken by it. */
  breaks: string[];
  /** World to begin the search with, where few show it; the first one without it. */
  from?: number;
  remote(remote: TwinRemote): void;
  git(git: IntegrationRepository, remote: TwinRemote, objects: Set<string>): IntegrationRepository;
  log(log: EventLog): EventLog;
  prober(prober: Prober, sessionId: string): Prober;
  ground(ground: CheckGround): CheckGround;
  repository(repository: Repository): Repository;
  snapshot<S extends { lastId: string }>(snapshot: S, store: TwinStore): S;
}

export const HEALTHY: Plant = {
  breaks: [],
  remote: () => undefined,
  git: (git) => git,
  log: (log) => log,
  prober: (prober) => prober,
  ground: (ground) => ground,
  repository: (repository) => repository,
  snapshot: (snapshot) => snapshot,
};

/** The object with some methods replaced. */
function withMethods<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const mergeOther =
  (change: (request: MergeRequest, remote: TwinRemote) => MergeRequest): Plant['git'] =>
  (git, remote) =>
    withMethods(git, {
      merge: (request, signal) => git.merge(change(request, remote), signal),
      selfCheck: async () => ({ kind: 'same', skipped: 0 }),
    });

export const PLANTS = {
  healthy: HEALTHY,
  'the remote takes main without the newest fence': {
    ...HEALTHY,
    breaks: ['I1'],
    remote: (remote) => {
      remote.guardsFence = false;
    },
  },
  'a snapshot claims an entry that was never applied': {
    ...HEALTHY,
    breaks: ['fold'],
    snapshot: (snapshot, store) => ({ ...snapshot, lastId: store.lastId }),
  },
  'a push without an answer counts as a lost race': {
    ...HEALTHY,
    breaks: ['I5', 'I6'],
    git: (git) =>
      withMethods(git, {
        push: async (request, signal) => {
          const outcome = await git.push(request, signal);
          return outcome.kind === 'unknown' && request.tip !== null
            ? { kind: 'main_moved', detail: 'guessed' }
            : outcome;
        },
      }),
  },
  'the tip of the branch is merged, not the approved commit': {
    ...HEALTHY,
    breaks: ['I3'],
    git: mergeOther((request, remote) => {
      const tips = [...remote.view().heads.values()];
      return { ...request, sha: tips.find((tip) => remote.graph.isAncestor(request.sha, tip)) ?? request.sha };
    }),
  },
  'what main brought since the branch began is dropped': {
    ...HEALTHY,
    breaks: ['I3', 'I4'],
    git: (git, remote, objects) =>
      withMethods(git, {
        merge: async (request, signal) => {
          const merged = await git.merge(request, signal);
          if (merged.kind !== 'merged') return merged;
          const { files } = remote.graph.get(request.sha);
          const wrong = remote.graph.make({ ...request, parents: [request.base, request.sha], files });
          objects.add(wrong.sha);
          return { ...merged, commit: wrong.sha, tree: wrong.tree };
        },
        selfCheck: async () => ({ kind: 'same', skipped: 0 }),
      }),
  },
  'a commit of follow-ups takes another file along': {
    ...HEALTHY,
    breaks: ['I4'],
    git: (git) =>
      withMethods(git, {
        commitChanges: (request) =>
          git.commitChanges({ ...request, changes: [...request.changes, { path: 'a', content: null }] }),
      }),
  },
  'a session never asks git again': {
    ...HEALTHY,
    breaks: ['I10'],
    prober: (prober, sessionId) =>
      sessionId.startsWith('daemon')
        ? prober
        : withMethods(prober, { probe: async () => ({ kind: 'probed', changed: 0, unknown: [] }) }),
  },
  'the queue is served from its end': {
    ...HEALTHY,
    breaks: ['I8'],
    repository: (repository) =>
      new Proxy(repository, {
        get(target, name) {
          if (name === 'queue') return [...target.queue].reverse();
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
  },
  'a session keeps to itself whom it lets go first': {
    ...HEALTHY,
    breaks: ['I8'],
    repository: (repository) =>
      new Proxy(repository, {
        get(target, name) {
          if (name === 'standing') return { ...target.standing, priorities: FRESH_PRIORITIES };
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
  },
  'priorities count although main does not have them on': {
    ...HEALTHY,
    breaks: ['I8', 'model'],
    repository: (repository) =>
      new Proxy(repository, {
        get(target, name) {
          if (name !== 'queue') {
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          const always = compareTurns({ ...target.standing.priorities, on: true });
          return [...target.queue].sort((a, b) => always(a.context, b.context));
        },
      }),
  },
  'the books take out what nobody delivered': {
    ...HEALTHY,
    breaks: ['books'],
    git: (git) =>
      withMethods(git, {
        commitChanges: (request) => {
          const changes = request.changes.map(({ path, content }) => ({
            path,
            content: path.endsWith('roadmap.yaml') && content !== null ? '[]\n' : content,
          }));
          return git.commitChanges({ ...request, changes });
        },
      }),
  },
  'what is judged in shadow is brought to main': {
    ...HEALTHY,
    breaks: ['I13'],
    git: (git, remote) =>
      withMethods(git, {
        merge: async (request, signal) => {
          const merged = await git.merge(request, signal);
          // A live session's merge names its fence.
          if (merged.kind !== 'merged' || /Telec-Fence|^telec$/m.test(request.message)) return merged;
          const note = { fence: 1, seq: 1, session: 's', log: 'log-1', repo: 'repo', main: 'main' };
          const fenceTo = await git.writeFence(remote.fence, note, request.author, request.timeSeconds);
          await git.push({ tip: merged.commit, fenceFrom: remote.fence, fenceTo }, signal);
          return merged;
        },
      }),
  },
  'a check that fails is told as passed': {
    ...HEALTHY,
    breaks: ['tested'],
    ground: (ground) =>
      withMethods(ground, {
        run: async (request) => {
          const end = await ground.run(request);
          return end.ended === 'failed' ? { ...end, ended: 'passed' } : end;
        },
      }),
  },
  'a verdict of any tree is good enough': {
    ...HEALTHY,
    breaks: ['verdict', 'tested'],
    repository: (repository) => {
      const { tests } = repository;
      const some = { durationMs: 1, entryId: '0-0' };
      return withMethods(repository, { tests: withMethods(tests, { passOf: () => some }) });
    },
  },
  'a check sees the tree of another delivery': {
    ...HEALTHY,
    breaks: ['verdict'],
    ground: (ground) => {
      let first: string | null = null;
      return withMethods(ground, {
        seen: async (definition, tree) => {
          first ??= await ground.seen(definition, tree);
          return first;
        },
      });
    },
  },
  'the log takes what a former holder writes': {
    ...HEALTHY,
    breaks: ['I1'],
    from: 701,
    log: (log) => withMethods(log, { append: (items) => log.append(items) }),
  },
} satisfies Record<string, Plant>;

export type PlantName = keyof typeof PLANTS;
