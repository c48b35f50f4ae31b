/** The board of runs: what goes on, what comes next, and who gives way. */
import { expect, test } from 'vitest';
import { type Job, RunBoard } from '../../src/actors/session/tests/run-board.ts';

const definition = (name: string) => ({
  name,
  run: name,
  timeoutMs: 1000,
  paths: null,
  toolchain: null,
  retries: { failed: 0, timed_out: 0, killed: 0, not_started: 0 },
});

function board(parallel: number) {
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const made = new RunBoard<string>({
    parallel,
    rank: (waiter) => Number(waiter.slice(1)),
    execute: (job) => {
      began.push(job.key.split(' ')[0] ?? '');
      return new Promise<void>((resolve) => {
        ends.set(job.key.split(' ')[0] ?? '', resolve);
        job.ending.signal.addEventListener('abort', () => resolve());
      });
    },
  });
  const want = (seen: string, waiter: string, place = 0): Job<string> => {
    const job = made.jobOf({ definition: definition(seen), place, about: { seen, definition: 'd', toolchain: 't' } });
    job.waiters.push(waiter);
    return job;
  };
  const end = async (seen: string) => {
    ends.get(seen)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { made, began, want, end };
}

test('no more go on at a time than are allowed; the first of the line goes first, then the first of its checks', async () => {
  const { made, began, want, end } = board(2);
  want('c', 'w3');
  want('b', 'w1', 1);
  want('a', 'w1', 0);
  made.schedule();
  expect(began).toEqual(['a', 'b']);
  await end('b');
  expect(began).toEqual(['a', 'b', 'c']);
});

test('what is wanted about the very same is one run for all who want it', () => {
  const { made, began, want } = board(4);
  expect(want('a', 'w1')).toBe(want('a', 'w2'));
  made.schedule();
  expect(began).toEqual(['a']);
});

test('one that nobody wants goes on while there is room, and gives way to one that somebody does', async () => {
  const { made, began, want } = board(1);
  const idle = want('a', 'w1');
  made.schedule();
  expect(made.leave('w1')).toEqual([idle]);
  made.schedule();
  expect(idle.ending.signal.aborted).toBe(false);
  want('b', 'w2');
  made.schedule();
  expect(idle.ending.signal.aborted).toBe(true);
  // Its place is free only when it is really over.
  expect(began).toEqual(['a']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(began).toEqual(['a', 'b']);
});

test('one that is wanted again before it is ended goes on for who wants it now', () => {
  const { made, began, want } = board(2);
  const job = want('a', 'w1');
  made.schedule();
  made.leave('w1');
  expect(want('a', 'w2')).toBe(job);
  made.endIdle();
  expect(job.ending.signal.aborted).toBe(false);
  expect(began).toEqual(['a']);
});

test('one that waits and is wanted no more never begins; shut, nothing begins and all that went on is over', async () => {
  const { made, began, want } = board(1);
  const first = want('a', 'w1');
  want('b', 'w2');
  want('c', 'w3');
  made.schedule();
  expect(made.leave('w2')).toEqual([]);
  made.shut();
  await made.over();
  made.schedule();
  expect(first.ending.signal.aborted).toBe(true);
  expect(began).toEqual(['a']);
});
