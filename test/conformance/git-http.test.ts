import type { IncomingMessage, Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntegrationRepository, PushRequest } from '../../src/io/git/port.ts';
import { serveGit } from '../support/git-http.ts';
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

  it('an error after the objects were sent: unknown', async () => {
    fault = (request) => (request.method === 'POST' && request.url?.endsWith('git-receive-pack') ? 502 : null);
    expect((await repository.push(push)).kind).toBe('unknown');
  });
});
