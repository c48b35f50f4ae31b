/** What the log says about the care after deliveries: what is due on the remote, which drain a command is owed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCleanMemory, writeCleanMemory } from '../../src/io/leftovers.ts';
import {
  type Aftercare,
  CLEAN_TRIES_MAX,
  dueOnRemote,
  FRESH_AFTERCARE,
  foldCleaned,
  foldCommandEnd,
  foldCommandStart,
  foldDelivered,
  foldSessionEnd,
} from '../../src/machines/aftercare.ts';
import type { CleanStep } from '../../src/machines/events.ts';
import { SAMPLES, SHA_A } from '../support/sample-payloads.ts';
import { temporaryFolder } from '../support/temporary.ts';

const delivered = (care: Aftercare, slug: string) =>
  foldDelivered(care, { ...SAMPLES['deployment.completed'], slug, branch: `work/${slug}` });

const cleaned = (care: Aftercare, slug: string, outcome: CleanStep['outcome'], clone: string | null = null) =>
  foldCleaned(care, {
    ...SAMPLES['integration.candidate.cleaned'],
    slug,
    branch: `work/${slug}`,
    clone,
    steps: [{ step: clone === null ? 'remote_branch' : 'local_branch', outcome, detail: 'so' }],
  });

const NOBODY = new Set<string>();
const slugs = (care: Aftercare, inUse: ReadonlySet<string> = NOBODY) =>
  dueOnRemote(care, inUse).map(({ slug }) => slug);

describe('the clean-up of the remote', () => {
  test('F22 is due from the delivery until an event says how it ended', () => {
    const two = delivered(delivered(FRESH_AFTERCARE, 'one'), 'two');
    expect(slugs(two)).toEqual(['one', 'two']);
    for (const outcome of ['done', 'absent', 'kept'] as const)
      expect(slugs(cleaned(two, 'one', outcome))).toEqual(['two']);
    expect(slugs(cleaned(two, 'one', 'done', '/a/clone'))).toEqual(['one', 'two']);
    expect(slugs(cleaned(two, 'other', 'done'))).toEqual(['one', 'two']);
  });

  test('F22 that failed is tried again a few times, then left to a person, and stays known', () => {
    let care = delivered(FRESH_AFTERCARE, 'one');
    for (let tries = 1; tries < CLEAN_TRIES_MAX; tries += 1) {
      care = cleaned(care, 'one', 'failed');
      expect(slugs(care)).toEqual(['one']);
    }
    care = cleaned(care, 'one', 'failed');
    expect(slugs(care)).toEqual([]);
    expect(care.uncleaned).toEqual([
      { slug: 'one', branch: 'work/one', sha: SHA_A, tries: CLEAN_TRIES_MAX, detail: 'so' },
    ]);
  });

  test('F22 waits while another candidate names the branch', () => {
    expect(slugs(delivered(FRESH_AFTERCARE, 'one'), new Set(['work/one']))).toEqual([]);
  });

  test('is remembered for a bounded number of deliveries, the newest', () => {
    let care = FRESH_AFTERCARE;
    for (let number = 0; number < 600; number += 1) care = delivered(care, `s${number}`);
    expect(care.uncleaned).toHaveLength(500);
    expect(care.uncleaned.at(-1)?.slug).toBe('s599');
  });
});

describe('the command after a drain', () => {
  test('S3-3.3i is owed when a session that delivered something ends, and not by one that did not', () => {
    expect(foldSessionEnd(FRESH_AFTERCARE, 'i-1', 'desk').owed).toBeNull();
    const during = delivered(FRESH_AFTERCARE, 'one');
    expect(during.owed).toBeNull();
    const ended = foldSessionEnd(during, 'i-1', 'desk');
    expect(ended).toMatchObject({ delivered: false, owed: { sessionId: 'i-1', host: 'desk' } });
    expect(foldSessionEnd(ended, 'i-2', 'desk').owed?.sessionId).toBe('i-1');
  });

  test('S3-3.3i one run follows all drains that ended before it began', () => {
    const first = foldSessionEnd(delivered(FRESH_AFTERCARE, 'one'), 'i-1', 'desk');
    const second = foldSessionEnd(delivered(first, 'two'), 'i-2', 'desk');
    expect(second.owed?.sessionId).toBe('i-2');
    const running = foldCommandStart(second, { sessionId: 'i-2', host: 'desk', folder: '/state' });
    expect(running).toMatchObject({ owed: null, runs: [{ sessionId: 'i-2' }] });
    expect(foldCommandEnd(running, 'i-1').runs).toHaveLength(1);
    expect(foldCommandEnd(running, 'i-2').runs).toEqual([]);
  });
});

describe('the file of what is left in the clones of a machine', () => {
  const leftover = {
    slug: 'one',
    branch: 'work/one',
    sha: SHA_A,
    clone: '/a/.git',
    tries: 1,
    due_at: 5,
    steps: [{ step: 'worktree', outcome: 'kept', detail: 'dirty' }],
    mend: null,
  };

  test('gives back what was written, and of another log only what is left', () => {
    const folder = temporaryFolder();
    const memory = { log_id: 'log-1', position: '7-0', leftovers: [leftover] };
    writeCleanMemory(folder, memory);
    expect(readCleanMemory(folder, 'log-1')).toEqual(memory);
    expect(readCleanMemory(folder, 'log-2')).toEqual({ log_id: 'log-2', position: '0', leftovers: [leftover] });
  });

  test.each(['', '{', '[]', '{"log_id": 1}', '{"log_id": "log-1", "position": "0", "leftovers": [{}]}'])(
    'that holds %j counts as none',
    (text) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'cleanup.json'), text);
      expect(readCleanMemory(folder, 'log-1')).toEqual({ log_id: 'log-1', position: '0', leftovers: [] });
    },
  );

  test('is bounded: the newest are kept', () => {
    const folder = temporaryFolder();
    const leftovers = Array.from({ length: 600 }, (_, tries) => ({ ...leftover, tries }));
    writeCleanMemory(folder, { log_id: 'log-1', position: '0', leftovers });
    const read = readCleanMemory(folder, 'log-1').leftovers;
    expect([read.length, read.at(-1)?.tries]).toEqual([500, 599]);
  });
});
