import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoverClone, pushBranch } from '../../src/io/git/clone.ts';
import type { IntegrationRepository, PushRequest } from '../../src/io/git/port.ts';
import { argumentsOfAll, serveGit } from '../support/git-http.ts';
import { git, importCommits } from '../support/git-repo.ts';
import { makeRealWorld, type RealWorld } from '../support/git-world.ts';

const AUTHOR = 'integrator <integrator@localhost>';

describe('the private repository over HTTP', () => {
  let world: RealWorld;
  let server: Server;
  let repository: IntegrationRepository;
  let push: PushRequest;
  let fault: (request: IncomingMessage) => number | null;

  beforeEach(async () => {
    world = makeRealWorld();
    fault = () => null;
    server = await serveGit(world.dir, (request) => fault(request));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const url = `http://user:hunter2@127.0.0.1:${port}/remote.git`;
    const [main = '', tip = ''] = importCommits(world.remoteDir, [
      { parents: [], files: { a: '1\n' } },
      { parents: [':1'], files: { a: '2\n' } },
    ]);
    await world.setRemoteRef('refs/heads/main', main);
    await world.setRemoteRef('refs/heads/feat', tip);
    git(world.remoteDir, 'config', 'http.receivepack', 'true');
    repository = await world.openWith({ remote: { url, config: [], env: {}, safeDirectories: [] } });
    await repository.fetch(['feat']);
    const note = { fence: 1, session: 's', log: 'l', repo: 'r', main: 'main' };
    const fenceFrom = await repository.writeFence(null, { ...note, seq: 1 }, AUTHOR, 1);
    expect(await repository.push({ tip: null, fenceFrom: null, fenceTo: fenceFrom })).toEqual({ kind: 'pushed' });
    push = { tip, fenceFrom, fenceTo: await repository.writeFence(fenceFrom, { ...note, seq: 2 }, AUTHOR, 2) };
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await world.close();
  });

  it('pushes, and takes the repetition for pushed', async () => {
    expect(await repository.push(push)).toEqual({ kind: 'pushed' });
    expect(await repository.push(push)).toEqual({ kind: 'pushed' });
  });

  it.each([
    [502, 'transient'],
    [401, 'transient'],
    [403, 'refused'],
  ])('an answer of %i before anything was sent: %s', async (status, kind) => {
    fault = () => status;
    const outcome = await repository.push(push);
    expect(outcome.kind).toBe(kind);
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
    expect((await repository.look()).kind).toBe('unreachable');
  });

  it('gives the password of the URL to the remote and to no argument of any process', async () => {
    const seen = new Set<string>();
    const asked: (string | undefined)[] = [];
    fault = (request) => {
      // The programs of git that ask are alive now.
      for (const text of argumentsOfAll()) seen.add(text);
      asked.push(request.headers.authorization);
      return request.headers.authorization === undefined ? 401 : null;
    };
    expect((await repository.look()).kind).toBe('seen');
    expect((await repository.fetch(['feat'])).kind).toBe('fetched');
    expect(await repository.push(push)).toEqual({ kind: 'pushed' });
    const right = `Basic ${Buffer.from('user:hunter2').toString('base64')}`;
    expect(new Set(asked)).toEqual(new Set([undefined, right]));
    const all = [...seen].filter((text) => text.includes('git'));
    expect(all.some((text) => text.includes('remote-http'))).toBe(true);
    expect(all.filter((text) => /hunter2/.test(text))).toEqual([]);
  });

  it("pushes a branch for its owner likewise, whatever the owner's configuration calls the remote", async () => {
    const work = join(world.dir, 'work');
    git(world.dir, 'clone', '--quiet', world.remoteDir, work);
    git(work, 'remote', 'set-url', 'origin', 'short:remote.git');
    const address = server.address() as AddressInfo;
    git(work, 'config', `url.http://user:hunter2@127.0.0.1:${address.port}/.insteadOf`, 'short:');
    const seen = new Set<string>();
    let refused = 0;
    fault = (request) => {
      for (const text of argumentsOfAll()) seen.add(text);
      if (request.headers.authorization !== undefined) return null;
      refused += 1;
      return 401;
    };
    const clone = await discoverClone(work);
    const sha = git(work, 'rev-parse', 'refs/remotes/origin/feat');
    expect(await pushBranch(clone, 'origin', 'mine', sha)).toEqual({ kind: 'pushed' });
    expect(git(world.remoteDir, 'rev-parse', 'refs/heads/mine')).toBe(sha);
    expect(refused).toBeGreaterThan(0);
    expect([...seen].filter((text) => /hunter2/.test(text))).toEqual([]);
  });

  it('an error after the objects were sent: unknown', async () => {
    fault = (request) => (request.method === 'POST' && request.url?.endsWith('git-receive-pack') ? 502 : null);
    expect((await repository.push(push)).kind).toBe('unknown');
  });
});
