import { describe, expect, it } from 'vitest';
import { localPathOf, repoIdFromUrl } from '../../src/io/git/url.ts';

describe('the id of a repository from its URL', () => {
  it.each([
    [
      'scheme, user, password, default port, .git and slashes do not count',
      [
        'https://host.example/team/App.git',
        'https://user:secret@host.example/team/App',
        'https://host.example:443/team/App.git/',
        'http://host.example:80/team/App',
        'ssh://git@host.example/team/App.git',
        'ssh://host.example:22/team/App',
        'git@host.example:team/App.git',
        'host.example:/team/App',
        'git://HOST.example:9418/team/App//',
      ],
    ],
    [
      'a path is a path with or without file://',
      [
        '/srv/git/App',
        '/srv/git/App.git',
        '/srv/git/App.git/',
        'file:///srv/git/App.git',
        'file://localhost/srv/git/App',
      ],
    ],
    ['another port is another place', ['ssh://host.example:2222/team/App', 'ssh://git@host.example:2222/team/App.git']],
    ['an IPv6 host', ['ssh://[::1]/team/App', 'git@[::1]:team/App.git', 'ssh://[::1]:22/team/App']],
    ['escaped characters', ['https://host.example/my%20app', 'host.example:my app']],
  ])('%s', (_, urls) => {
    const ids = urls.map(repoIdFromUrl);
    expect(new Set(ids).size).toBe(1);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9._-]{1,64}$/);
  });

  it('tells different places apart', () => {
    const urls = [
      'https://host.example/team/App',
      'https://host.example/other/App',
      'https://host.example:8443/team/App',
      'https://other.example/team/App',
      '/team/App',
      '/team/app',
    ];
    expect(new Set(urls.map(repoIdFromUrl)).size).toBe(urls.length);
  });

  it('starts with the last name and ends with 12 hex digits', () => {
    expect(repoIdFromUrl('git@host.example:team/My App.git')).toMatch(/^my-app-[0-9a-f]{12}$/);
    expect(repoIdFromUrl('/srv/\u00fcber.git')).toMatch(/^ber-[0-9a-f]{12}$/);
    expect(repoIdFromUrl('/srv/\u00fc')).toMatch(/^repository-[0-9a-f]{12}$/);
    expect(repoIdFromUrl('/')).toMatch(/^repository-[0-9a-f]{12}$/);
    expect(repoIdFromUrl(`/srv/${'x'.repeat(300)}`)).toHaveLength(64);
  });

  it('shows no secret of the URL', () => {
    expect(repoIdFromUrl('https://user:hunter2@host.example/app')).not.toContain('hunter2');
  });

  it('knows which URLs are paths of this machine', () => {
    expect(localPathOf('file:///a%20b')).toBe('/a b');
    expect(localPathOf('../up')).toBe('../up');
    expect(localPathOf('./a:b')).toBe('./a:b');
    for (const url of ['host:a', 'https://host/a', 'ext::sh -c x', 'file://elsewhere/a'])
      expect(localPathOf(url)).toBeNull();
  });
});
