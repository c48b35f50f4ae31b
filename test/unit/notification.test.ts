import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildDefaultCatalogue, LEVEL, type PayloadOf } from '../../src/machines/events.ts';
import { projectDeadLetter } from '../../src/machines/notification.ts';
import { NotificationLog } from '../support/notification-log.ts';
import { SAMPLES, SHA_A, SHA_B, ULID } from '../support/sample-payloads.ts';

let log: NotificationLog;
beforeEach(() => {
  log = new NotificationLog();
});

const started = (over: Partial<PayloadOf<'deployment.started'>> = {}) => ({
  ...SAMPLES['deployment.started'],
  ...over,
});
const failed = (over: Partial<PayloadOf<'deployment.failed'>> = {}) => ({ ...SAMPLES['deployment.failed'], ...over });
const completed = (over: Partial<PayloadOf<'deployment.completed'>> = {}) => ({
  ...SAMPLES['deployment.completed'],
  ...over,
});
const act = (row: string) => ({ row, actor: 'ada@desk', command_id: ULID });
const deployment = () => log.rows.get('deployment/fix-login');
const review = () => log.rows.get('review/fix-login');
const NEWER = { sha: SHA_B, ready_at: '2026-02-02T00:00:00Z' };

describe('the row of a deployment', () => {
  test('S3-6.2a S4-FR1.3 a deployment that started creates an unseen row in progress and is delivered', () => {
    expect(log.tell('deployment.started', started())).toMatchObject([{ created: true, deliver: true }]);
    expect(deployment()).toEqual({
      id: 'deployment/fix-login',
      family: 'deployment',
      key: 'fix-login',
      slug: 'fix-login',
      event: 'domain.software-development.deployment.started',
      level: 2,
      human_status: 'unseen',
      agent_status: 'in_progress',
      text: 'Work on the slug is final at a commit and handed over for integration: fix-login',
      created_at: '2026-02-01T00:00:01.000Z',
      updated_at: '2026-02-01T00:00:01.000Z',
      seen_at: null,
      claimed_at: null,
      claimed_by: null,
      resolved_at: null,
      subject: { branch: 'feature/fix-login', sha: SHA_A },
      rank: [Date.parse('2026-01-31T12:00:00Z'), 'feature/fix-login', SHA_A, 0],
      news: '1-0',
    });
  });

  test('S3-6.2b S4-FR1.3 a completed deployment resolves its row and the review row of the slug, and is delivered', () => {
    log.tell('review.approved', SAMPLES['review.approved']);
    log.tell('deployment.started', started());
    log.tell('notification.seen', act('deployment/fix-login'));
    expect(log.tell('deployment.completed', completed()).map((change) => [change.row.id, change.deliver])).toEqual([
      ['deployment/fix-login', true],
      ['review/fix-login', false],
    ]);
    expect(deployment()).toMatchObject({ agent_status: 'resolved', human_status: 'seen' });
    expect(review()).toMatchObject({ agent_status: 'resolved', human_status: 'unseen' });
  });

  test('one that a check stopped says which and how, before what to do', () => {
    log.tell('deployment.started', started());
    const next_action = 'mend it, push, telec submit';
    log.tell(
      'deployment.failed',
      failed({ kind: 'checks', conflict_evidence: ['check unit failed with status 1 after 12.3 s'], next_action }),
    );
    expect(deployment()?.text).toMatch(
      /: fix-login: check unit failed with status 1 after 12\.3 s.*\. Next: mend it, push, telec submit$/,
    );
  });

  test('S3-6.2c S4-FR1.3 a failed deployment makes its row unseen again and asks for attention', () => {
    log.tell('deployment.started', started());
    log.tell('notification.seen', act('deployment/fix-login'));
    expect(log.tell('deployment.failed', failed())).toMatchObject([
      { created: false, meaningful: true, deliver: true },
    ]);
    expect(deployment()).toMatchObject({
      human_status: 'unseen',
      seen_at: null,
      agent_status: 'none',
      level: LEVEL.BUSINESS,
    });
    expect(deployment()?.text).toContain('Next: rebase feature/fix-login on main');
  });

  test('a failure without a row creates it', () => {
    expect(log.tell('deployment.failed', failed())).toMatchObject([{ created: true, deliver: true }]);
    expect(deployment()).toMatchObject({ human_status: 'unseen', agent_status: 'none' });
  });

  test('a completion without a row creates none', () => {
    expect(log.tell('deployment.completed', completed())).toEqual([]);
    expect(log.rows.size).toBe(0);
  });

  test('a resumed candidate is in progress again, without a second delivery', () => {
    log.tell('deployment.started', started());
    log.tell('deployment.failed', failed());
    expect(log.tell('integration.candidate.resumed', SAMPLES['integration.candidate.resumed'])).toMatchObject([
      { deliver: false },
    ]);
    expect(deployment()).toMatchObject({ agent_status: 'in_progress', human_status: 'unseen' });
  });

  test('F21 what becomes of an older candidate changes nothing in the row of a newer one', () => {
    log.tell('deployment.started', started());
    log.tell('deployment.started', started(NEWER));
    const before = deployment();
    expect(before).toMatchObject({ subject: { sha: SHA_B } });
    expect(log.tell('deployment.failed', failed())).toEqual([]);
    expect(log.tell('deployment.completed', completed())).toEqual([]);
    expect(log.tell('deployment.started', started({ sha: 'd'.repeat(40), ready_at: '2026-01-01T00:00:00Z' }))).toEqual(
      [],
    );
    expect(deployment()).toBe(before);
  });

  test('a newer candidate takes a resolved row over', () => {
    log.tell('deployment.started', started());
    log.tell('deployment.completed', completed());
    log.tell('deployment.started', started(NEWER));
    expect(deployment()).toMatchObject({ agent_status: 'in_progress', human_status: 'unseen', resolved_at: null });
  });

  test('F21 slugs do not touch each other', () => {
    log.tell('deployment.started', started());
    log.tell('deployment.failed', failed({ slug: 'other' }));
    expect(deployment()).toMatchObject({ agent_status: 'in_progress' });
    expect(log.rows.get('deployment/other')).toMatchObject({ agent_status: 'none' });
  });
});

describe('the row of a review', () => {
  const round = (review_round: number) => ({ ...SAMPLES['review.changes_requested'], review_round });

  test('one row follows the rounds of a slug, and an older round changes nothing', () => {
    log.tell('review.changes_requested', round(2));
    expect(log.tell('review.approved', SAMPLES['review.approved'])).toEqual([]);
    expect(log.tell('review.approved', { ...SAMPLES['review.approved'], review_round: 3 })).toMatchObject([
      { created: false, deliver: true },
    ]);
    expect(log.rows.size).toBe(1);
  });

  test('in one round the request for changes wins', () => {
    log.tell('review.changes_requested', round(1));
    expect(log.tell('review.approved', SAMPLES['review.approved'])).toEqual([]);
  });

  test('the completion of one commit leaves the approval of another alone', () => {
    log.tell('deployment.started', started());
    log.tell('review.approved', { ...SAMPLES['review.approved'], review_round: 2, sha: SHA_B });
    log.tell('deployment.completed', completed());
    expect(deployment()).toMatchObject({ agent_status: 'resolved' });
    expect(review()).toMatchObject({ agent_status: 'none' });
  });
});

describe('what people do', () => {
  test('seen and claimed are independent, and the first claim is kept', () => {
    log.tell('deployment.failed', failed());
    log.tell('notification.claimed', act('deployment/fix-login'));
    const claimed = deployment();
    expect(claimed).toMatchObject({ human_status: 'unseen', agent_status: 'claimed', claimed_by: 'ada@desk' });
    log.tell('notification.seen', act('deployment/fix-login'));
    expect(deployment()).toMatchObject({ human_status: 'seen', agent_status: 'claimed' });
    log.tell('deployment.failed', failed({ blocked_at: '2026-02-01T10:00:00Z' }));
    log.tell('notification.claimed', act('deployment/fix-login'));
    expect(deployment()).toMatchObject({ claimed_at: claimed?.claimed_at, human_status: 'unseen' });
    log.tell('notification.resolved', act('deployment/fix-login'));
    expect(deployment()).toMatchObject({ agent_status: 'resolved', human_status: 'unseen' });
    expect(log.tell('notification.claimed', act('deployment/fix-login'))).toEqual([]);
  });

  test('a row that does not exist is left so', () => {
    expect(log.tell('notification.seen', act('__proto__'))).toEqual([]);
  });
});

describe('the rows of the system', () => {
  const halt = { ...SAMPLES['integration.hold.placed'], alarm: 'TREE_DIFFERS' as const };

  test('a hold of a person makes no row, an alarm makes one named by its code, and lifting it resolves the row', () => {
    expect(log.tell('integration.hold.placed', SAMPLES['integration.hold.placed'])).toEqual([]);
    expect(log.tell('integration.hold.placed', halt)).toMatchObject([{ created: true, deliver: true }]);
    expect(log.rows.get('system/TREE_DIFFERS')).toMatchObject({
      slug: null,
      key: 'TREE_DIFFERS',
      level: LEVEL.BUSINESS,
    });
    log.tell('integration.hold.lifted', SAMPLES['integration.hold.lifted']);
    expect(log.rows.get('system/TREE_DIFFERS')).toMatchObject({ agent_status: 'resolved' });
  });

  test('foreign commits are told, and settled when a person accepts main', () => {
    expect(log.tell('integration.main.foreign', SAMPLES['integration.main.foreign'])).toMatchObject([
      { deliver: true },
    ]);
    expect(log.tell('integration.hold.lifted', SAMPLES['integration.hold.lifted'])).toEqual([]);
    log.tell('integration.main.accepted', SAMPLES['integration.main.accepted']);
    expect(log.rows.get('system/MAIN_FOREIGN')).toMatchObject({ agent_status: 'resolved' });
  });

  test('S3-3.3i a command that failed after a drain is told, a success tells nothing but settles it', () => {
    const log = new NotificationLog();
    const finished = SAMPLES['integration.after_delivery.finished'];
    const success = { ...finished, exit_status: 0, failure: null };
    expect(log.tell('integration.after_delivery.finished', success)).toEqual([]);
    const [failed] = log.tell('integration.after_delivery.finished', finished);
    expect(failed).toMatchObject({ created: true, deliver: true, row: { level: 3, human_status: 'unseen' } });
    expect(failed?.row.text).toContain('it ended with 2');
    expect(log.tell('integration.after_delivery.finished', success)).toMatchObject([
      { deliver: false, row: { id: 'system/AFTER_DELIVERY_FAILED', agent_status: 'resolved' } },
    ]);
    expect(log.tell('integration.after_delivery.finished', success)).toEqual([]);
    expect(log.tell('integration.after_delivery.finished', finished)).toMatchObject([
      { created: false, deliver: true, row: { agent_status: 'none', human_status: 'unseen' } },
    ]);
  });

  test('an entry that cannot be read raises one row, unseen again with each', () => {
    const letter = { entryId: '7-0', reason: 'payload.slug is missing', at: '2026-02-01T00:00:00Z' };
    const first = projectDeadLetter(log.rows, letter);
    expect(first).toMatchObject({ created: true, deliver: true, row: { id: 'system/DEAD_LETTER', slug: null } });
    log.rows.set(first.row.id, first.row);
    log.tell('notification.seen', act('system/DEAD_LETTER'));
    expect(projectDeadLetter(log.rows, { ...letter, entryId: '8-0' })).toMatchObject({
      created: false,
      row: { human_status: 'unseen', text: expect.stringContaining('8-0'), created_at: first.row.created_at },
    });
  });
});

test('types of users work as telec’s own do', () => {
  const catalogue = buildDefaultCatalogue();
  const base = {
    canonicalName: null,
    version: 1,
    domain: 'acme',
    emitter: 'user',
    actionable: false,
    description: 'A build',
    payload: z.strictObject({ job: z.string(), finished_at: z.string().optional() }),
    idempotencyFields: ['job'],
    fenced: false,
    moves: null,
    entityField: 'job',
  } as const;
  const lifecycle = {
    family: 'build',
    creates: true,
    updates: false,
    resolves: false,
    groupKey: 'job',
    meaningfulFields: [],
  };
  catalogue.register({ ...base, type: 'acme.build.queued', level: LEVEL.OPERATIONAL, lifecycle });
  catalogue.register({
    ...base,
    type: 'acme.build.broke',
    level: LEVEL.BUSINESS,
    lifecycle: { ...lifecycle, creates: false, updates: true, meaningfulFields: ['finished_at'] },
  });
  log = new NotificationLog(catalogue);
  expect(log.tellAny('acme.build.queued', { job: 'nightly' })).toMatchObject([{ created: true, deliver: false }]);
  log.tell('notification.seen', act('build/nightly'));
  expect(log.tellAny('acme.build.broke', { job: 'nightly' })).toMatchObject([{ meaningful: false, deliver: false }]);
  expect(log.rows.get('build/nightly')).toMatchObject({ human_status: 'seen', slug: null });
  expect(log.tellAny('acme.build.broke', { job: 'nightly', finished_at: 'now' })).toMatchObject([{ deliver: true }]);
  expect(log.rows.get('build/nightly')).toMatchObject({ human_status: 'unseen' });
});
