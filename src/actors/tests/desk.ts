/** What is asked of checks: how they are configured on main and how they did, and the whole output of a failed run. Reads only. */
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { checkLogFile, readCheckLog } from '../../io/checks/log-reader.ts';
import type { CheckDefinition } from '../../io/config-checks.ts';
import { scrubber, secretsOf } from '../../io/secrets.ts';
import type { CheckRun, CheckTally } from '../../machines/check-book.ts';
import { compareText } from '../../machines/identity.ts';
import type { CommandContext } from '../client.ts';
import type { Host } from '../host.ts';
import type { Repository } from '../repository.ts';
import { selectCandidate } from '../views.ts';
import { openWorkspace } from '../workspace.ts';
import { runsShown, runView } from './shown.ts';
import type { CheckLogView, CheckRow, ChecksDesk, ChecksView, FailingRow } from './views.ts';

/** Failed runs listed at most. */
const FAILING_MAX = 50;

export interface ChecksDeskParts {
  context: CommandContext;
  /** The fold as it is now. */
  folded(): Promise<Pick<Host, 'repository' | 'options'>>;
}

export function openChecksDesk({ context, folded }: ChecksDeskParts): ChecksDesk {
  return {
    async list(): Promise<ChecksView> {
      const [{ config }, { repository }] = await Promise.all([openWorkspace(context), folded()]);
      const { tests } = repository;
      const { size, max } = tests.window;
      return {
        window: tests.tested === true ? { size, max } : null,
        failure_rate: tests.failureRate(),
        checks: checkRows(config.checks, tests.tallies()),
        failing: failingRows(repository),
      };
    },
    async log(selector, check): Promise<CheckLogView> {
      const { repository, options } = await folded();
      return logOf(repository, { selector, check, folder: options.folder, scrub: scrubber(secretsOf(context.env)) });
    },
  };
}

/** Those that are configured in their order, then those that were, by name. */
export function checkRows(configured: readonly CheckDefinition[], tallies: readonly CheckTally[]): CheckRow[] {
  const known = new Map(tallies.map((tally) => [tally.check, tally]));
  const names = new Set(configured.map(({ name }) => name));
  const gone = tallies.filter(({ check }) => !names.has(check)).sort((a, b) => compareText(a.check, b.check));
  return [
    ...configured.map(({ name, run, timeoutMs: timeout_ms, paths }) => ({
      check: name,
      run,
      timeout_ms,
      paths: paths && [...paths],
      ...numbers(known.get(name)),
    })),
    ...gone.map((tally) => ({ check: tally.check, run: null, timeout_ms: null, paths: null, ...numbers(tally) })),
  ];
}

function numbers(tally: CheckTally | undefined) {
  const { passed = 0, failed = 0, flaked = 0, cached = 0, totalMs = 0 } = tally ?? {};
  const runs = passed + failed;
  const share = (of: number): number | null => (runs === 0 ? null : of / runs);
  return {
    passed,
    failed,
    flaked,
    cached,
    pass_rate: share(passed),
    flake_rate: share(flaked),
    mean_ms: runs === 0 ? null : Math.round(totalMs / runs),
  };
}

function failingRows(repository: Repository): FailingRow[] {
  const rows = repository.live().flatMap((record): FailingRow[] => {
    const { slug, branch, sha } = record.context;
    const failed = runsShown(repository, record).filter(({ state }) => state === 'failed');
    return failed.map((run) => ({ slug, branch, sha, candidate_state: record.state, ...runView(run) }));
  });
  return rows.sort((a, b) => compareText(b.since, a.since)).slice(0, FAILING_MAX);
}

interface LogQuestion {
  selector: string;
  check: string | null;
  /** State folder of the repository. */
  folder: string;
  scrub(text: string): string;
}

export function logOf(repository: Repository, { selector, check, folder, scrub }: LogQuestion): CheckLogView {
  const record = selectCandidate(repository, selector);
  const { slug, branch, sha } = record.context;
  const run = failedRun(repository.tests.runsOf(record.key), check);
  const { log = '' } = run?.failure ?? {};
  if (!run || log === '') {
    const what = check === null ? 'no check of it failed' : `${JSON.stringify(check)} has not failed on it`;
    throw new TelecError('NO_CHECK_LOG', EXIT.domain, `there is no log to show for ${slug}: ${what}`, {
      hint: `telec candidate ${slug} shows its checks; what passed wrote is among the newest logs in ${join(folder, 'checks', 'logs')}`,
    });
  }
  const text = readCheckLog(folder, log);
  if (text === null) {
    throw new TelecError('CHECK_LOG_ELSEWHERE', EXIT.domain, `the log of ${run.check} is not on this host: ${log}`, {
      hint: `look on the host of the session; telec candidate ${slug} has the end of it`,
    });
  }
  const { tree, run: number } = run;
  return { slug, branch, sha, check: run.check, tree, run: number, file: checkLogFile(folder, log), text: scrub(text) };
}

/** Its failed run; of several, without a name, the one that is final, else the newest. */
function failedRun(runs: readonly CheckRun[], check: string | null): CheckRun | undefined {
  const failed = runs.filter((run) => run.failure !== null && (check === null || run.check === check));
  return failed.find(({ failure }) => failure?.final) ?? failed.at(-1);
}
