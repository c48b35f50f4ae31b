/**
 * The ground on which guards are tried: a scratch remote with the very hooks, a scratch clone, and nothing of the real
 * remote. Made anew for each trial and removed behind it.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { pick } from '../../io/git/environment.ts';
import type { FenceSigner } from '../../io/git/fence.ts';
import type { FenceNote, IntegrationRepository } from '../../io/git/port.ts';
import { openRepository } from '../../io/git/repository.ts';
import { type GitResult, runGit } from '../../io/git/run.ts';
import { type BareRepository, openBare } from '../../io/guards/bare-repository.ts';
import { withoutWrappers } from '../../io/guards/wrapper-files.ts';

const AUTHOR = 'telec trial <telec@localhost>';
/** Above what any trial does, so that one that hangs ends. */
const STEP_MS = 30_000;

export interface Ground {
  dir: string;
  remote: BareRepository;
  clone: string;
  main: string;
  /** A commit on top of main, on the branch that the clone has checked out. */
  tip: string;
  /** One beside it that looks like a delivery: it names the fence. */
  claimed: string;
  /** Fence commits: the remote's, and others that must not get there. */
  fence: string;
  strange: { older: string; skipped: string; unrelated: string; unsigned: string };
  integrator: IntegrationRepository;
  note: FenceNote;
  /** Runs git in the clone; `env` goes over the usual one. */
  git(args: string[], options?: { env?: Record<string, string>; stdin?: string; cwd?: string }): Promise<GitResult>;
  /** What a ref of the remote is; '' when it is not there. */
  ref(name: string): Promise<string>;
  close(): Promise<void>;
}

/** `sign` signs the integrator's fences. Thrown: GUARD_TRIAL (1) when the ground cannot be made. */
export async function makeGround(main: string, sign: FenceSigner): Promise<Ground> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'telec-trial-')));
  const [remoteDir, clone] = [join(dir, 'remote.git'), join(dir, 'clone')];
  const env = {
    ...pick(process.env, ['TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH']),
    PATH: withoutWrappers(process.env['PATH'] ?? ''),
    HOME: dir,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'telec trial'],
        [`GIT_${who}_EMAIL`, 'telec@localhost'],
      ]),
    ),
  };
  const git: Ground['git'] = (args, { env: more = {}, stdin, cwd = clone } = {}) =>
    runGit({ args, cwd, env: { ...env, ...more }, timeoutMs: STEP_MS, ...(stdin === undefined ? {} : { stdin }) });
  const must = async (...args: string[]): Promise<string> => {
    const result = await git(args, { cwd: ['init', '--git-dir'].includes(args[0] ?? '') ? dir : clone });
    if (result.ended === 'exited' && result.status === 0) return result.stdout.toString('utf8').trim();
    throw new TelecError(
      'GUARD_TRIAL',
      EXIT.domain,
      `the guards cannot be tried: git ${args[0]}: ${result.stderr.trim()}`,
      {
        hint: 'telec doctor',
      },
    );
  };
  let integrator: IntegrationRepository | null = null;
  const close = async () => {
    await integrator?.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await must('init', '--quiet', '--bare', '--template=', `--initial-branch=${main}`, remoteDir);
    // What git refuses by itself must not count as the work of a guard.
    await must('--git-dir', remoteDir, 'config', 'receive.denyDeleteCurrent', 'ignore');
    await must('init', '--quiet', '--template=', '--initial-branch=telec-trial', clone);
    await must('remote', 'add', 'origin', remoteDir);
    // The user's own setting would put the hook that is tried into a folder of real clones.
    await must('config', 'core.hooksPath', join(clone, '.git', 'hooks'));
    await must('commit', '--quiet', '--allow-empty', '--message=first');
    await must('push', '--quiet', 'origin', `HEAD:refs/heads/${main}`);
    await must('fetch', '--quiet', 'origin');
    await must('commit', '--quiet', '--allow-empty', '--message=work');
    const tip = await must('rev-parse', 'HEAD');
    integrator = await openRepository({
      dir: join(dir, 'private'),
      clonePath: clone,
      remote: { url: remoteDir, config: [], env: {}, safeDirectories: [] },
      main,
      sign,
    });
    const note: FenceNote = { fence: 3, seq: 3, session: 'trial', log: 'trial', repo: 'trial', main };
    const write = (from: string | null, more: Partial<FenceNote>) =>
      (integrator as IntegrationRepository).writeFence(from, { ...note, ...more }, AUTHOR, 1_000_000_000);
    const fence = await write(null, {});
    // The clone has its fences at hand, as somebody who wants to get through would.
    writeFileSync(join(clone, '.git', 'objects', 'info', 'alternates'), `${join(dir, 'private', 'objects')}\n`);
    // By git alone, which is told of no key.
    const tree = await must('rev-parse', 'HEAD^{tree}');
    const claim = await git(['commit-tree', tree, '-p', 'HEAD~1'], { stdin: `work\n\nTelec-Fence: ${note.fence}\n` });
    const claimed = claim.stdout.toString('utf8').trim();
    const emptyTree = await must('hash-object', '-w', '-t', 'tree', '/dev/null');
    const trailers = { Fence: 3, Seq: 4, Session: 'trial', Log: 'trial', Repo: 'trial', Main: main };
    const lines = Object.entries(trailers).map(([key, value]) => `Telec-${key}: ${value}\n`);
    const unsigned = await git(['commit-tree', '-p', fence, emptyTree], { stdin: `telec fence\n\n${lines.join('')}` });
    const strange = {
      unsigned: unsigned.stdout.toString('utf8').trim(),
      older: await write(fence, { fence: 2, seq: 4 }),
      skipped: await write(fence, { seq: 5 }),
      unrelated: await write(null, { seq: 4 }),
    };
    await must('push', '--quiet', 'origin', `${fence}:refs/telec/fence`);
    const remote = await openBare(remoteDir);
    const ref = async (name: string) => {
      const answer = await git(['show-ref', '--verify', '--hash', name], {
        cwd: remoteDir,
        env: { GIT_DIR: remoteDir },
      });
      return answer.status === 0 ? answer.stdout.toString('utf8').trim() : '';
    };
    return { dir, remote, clone, main, tip, claimed, fence, strange, integrator, note, git, ref, close };
  } catch (error) {
    await close();
    throw error;
  }
}
