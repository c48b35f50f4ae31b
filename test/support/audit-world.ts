/**
 * Histories of main that somebody made by hand, with receipts to go with them: what an audit is to see through. Commits
 * go into the remote as they are told; receipts go into the real log under a lease of their own.
 */
import { join } from 'node:path';
import type { StatusView } from '../../src/actors/client.ts';
import { type Host, openHost } from '../../src/actors/host.ts';
import type { Emission } from '../../src/actors/producer.ts';
import type { World } from './e2e-world.ts';
import { git, importCommits } from './git-repo.ts';

export type Tree = Record<string, string>;

/** What of a receipt is not as it should be. */
export interface Forgery {
  base?: string;
  sha?: string;
  tip?: string;
  tree?: string;
  strategy?: 'merge' | 'squash';
}

export class Plant {
  readonly #world: World;
  readonly #host: Host;
  readonly #proof: { token: string; fence: number };
  readonly #session: string;
  readonly #folder: string;
  #made = 0;

  private constructor(world: World, host: Host, session: string, proof: { token: string; fence: number }) {
    this.#world = world;
    this.#host = host;
    this.#session = session;
    this.#folder = host.options.folder;
    this.#proof = proof;
  }

  /** Holds the lease until `end`. */
  static async begin(world: World): Promise<Plant> {
    const { json } = await world.run<StatusView>(['status']);
    const host = await openHost({
      repoId: json.repo_id,
      folder: join(world.home, json.repo_id),
      redisUrl: world.env['TELEC_REDIS_URL'] ?? null,
      source: 'integrator/planted',
      fresh: true,
      readOnly: true,
    });
    const session = `integrator-${host.ids.ulid()}`;
    const token = host.ids.ulid();
    const granted = await host.leases.acquire(session, token, 600_000, 0);
    if (granted.kind !== 'acquired') throw new Error(`the lease is ${granted.kind}`);
    return new Plant(world, host, session, { token, fence: granted.record.fence });
  }

  /** A commit with exactly these files. */
  commit(parents: string[], files: Tree, message = 'by hand'): string {
    this.#made += 1;
    const [sha = ''] = importCommits(this.#world.remoteDir, [
      { parents, files, message, time: 1_000_000_000 + this.#made },
    ]);
    git(this.#world.remoteDir, 'update-ref', '-d', 'refs/import/0');
    return sha;
  }

  tree(commit: string): string {
    return git(this.#world.remoteDir, 'rev-parse', `${commit}^{tree}`);
  }

  /** The receipt of a merge that stands on `base`. */
  receipt(slug: string, merge: { base: string; sha: string; commit: string }, forged: Forgery = {}): Emission[] {
    const { base, sha, commit } = merge;
    const branch = `work/${slug}`;
    const tip = forged.tip ?? commit;
    const { fence } = this.#proof;
    const receipt = {
      base: forged.base ?? base,
      merge_commit: commit,
      tip,
      tree: forged.tree ?? this.tree(tip),
      fence,
      strategy: forged.strategy ?? ('merge' as const),
      checks: [],
      skipped: 0,
    };
    const of = { slug, branch, sha: forged.sha ?? sha };
    const integrated_at = new Date().toISOString();
    const done = { ...of, merge_commit: commit, integrated_at, outcome: 'merged' as const, fence, receipt };
    return [{ type: 'deployment.completed', payload: done }];
  }

  followUp(slug: string, landed: { base: string; commit: string }): Emission[] {
    const blocked_at = new Date().toISOString();
    const { fence } = this.#proof;
    const payload = { session_id: this.#session, fence, slug, ...landed, tree: this.tree(landed.commit) };
    return [{ type: 'integration.followup.landed', payload: { ...payload, change: 'opened', blocked_at } }];
  }

  /** A decision, as a person or telec would have written it. */
  decision(type: 'rolled_back' | 'enabled', main: string): Emission[] {
    const by = { actor: 'admin/tester', reason: 'planted', command_id: this.#host.ids.ulid(), main_sha: main };
    if (type === 'enabled') return [{ type: 'integration.cutover.enabled', payload: { ...by, evidence: 'planted' } }];
    const taken = { ...by, trigger: 'person' as const, evidence: 'planted', drill: false };
    return [{ type: 'integration.cutover.rolled_back', payload: taken }];
  }

  /** What a session in shadow saw of main. */
  seen(of: { from: string; to: string; commits: number; unmatched: string[] }): Emission[] {
    const payload = { session_id: this.#session, fence: this.#proof.fence, ...of };
    return [{ type: 'integration.shadow.observed', payload }];
  }

  permit(commit: string): Emission[] {
    const until = new Date(Date.now() + 600_000).toISOString();
    const by = { actor: 'admin/ann', reason: 'the registry was down', command_id: this.#host.ids.ulid() };
    return [{ type: 'integration.guard.permitted', payload: { commit, until, ...by } }];
  }

  /** Brings a commit that is on no branch into the private repository, as a session has what it merges. */
  async bring(sha: string): Promise<void> {
    const { remoteDir } = this.#world;
    // Makes the private repository.
    await this.#world.run(['audit']);
    git(remoteDir, 'update-ref', 'refs/heads/brought', sha);
    git(join(this.#folder, 'git'), 'fetch', '--quiet', remoteDir, '+refs/heads/brought:refs/telec/branch/brought');
    git(remoteDir, 'update-ref', '-d', 'refs/heads/brought');
  }

  async tell(...events: Emission[]): Promise<void> {
    for (let at = 0; at < events.length; at += 100) {
      const result = await this.#host.producer.emitAll(events.slice(at, at + 100), { proof: this.#proof });
      if (result.status !== 'appended') throw new Error(JSON.stringify(result));
    }
  }

  /** Moves main and gives the lease back. */
  async end(main: string): Promise<void> {
    git(this.#world.remoteDir, 'update-ref', 'refs/heads/main', main);
    await this.#host.leases.release(this.#session, this.#proof.token);
    await this.#host.close();
  }
}
