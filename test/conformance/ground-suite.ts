/** What every place where checks run must do; run against the twin and against real processes on real work trees. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckGround } from '../../src/io/checks/port.ts';
import type { CheckDefinition } from '../../src/io/config-checks.ts';
import type { TwinRun } from '../support/twins/checks.ts';
import type { Files } from '../support/twins/commits.ts';

export interface GroundWorld {
  /** Id of the tree with these files. */
  tree(files: Record<string, string>): Promise<string>;
  open(): Promise<CheckGround>;
  close(): Promise<void>;
}

const ran = (ends: TwinRun['ends'], says = '', ms = 1): TwinRun => ({ ends, ms, says });

/** The lines that are run here, and what they come to in a world where nothing is. */
export const LINES: Record<string, (files: Files) => TwinRun> = {
  'exit 0': () => ran('passed'),
  'echo one; echo two >&2; exit 3': () => ran('failed', 'one\ntwo\n'),
  'test ! -e bad': (files) => ran(files.has('bad') ? 'failed' : 'passed'),
  'test ! -e docs && test -e src': (files) => {
    const has = (folder: string) => [...files.keys()].some((path) => path.startsWith(`${folder}/`));
    return ran(!has('docs') && has('src') ? 'passed' : 'failed');
  },
  'kill -KILL $$': () => ran('killed'),
  'sleep 60': () => ran('hangs'),
  'sleep 0.2': () => ran('passed', '', 200),
};

/** What a toolchain command says; null: it fails. */
export const TOOLS: Record<string, string | null> = {
  'echo tool 1': 'tool 1\n',
  'echo tool 2': 'tool 2\n',
  'exit 1': null,
};

export function check(run: string, more: Partial<CheckDefinition> = {}): CheckDefinition {
  const retries = { failed: 0, timed_out: 0, killed: 1, not_started: 2 };
  return { name: 'unit', run, timeoutMs: 30_000, paths: null, toolchain: null, retries, ...more };
}

export function groundSuite(name: string, open: () => Promise<GroundWorld>): void {
  describe(name, () => {
    let world: GroundWorld;
    let ground: CheckGround;
    let tree: string;
    let number = 0;
    const run = (definition: CheckDefinition, on = tree, signal = new AbortController().signal) =>
      ground.run({ definition, tree: on, logName: `run-${number++}`, signal });
    beforeEach(async () => {
      world = await open();
      ground = await world.open();
      tree = await world.tree({ 'src/a': 'a', 'docs/b': 'b' });
    });
    afterEach(() => world.close());

    test('a check that ends well has passed', async () => {
      const end = await run(check('exit 0'));
      expect(end).toMatchObject({ ended: 'passed', exitStatus: 0, signal: null, outputTail: '' });
      expect(end.log.endsWith('.log')).toBe(true);
    });

    test('a check that ends badly has failed, and what it said is told in the order in which it was said', async () => {
      const end = await run(check('echo one; echo two >&2; exit 3'));
      expect(end).toMatchObject({ ended: 'failed', signal: null, outputTail: 'one\ntwo\n' });
    });

    test('a verdict is one of the tree that was asked for', async () => {
      const bad = await world.tree({ 'src/a': 'a', 'docs/b': 'b', bad: '' });
      const verdicts = [];
      for (const on of [tree, bad, tree]) verdicts.push((await run(check('test ! -e bad'), on)).ended);
      expect(verdicts).toEqual(['passed', 'failed', 'passed']);
    });

    test('a check that is killed by somebody else did not fail', async () => {
      expect(await run(check('kill -KILL $$'))).toMatchObject({ ended: 'killed', exitStatus: null, signal: 'SIGKILL' });
    });

    test('a check that takes too long is ended', async () => {
      const end = await run(check('sleep 60', { timeoutMs: 200 }));
      expect(end.ended).toBe('timed_out');
      expect(end.durationMs).toBeGreaterThanOrEqual(195);
      expect(end.durationMs).toBeLessThan(10_000);
    });

    test('a check that nobody needs any more is ended at once', async () => {
      const called = new AbortController();
      const running = run(check('sleep 60'), tree, called.signal);
      called.abort();
      expect((await running).ended).toBe('cancelled');
    });

    test('a check that was called off before it began does not run', async () => {
      const called = new AbortController();
      called.abort();
      expect(await run(check('exit 0'), tree, called.signal)).toMatchObject({ ended: 'cancelled', log: '' });
    });

    test('checks run beside each other, on one tree as on several', async () => {
      const other = await world.tree({ 'src/a': 'other' });
      const ends = await Promise.all([tree, tree, other, other].map((on) => run(check('sleep 0.2'), on)));
      expect(ends.map(({ ended }) => ended)).toEqual(['passed', 'passed', 'passed', 'passed']);
    });

    test('what runs on a tree that is not there was not started', async () => {
      const end = await run(check('exit 0'), '0123456789012345678901234567890123456789');
      expect(end).toMatchObject({ ended: 'not_started', exitStatus: null, log: '' });
      expect(end.outputTail).not.toBe('');
    });

    test('closing ends what runs', async () => {
      const running = run(check('sleep 60'));
      await ground.close();
      expect((await running).ended).toBe('cancelled');
      expect((await run(check('exit 0'))).ended).toBe('cancelled');
    });

    test('two sessions on one machine do not disturb each other', async () => {
      const other = await world.open();
      const definition = check('sleep 0.2');
      const signal = new AbortController().signal;
      const ends = await Promise.all([
        run(definition),
        other.run({ definition, tree, logName: 'other', signal }),
        run(definition),
      ]);
      expect(ends.map(({ ended }) => ended)).toEqual(['passed', 'passed', 'passed']);
    });

    describe('what a check sees', () => {
      const scoped = check('test ! -e docs && test -e src', { paths: ['src'] });

      test('is the whole tree, or nothing but its paths', async () => {
        expect(await ground.seen(check('exit 0'), tree)).toBe(tree);
        const seen = await ground.seen(scoped, tree);
        expect(seen).toBe(await world.tree({ 'src/a': 'a' }));
        expect((await run(scoped, seen)).ended).toBe('passed');
        expect((await run(scoped, tree)).ended).toBe('failed');
      });

      test('is the same for trees that differ elsewhere alone', async () => {
        const elsewhere = await world.tree({ 'src/a': 'a', 'docs/b': 'changed', 'docs/c': 'new' });
        const here = await world.tree({ 'src/a': 'changed', 'docs/b': 'b' });
        const seen = await Promise.all([tree, elsewhere, here].map((on) => ground.seen(scoped, on)));
        expect(seen[1]).toBe(seen[0]);
        expect(seen[2]).not.toBe(seen[0]);
      });

      test('is the tree itself when its paths take all of it, and may be empty', async () => {
        expect(await ground.seen(check('exit 0', { paths: ['**'] }), tree)).toBe(tree);
        const nothing = await ground.seen(check('exit 0', { paths: ['nowhere/*.c'] }), tree);
        expect(nothing).toBe(await world.tree({}));
        expect((await run(check('exit 0'), nothing)).ended).toBe('passed');
      });

      test('of a tree that is not there cannot be told', async () => {
        const missing = ground.seen(scoped, '0123456789012345678901234567890123456789');
        await expect(missing).rejects.toMatchObject({ code: 'GIT_FAILED' });
      });
    });

    describe('the toolchain', () => {
      const tools = (toolchain: string | null) => check('exit 0', { toolchain });

      test('is what its command says, whoever asks', async () => {
        const [none, one, two] = await Promise.all(
          [null, 'echo tool 1', 'echo tool 2'].map((command) => ground.toolchain(tools(command))),
        );
        expect(new Set([none, one, two]).size).toBe(3);
        const other = await world.open();
        expect(await other.toolchain(tools('echo tool 1'))).toBe(one);
        expect(await other.toolchain(tools(null))).toBe(none);
      });

      test('that does not answer is one that never was before, yet the same as long as a session lasts', async () => {
        const first = await ground.toolchain(tools('exit 1'));
        expect(await ground.toolchain(tools('exit 1'))).toBe(first);
        const other = await world.open();
        expect(await other.toolchain(tools('exit 1'))).not.toBe(first);
      });
    });
  });
}
