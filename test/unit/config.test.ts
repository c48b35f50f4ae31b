import { describe, expect, test } from 'vitest';
import { TelecError } from '../../src/errors.ts';
import { CONFIG_KEYS, configDigest, configJsonSchema, configTemplate, readConfig } from '../../src/io/config.ts';

const read = (texts: { main?: string | null; workTree?: string | null; env?: Record<string, string> } = {}) =>
  readConfig({ main: null, workTree: null, env: {}, ...texts });

/** Path and message of every problem, or none. */
function problems(texts: Parameters<typeof read>[0]): string[] {
  try {
    read(texts);
    return [];
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exit: 2 });
    return (error.problems ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('the configuration', () => {
  test('without files and environment everything has its default', () => {
    expect(read().config).toEqual({
      remote: 'origin',
      main: 'main',
      repoId: null,
      redis: 'embedded',
      lease: { ttlMs: 120_000, renewMs: 30_000 },
      integration: {
        strategy: 'merge',
        graceMs: 2000,
        probeMs: 30_000,
        pushAttempts: 3,
        pushBatch: 10,
        radar: true,
        parityMin: 20,
        author: 'telec integrator <telec@localhost>',
        afterDelivery: null,
      },
      guards: 'normal',
      web: { host: '127.0.0.1', port: 7433 },
      notify: { telegram: null, discord: null, webhook: null },
      cleanup: { worktree: true, localBranch: true, remoteBranch: true, todo: true },
      checks: [],
      speculation: { window: 4, parallel: null, batch: 1, patience: 0, lanes: [], priorities: false },
    });
    expect(new Set(read().rows.map((row) => row.source))).toEqual(new Set(['default']));
  });

  test('a file of several documents is refused: which one counts would be a guess', () => {
    expect(problems({ workTree: 'main: one\n---\nmain: two\n' })).toEqual([
      ': holds more than one document (telec.yaml line 2)',
    ]);
  });

  test('an empty file, one of nulls and the file init writes mean the defaults', () => {
    for (const text of ['', '# nothing\n', 'main: null\nintegration:\nlease: {ttl_ms: null}\n', configTemplate()])
      expect(read({ workTree: text }).config).toEqual(read().config);
  });

  test('what init writes names every key with its default', () => {
    const written = configTemplate()
      .replace(/^# ?(?=[a-z ]+[a-z_]*:( |$))/gm, '')
      .replace(/^telec: all.*$/m, '');
    const { rows, config } = read({ workTree: written });
    expect(config).toEqual(read().config);
    expect(rows.filter((row) => row.source === 'default').map((row) => row.key)).toEqual([
      'repo_id',
      'integration.after_delivery',
      'speculation.parallel',
      'notify.telegram',
      'notify.discord',
      'notify.webhook',
    ]);
  });

  test('the environment beats the file, the file beats the default, and each row says so', () => {
    const { config, rows } = read({
      workTree: 'main: trunk\nremote: up\nlease: {ttl_ms: 3000, renew_ms: 500}\n',
      env: {
        TELEC_MAIN: 'stable',
        TELEC_LEASE_RENEW_MS: '700',
        TELEC_INTEGRATION_STRATEGY: 'squash',
        TELEC_REMOTE: '',
      },
    });
    expect(config).toMatchObject({ main: 'stable', remote: 'up', lease: { ttlMs: 3000, renewMs: 700 } });
    expect(config.integration.strategy).toBe('squash');
    const sources = Object.fromEntries(rows.map((row) => [row.key, row.source]));
    expect(sources).toMatchObject({
      main: 'TELEC_MAIN',
      remote: 'telec.yaml',
      'lease.ttl_ms': 'telec.yaml',
      'lease.renew_ms': 'TELEC_LEASE_RENEW_MS',
      'integration.strategy': 'TELEC_INTEGRATION_STRATEGY',
      redis: 'default',
    });
  });

  test("what is cleaned up behind a delivery, and what runs after it, is main's own to say, and the environment's", () => {
    const text = 'cleanup: {worktree: false, todo: false}\nintegration: {after_delivery: make restart}\n';
    const { config, rows } = read({ main: text, workTree: 'cleanup: {local_branch: false}\n' });
    expect(config.cleanup).toEqual({ worktree: false, localBranch: true, remoteBranch: true, todo: false });
    expect(config.integration.afterDelivery).toBe('make restart');
    expect(rows.find((row) => row.key === 'cleanup.worktree')).toEqual({
      key: 'cleanup.worktree',
      value: false,
      source: "main's telec.yaml",
    });
    const env = { TELEC_CLEANUP_WORKTREE: 'true', TELEC_CLEANUP_REMOTE_BRANCH: 'false' };
    expect(read({ main: text, env }).config.cleanup).toMatchObject({ worktree: true, remoteBranch: false });
    expect(problems({ env: { TELEC_CLEANUP_TODO: 'maybe' } })).toEqual([
      'cleanup.todo: expected boolean, received string (TELEC_CLEANUP_TODO)',
    ]);
    expect(problems({ workTree: 'cleanup: {worktre: true}\nintegration: {after_delivery: " "}\n' })).toEqual([
      'integration.after_delivery: is empty (telec.yaml line 2)',
      'cleanup.worktre: is no key of telec; worktree was probably meant (telec.yaml line 1)',
    ]);
  });

  test("how candidates land is read from main's own file: a work tree cannot loosen it", () => {
    const workTree = 'main: trunk\nintegration: {strategy: squash, push_attempts: 9}\n';
    const main = 'main: ignored\nintegration: {strategy: merge}\n';
    const both = read({ main, workTree });
    expect(both.config.main).toBe('trunk');
    expect(both.config.integration).toMatchObject({ strategy: 'merge', pushAttempts: 3 });
    expect(both.rows.find((row) => row.key === 'integration.strategy')?.source).toBe("main's telec.yaml");
    expect(read({ main: '', workTree }).config.integration.strategy).toBe('merge');
    expect(read({ main: null, workTree }).config.integration.strategy).toBe('squash');
  });

  test('every problem is listed with its path and its line', () => {
    const text = [
      'remot: x',
      'lease: {ttl_ms: 100, renew: 5}',
      'integration:',
      '  gracems: 3',
      '  strategy: ff',
      '  author: 7',
      'check: []',
      'ttl_ms: 3',
    ].join('\n');
    expect(problems({ workTree: text, env: { TELEC_LEASE_TTL_MS: 'soon' } }).sort()).toEqual([
      'check: is no key of telec; checks was probably meant (telec.yaml line 7)',
      'integration.author: expected string, received number (telec.yaml line 6)',
      'integration.gracems: is no key of telec; grace_ms was probably meant (telec.yaml line 4)',
      'integration.strategy: expected one of "merge"|"squash" (telec.yaml line 5)',
      'lease.renew: is no key of telec; renew_ms was probably meant (telec.yaml line 2)',
      'lease.renew_ms: three times renew_ms must not exceed ttl_ms (telec.yaml line 2)',
      'lease.ttl_ms: Too small: expected number to be >=1500 (telec.yaml line 2)',
      'lease.ttl_ms: expected number, received string (TELEC_LEASE_TTL_MS)',
      'remot: is no key of telec; remote was probably meant (telec.yaml line 1)',
      'ttl_ms: is no key here; lease.ttl_ms was probably meant (telec.yaml line 8)',
    ]);
  });

  test('problems of both files are told, and those of one text only once', () => {
    expect(problems({ main: 'a: 1', workTree: 'b: 1' })).toEqual([
      'b: is no key of telec (telec.yaml line 1)',
      "a: is no key of telec (main's telec.yaml line 1)",
    ]);
    expect(problems({ main: 'b: 1', workTree: 'b: 1' })).toHaveLength(1);
  });

  test.each([
    ['a: [', /Flow sequence/],
    ['- 1', /is not a mapping/],
    ['just text', /is not a mapping/],
    ['main: a\nmain: b', /unique.*line 2/],
    ['main: !!js/function x', /Unresolved tag/],
    [`x: &a [1]\n${'y: *a\n'.repeat(3)}`, /unique|key/],
    ['#'.repeat(70_000), /longer than/],
  ])('a file that is no plain mapping is refused: %s', (text, message) => {
    expect(problems({ workTree: text }).join('\n')).toMatch(message);
  });

  test('a file that unfolds to far more than it holds is refused', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++) {
      const [name, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
      lines.push(`${name}: &${name} [*${before}, *${before}, *${before}, *${before}, *${before}, *${before}]`);
    }
    expect(problems({ workTree: lines.join('\n') }).join()).toMatch(/alias/i);
  });

  test.each([
    ['main: -f', 'main'],
    ['main: a..b', 'main'],
    ['main: "a b"', 'main'],
    ['main: "a@{1}"', 'main'],
    ['main: x.lock', 'main'],
    ['main: /x', 'main'],
    ['main: HEAD', 'main'],
    ['main: refs/heads/main', 'main'],
    ['main: "a\\u0007"', 'main'],
    ['main: ""', 'main'],
    ['remote: --upload-pack=x', 'remote'],
    ['remote: a/b', 'remote'],
    ['remote: https://host/x', 'remote'],
    ['repo_id: ..', 'repo_id'],
    ['repo_id: a/b', 'repo_id'],
    ['repo_id: A', 'repo_id'],
    ['redis: http://h', 'redis'],
    ['redis: /tmp/sock', 'redis'],
    ['integration: {author: "no mail"}', 'integration.author'],
    ['integration: {author: "a <b>\\n"}', 'integration.author'],
    ['integration: {push_batch: 0}', 'integration.push_batch'],
    ['integration: {probe_ms: 1.5}', 'integration.probe_ms'],
    ['lease: {ttl_ms: 90000}\n', 'none'],
    ['lease: {ttl_ms: 89999}\n', 'lease.renew_ms'],
    ['lease: {renew_ms: 99}', 'lease.renew_ms'],
  ])('%j: refused at %s', (text, path) => {
    const found = problems({ workTree: text }).map((problem) => problem.slice(0, problem.indexOf(':')));
    expect([...new Set(found)]).toEqual(path === 'none' ? [] : [path]);
  });

  test('the password of the redis URL is used and never shown', () => {
    const env = { TELEC_REDIS_URL: 'rediss://me:hunter22@host:6380/1' };
    const { config, rows } = read({ env });
    expect(config.redis).toBe(env.TELEC_REDIS_URL);
    expect(rows.find((row) => row.key === 'redis')).toEqual({
      key: 'redis',
      value: 'rediss://me:***@host:6380/1',
      source: 'TELEC_REDIS_URL',
    });
  });

  test('the digest is equal for equal ways of landing and differs with any of them', () => {
    const digest = (text: string) => configDigest(read({ workTree: text }).config);
    expect(digest('')).toMatch(/^[0-9a-f]{64}$/);
    expect(digest('integration: {strategy: merge}\nremote: elsewhere\nlease: {renew_ms: 1000}')).toBe(digest(''));
    for (const text of ['main: trunk', 'integration: {strategy: squash}', 'integration: {push_batch: 9}'])
      expect(digest(text)).not.toBe(digest(''));
  });

  test('the JSON Schema knows every key and no other', () => {
    const schema = configJsonSchema();
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    const properties = schema['properties'] as Record<string, { properties?: Record<string, unknown> }>;
    const keys = Object.entries(properties).flatMap(([name, inner]) =>
      inner.properties ? Object.keys(inner.properties).map((key) => `${name}.${key}`) : [name],
    );
    expect(keys.sort()).toEqual(CONFIG_KEYS.map((entry) => entry.key).sort());
    expect(CONFIG_KEYS.every((entry) => entry.meaning.endsWith('.'))).toBe(true);
  });
});
