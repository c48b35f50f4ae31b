/** A fold with checks in it: a session that tests, three candidates in its chain, and what runs of theirs told. */
import { type FoldWorld, foldWorld, sha, type Work, work } from './fold-world.ts';

export const TREE = sha('5');
const fenced = { session_id: 'integrator-1', fence: 1 };

/** What every event of a run has. */
const runOf = (one: Work, check: string, run = 1, tree = TREE) => ({
  ...one,
  ...fenced,
  attempt: 1,
  check,
  tree,
  run,
  seen: tree,
  definition: `d-${check}`,
  toolchain: 't-1',
});

/** What may be told of a check. */
export interface Checks {
  /** A session that has checks to run, `window` wide. */
  session(window?: number): void;
  began(one: Work, check: string, run?: number): void;
  passed(one: Work, check: string, more?: { run?: number; cached?: boolean; flaked?: boolean; ms?: number }): void;
  failed(
    one: Work,
    check: string,
    more?: { run?: number; final?: boolean; kind?: 'failed' | 'timed_out'; tail?: string; log?: string },
  ): void;
}

export const checksOf = (world: FoldWorld): Checks => ({
  session(window = 4) {
    world.tell('integration.lease.acquired', { ...fenced, replaced_stale: false, floor: 0 });
    world.tell('integration.session.started', { ...fenced, host: 'h', version: '1', mode: 'live', window });
  },
  began: (one, check, run) => void world.tell('integration.checks.started', runOf(one, check, run)),
  passed: (one, check, { run, cached = false, flaked = false, ms = 1200 } = {}) =>
    void world.tell('integration.checks.passed', { ...runOf(one, check, run), duration_ms: ms, cached, flaked }),
  failed: (one, check, { run, final = true, kind = 'failed', tail = 'not ok 7', log = '/s/checks/logs/l.log' } = {}) =>
    void world.tell('integration.checks.failed', {
      ...runOf(one, check, run),
      duration_ms: 12_300,
      kind,
      exit_status: kind === 'failed' ? 1 : null,
      signal: null,
      output_tail: tail,
      log,
      final,
    }),
});

export const [LOGIN, SEARCH, INDEX] = [work('login', 'a'), work('search', 'b'), work('index', 'c')] as const;

/** `login` passed unit, `search` runs it, `index` is behind them untested. */
export function checkedWorld(): FoldWorld & { checks: Checks } {
  const world = foldWorld();
  const checks = checksOf(world);
  checks.session();
  for (const [at, one] of [LOGIN, SEARCH, INDEX].entries()) {
    world.ready(one, at);
    world.dequeued(one);
  }
  checks.began(LOGIN, 'unit');
  checks.began(SEARCH, 'unit');
  checks.passed(LOGIN, 'unit');
  return { ...world, checks };
}
