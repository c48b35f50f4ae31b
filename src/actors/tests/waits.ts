/**
 * What a candidate in the chain waits for, in words: a verdict and what ends that wait, those before it, or its turn to be
 * judged for good. Part of `waits.ts`, which says it to everybody. Pure.
 */
import type { CheckRun } from '../../machines/check-book.ts';
import { FAILURE_WORDS } from '../../machines/check-words.ts';
import { fullType } from '../../machines/events.ts';
import type { WhyView } from '../client.ts';
import type { ChainRow } from './views.ts';

type Wait = WhyView['waiting_for'][number];

const SESSION = 'the integrator session, or the next one if it died';

/** Who stands around it in the chain: `first` is the slug that lands before it and is not on main yet, null for none. */
export interface Neighbours {
  first: string | null;
  /** Whether a later delivery of the chain can be tested in its place. */
  followed: boolean;
}

/** Empty: nothing of tests. */
export function testWaits(
  { verdict, because }: ChainRow,
  { first, followed }: Neighbours,
  runs: readonly CheckRun[],
): Wait[] {
  switch (verdict) {
    case 'running':
      return runningWaits(runs);
    case 'untested':
      if (!followed)
        return [
          wait(
            'check_begins',
            'the beginning of its checks: a place in the window, and the answers of their toolchain commands',
            'integration.checks.started',
          ),
        ];
      return [wait('batch', 'a later delivery of its batch is tested with it in it', 'integration.checks.passed')];
    case 'passed':
      return [
        wait(
          'tested',
          first === null ? 'it passed its checks and lands next' : `it passed its checks; ${first} lands first`,
          'deployment.completed',
        ),
      ];
    case 'failed':
      return [
        wait(
          'held',
          `${failedText(runs)}; a later delivery that contains it is waited for, and clears it if it passes`,
          'deployment.completed',
        ),
      ];
    case 'aside': {
      const why = because === 'conflict' ? 'it does not merge with what stands before it' : failedText(runs);
      const then = first === null ? 'on main as it is now' : `once ${first} is on main`;
      return [wait('aside', `${why}; it is judged for good ${then}`, 'deployment.failed')];
    }
    case 'again':
      return [wait('again', 'it is merged again: what it was built on changed', 'integration.merge.succeeded')];
    case 'landing':
      return [wait('landing', 'it is on its way to main', 'deployment.completed')];
    case 'free':
      return [];
  }
}

function runningWaits(runs: readonly CheckRun[]): Wait[] {
  const going = runs.filter(({ state }) => state === 'running');
  if (going.length === 0)
    return [wait('check_waits', `a free place for its checks${doneText(runs)}`, 'integration.checks.started')];
  return going.map(({ check, tree, run, since }) => {
    const again = run > 1 ? ` for the ${run}${ORDINALS[run] ?? 'th'} time` : '';
    return {
      code: 'check_runs',
      text: `the verdict of ${check} on tree ${tree.slice(0, 10)}; it runs${again} since ${since.slice(11, 19)} UTC`,
      event: fullType('integration.checks.passed'),
      who: 'the integrator session: the check passes, fails, or runs out of its time',
    };
  });
}

const ORDINALS: Readonly<Record<number, string>> = { 2: 'nd', 3: 'rd' };

/** What is known of the others. */
function doneText(runs: readonly CheckRun[]): string {
  const names = runs.filter(({ state }) => state === 'passed').map(({ check }) => check);
  return names.length === 0 ? '' : `; passed so far: ${names.join(', ')}`;
}

function failedText(runs: readonly CheckRun[]): string {
  const failed = runs.find(({ failure }) => failure !== null);
  return failed?.failure ? `${failed.check} ${FAILURE_WORDS[failed.failure.kind]}` : 'its checks failed';
}

function wait(code: string, text: string, event: Parameters<typeof fullType>[0]): Wait {
  return { code, text, event: fullType(event), who: SESSION };
}
