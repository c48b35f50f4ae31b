/** The git suite on the twin. */

import type { GitWorld } from '../support/git-world.ts';
import { plainFile } from '../support/twins/commits.ts';
import { directGitPort, openTwinGit } from '../support/twins/git.ts';
import { TwinRemote } from '../support/twins/remote.ts';
import { auditConformance } from './audit-suite.ts';
import { foresightConformance } from './foresight-suite.ts';
import { gitConformance } from './git-suite.ts';

async function makeTwinWorld(): Promise<GitWorld> {
  const remote = new TwinRemote();
  return {
    commit: async ({ parents, files, message = 'commit', time = 0 }) => {
      const content = Object.entries(files as Record<string, string | { mode: string; content: string }>);
      const all = content.map(
        ([path, file]) => [path, typeof file === 'string' ? plainFile(file) : `${file.mode} ${file.content}`] as const,
      );
      return remote.commit({ parents, files: new Map(all), message, timeSeconds: time });
    },
    setRemoteRef: async (ref, sha) => remote.setRef(ref, sha),
    deleteRemoteRef: async (ref) => remote.setRef(ref, null),
    remoteRefs: async () => new Map([...remote.refs].sort(([a], [b]) => (a < b ? -1 : 1))),
    setReachable: async (reachable) => {
      remote.reachable = reachable;
    },
    open: async () => openTwinGit({ remote, port: directGitPort }),
    close: async () => undefined,
  };
}

gitConformance('the twin of git', makeTwinWorld);
auditConformance('the twin of git', makeTwinWorld);
foresightConformance('the twin of git', makeTwinWorld);
