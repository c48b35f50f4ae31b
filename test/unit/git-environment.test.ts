import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { secretsOfTransport, shelter } from '../../src/io/git/credentials.ts';
import { closedEnvironment, transportEnvironment } from '../../src/io/git/environment.ts';

const HOSTILE = {
  PATH: '/bin',
  HOME: '/home/me',
  GIT_DIR: '/elsewhere',
  GIT_WORK_TREE: '/elsewhere',
  GIT_INDEX_FILE: '/elsewhere/index',
  GIT_OBJECT_DIRECTORY: '/elsewhere/objects',
  GIT_ALTERNATE_OBJECT_DIRECTORIES: '/elsewhere/objects',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'core.sshCommand',
  GIT_CONFIG_VALUE_0: 'touch /tmp/x',
  GIT_CONFIG_PARAMETERS: "'core.sshCommand'='touch /tmp/x'",
  GIT_SSH_COMMAND: 'touch /tmp/x',
  GIT_EXTERNAL_DIFF: 'touch /tmp/x',
  GIT_EXEC_PATH: '/elsewhere',
  GIT_TRACE: '/elsewhere/trace',
  GIT_NAMESPACE: 'n',
  LD_PRELOAD: '/elsewhere.so',
  SSH_ASKPASS: '/elsewhere',
};
const REMOTE = {
  url: '/srv/app.git',
  config: [] as [string, string][],
  env: { HOME: '/home/me' },
  safeDirectories: [],
};

function configOf(env: Record<string, string>): [string, string][] {
  return Array.from({ length: Number(env['GIT_CONFIG_COUNT']) }, (_, at) => [
    env[`GIT_CONFIG_KEY_${at}`] ?? '',
    env[`GIT_CONFIG_VALUE_${at}`] ?? '',
  ]);
}

describe('the environment git runs in', () => {
  it.each([
    ['local', closedEnvironment('/state/git', HOSTILE)],
    ['transport', transportEnvironment('/state/git', REMOTE, '/state/git/config-file', HOSTILE)],
  ])('lets nothing of the caller through but the search path (%s)', (_, env) => {
    expect(Object.values(env).join('\n')).not.toMatch(/elsewhere|touch/);
    for (const name of [
      'GIT_SSH_COMMAND',
      'GIT_EXEC_PATH',
      'GIT_TRACE',
      'GIT_INDEX_FILE',
      'GIT_NAMESPACE',
      'LD_PRELOAD',
    ])
      expect(env).not.toHaveProperty(name);
    expect(env).toMatchObject({
      PATH: '/bin',
      GIT_DIR: '/state/git',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '',
      GIT_NO_REPLACE_OBJECTS: '1',
    });
    const config = new Map(configOf(env));
    expect(config.get('core.hooksPath')).toBe('/dev/null');
    expect(config.get('gc.auto')).toBe('0');
  });

  it('allows no transport to local commands and one to those that talk to the remote', () => {
    const allowed = (url: string) => transportEnvironment('/g', { ...REMOTE, url }, '/c', {})['GIT_ALLOW_PROTOCOL'];
    expect(closedEnvironment('/g', {})['GIT_ALLOW_PROTOCOL']).toBe('');
    expect(allowed('/srv/app.git')).toBe('file');
    expect(allowed('file:///srv/app.git')).toBe('file');
    expect(allowed('git@host:app')).toBe('ssh');
    expect(allowed('ssh://host/app')).toBe('ssh');
    expect(allowed('https://host/app')).toBe('http:https');
    expect(allowed('git://host/app')).toBe('git');
    expect(allowed('ext::sh -c "touch /tmp/x"')).toBe('');
    expect(allowed('EXT::sh')).toBe('');
  });

  it('passes the settings of the remote on in the environment, where the URL and its secrets are not seen by others', () => {
    const settings = {
      url: 'https://user:hunter2@host/app',
      pushUrl: 'ssh://git@host/app',
      config: [['http.https://host.extraHeader', 'X: y'] as [string, string]],
      env: { HOME: '/home/me', SSH_AUTH_SOCK: '/run/agent' },
      safeDirectories: [],
    };
    const env = transportEnvironment('/g', settings, '/g/file', HOSTILE);
    expect(env).toMatchObject({ HOME: '/home/me', SSH_AUTH_SOCK: '/run/agent', GIT_CONFIG_GLOBAL: '/g/file' });
    expect(env['GIT_ALLOW_PROTOCOL']).toBe('http:https:ssh');
    expect(configOf(env)).toEqual(
      expect.arrayContaining([
        ['http.https://host.extraHeader', 'X: y'],
        // Git would hand it to its transport program as an argument: the password comes by a helper instead.
        ['remote.telec.url', 'https://host/app'],
        ['remote.telec.pushurl', 'ssh://git@host/app'],
        ['credential.https://host.helper', ''],
        ['credential.https://host.helper', expect.stringMatching(/^!f\(\) \{ test "\$1" = get && printf /)],
      ]),
    );
    expect(JSON.stringify(configOf(env))).not.toContain('hunter2');
    const passwords = Object.entries(env).filter(([name]) => name.startsWith('TELEC_REMOTE_PASSWORD_'));
    expect(passwords.map(([, value]) => value)).toEqual(['hunter2']);
  });

  it.each([
    ['https://user:p%40ss@host:8/app', 'https://host:8/app', ['user', 'p@ss']],
    ['http://user:@host/app', 'http://host/app', ['user', '']],
    [
      'https://ghp_0123456789abcdef0123:x-oauth-basic@host/a',
      'https://host/a',
      ['ghp_0123456789abcdef0123', 'x-oauth-basic'],
    ],
    ['https://user:p@ss@host/app', 'https://host/app', ['user', 'p@ss']],
    ["https://u:$(id)';@host/app", 'https://host/app', ['u', "$(id)';"]],
  ])('%s is asked as %s', (url, shown, [user, password]) => {
    const sheltered = shelter(url);
    expect(sheltered.url).toBe(shown);
    expect(Object.values(sheltered.env)).toEqual([user, password]);
    const [, [, helper = ''] = []] = sheltered.config;
    const asked = execFileSync('/bin/sh', ['-c', `${helper.slice(1)} get`], { env: sheltered.env, encoding: 'utf8' });
    expect(asked).toBe(`username=${user}\npassword=${password}\n`);
    expect(spawnSync('/bin/sh', ['-c', `${helper.slice(1)} store`], { env: sheltered.env }).stdout.toString()).toBe('');
  });

  it.each([
    'https://host/app',
    'https://user@host/app',
    'ssh://git@host/app',
    'git@host:app',
    '/srv/app.git',
    'https://a:b%0Ac@host/app',
  ])('%s is asked as it is', (url) => {
    expect(shelter(url)).toEqual({ url, config: [], env: {} });
  });

  it('a token alone in the place of the user goes into the configuration', () => {
    const token = 'ghp_0123456789abcdef0123';
    expect(shelter(`https://${token}@host/app`)).toEqual({
      url: 'https://host/app',
      config: [['credential.https://host.username', token]],
      env: {},
    });
  });

  it('knows what nothing said about a remote may show', () => {
    const config: [string, string][] = [
      ['http.https://host.extraHeader', 'Authorization: Basic dXNlcjpodW50ZXIy'],
      ['http.proxy', 'http://me:proxy-pass@proxy'],
    ];
    const env = { https_proxy: 'http://me:other-pass@proxy' };
    const url = 'https://user:p%40ssword@host/app';
    expect(secretsOfTransport({ url, config, env, safeDirectories: [] }).sort()).toEqual(
      ['dXNlcjpodW50ZXIy', 'other-pass', 'p%40ssword', 'p@ssword', 'p%40ssword', 'p@ssword', 'proxy-pass'].sort(),
    );
  });
});
