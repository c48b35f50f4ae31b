/** The snapshot file gives back the fold it was made of, and nothing when it is not of this log or this telec. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSnapshot, saveSnapshot } from '../../src/actors/snapshot.ts';
import { testsView } from '../../src/actors/tests/shown.ts';
import type { NotificationRow } from '../../src/machines/notification.ts';
import { at, foldWorld, refold, sha, work } from '../support/fold-world.ts';
import { temporaryFolder } from '../support/temporary.ts';

const ROW: NotificationRow = {
  id: 'review/login',
  family: 'review',
  key: 'login',
  slug: 'login',
  event: 'domain.software-development.review.approved',
  level: 2,
  human_status: 'unseen',
  agent_status: 'none',
  text: 'approved',
  created_at: at(1),
  updated_at: at(2),
  seen_at: null,
  claimed_at: null,
  claimed_by: null,
  resolved_at: null,
  subject: { sha: 'a' },
  rank: [1, 0],
  news: '1-0',
};

/** A fold with candidates in many states, two generations of one triple and a delivery. */
function busyWorld() {
  const world = foldWorld();
  world.ready(work('login'), 10);
  world.dequeued(work('login'));
  world.failed(work('login'));
  world.ready(work('other', 'b'), 5);
  world.started(work('other', 'c'), 6);
  world.resumed(work('other', 'b'), 1, at(20));
  world.approved('unstarted');
  world.ready(work('landed', 'd'), 7);
  world.dequeued(work('landed', 'd'));
  const landed = work('landed', 'd');
  const fenced = { session_id: 'integrator-1', fence: 1 };
  const commit = { merge_commit: sha('e'), tip: sha('e') };
  const members = [{ ...landed, ...commit }];
  const push = { ...fenced, seq: 1, push_number: 1 };
  world.tell('integration.push.attempted', {
    ...push,
    base: sha('f'),
    fence_from: sha('1'),
    fence_to: sha('2'),
    members,
  });
  world.tell('integration.push.succeeded', push);
  world.tell('deployment.completed', {
    ...landed,
    merge_commit: commit.merge_commit,
    integrated_at: at(30),
    outcome: 'merged',
    fence: 1,
  });
  return world;
}

function saved() {
  const world = busyWorld();
  const folder = temporaryFolder();
  const snapshot = {
    logId: 'log',
    lastId: '7-0',
    positions: { notifier: '6-0' },
    repository: JSON.parse(JSON.stringify(world.repository.dump())),
    notifications: [ROW],
  };
  saveSnapshot(folder, snapshot, {
    counts: world.repository.counts(),
    tests: testsView(world.repository, null),
  });
  return { world, folder, snapshot };
}

describe('a snapshot', () => {
  test('gives back the whole fold, what was left out of the file included', () => {
    const { world, folder, snapshot } = saved();
    expect(world.repository.counts()).toMatchObject({ completed: 1, blocked: 1 });
    const loaded = loadSnapshot(folder, 'log');
    expect(loaded).toEqual(snapshot);
    const restored = refold([]);
    if (loaded) restored.load(loaded.repository);
    expect(JSON.parse(JSON.stringify(restored.dump()))).toEqual(snapshot.repository);
  });

  test('of another log, another shape or another chart is none, and so is a damaged one', () => {
    const { folder } = saved();
    expect(loadSnapshot(folder, 'another')).toBeNull();
    const path = join(folder, 'snapshot.json');
    const text = readFileSync(path, 'utf8');
    for (const [from, to] of [
      [/"shape":\d+/, '"shape":0'],
      [/"machine":"\w+"/, '"machine":"other"'],
      [/\}$/, ''],
    ] as const) {
      writeFileSync(path, text.replace(from, to));
      expect(loadSnapshot(folder, 'log')).toBeNull();
    }
  });
});
