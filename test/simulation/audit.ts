/** What the product's own audit says of main at the end: nothing but what somebody else brought. */
import { auditMain } from '../../src/actors/audit/audit.ts';
import { directGitPort, openTwinGit } from '../support/twins/git.ts';
import { openTwinLog } from '../support/twins/log.ts';
import type { World } from './world.ts';

export async function judgeAudit(world: World): Promise<void> {
  const { store, remote, catalogue } = world;
  const port = {
    clock: { setTimeout: () => undefined, clearTimeout: () => undefined },
    perform: async <T>(_name: string, op: () => T): Promise<T> => op(),
  };
  const git = openTwinGit({ remote, port: directGitPort, name: 'audit' });
  const view = await auditMain({ log: openTwinLog(store, port), catalogue }, git);
  const foreign = new Set(
    remote.moves
      .filter(({ by, mainFrom, mainTo }) => by === null && mainFrom !== mainTo)
      .flatMap(({ mainFrom, mainTo }) =>
        remote.graph.line(mainTo ?? '', (sha) => sha === mainFrom).map(({ sha }) => sha),
      ),
  );
  for (const { commit, code, text } of view.violations) {
    if (code !== 'no_receipt' || !foreign.has(commit)) world.fail('audit', `${commit} ${code}: ${text}`);
    foreign.delete(commit);
  }
  const line = new Set(remote.graph.line(view.to ?? '', (sha) => sha === view.from).map(({ sha }) => sha));
  for (const commit of foreign) if (line.has(commit)) world.fail('audit', `${commit} is foreign, and nobody says so`);
  for (const { code, text } of view.remarks) world.fail('audit', `a remark at rest: ${code} ${text}`);
}
