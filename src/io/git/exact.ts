/**
 * A work tree that holds exactly one tree of the private repository, byte for byte: no conversion, no filter, no hook, no
 * submodule. Made by difference from what it held before, whatever became of it meanwhile. Its index and settings are a
 * git folder of its own beside it, the objects are borrowed.
 *
 * Invariants: nothing is written outside of the work tree and that folder, also where links lie in the way; a work tree
 * that is not proven to be exact is a fault, never an answer.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { closedEnvironment } from './environment.ts';
import { isObjectId } from './objects.ts';
import { failure, GitFault, runGit } from './run.ts';

export interface ExactPlace {
  /** The bare repository that has the objects. */
  repository: string;
  /** Folder of the index and the settings; made when it is not there. */
  gitFolder: string;
  /** The work tree; made when it is not there. */
  workTree: string;
}

const MAKE_MS = 600_000;
const FIND_OUTPUT_MAX = 16 * 1024 * 1024;
/** Above what a tree says of its own files. `!`: a value that this attribute may not have is none. */
const ATTRIBUTES = '* -text !eol -ident !filter !working-tree-encoding\n';
const SETTINGS = `[core]
\tautocrlf = false
\tcheckStat = default
\ttrustctime = true
\tfileMode = true
\tsymlinks = true
[checkout]
\tworkers = 0
`;

const run = promisify(execFile);

/**
 * Makes the work tree hold exactly `tree`. Thrown: GitFault when that fails or cannot be shown, also for a tree that no
 * check-out can have; what lies there is then of no use.
 */
export async function makeExact(place: ExactPlace, tree: string, signal: AbortSignal): Promise<void> {
  if (!isObjectId(tree)) throw new GitFault(`no id of a tree: ${JSON.stringify(tree)}`);
  const { gitFolder, workTree } = place;
  prepareFolder(gitFolder, tree.length === 64 ? 'sha256' : 'sha1');
  mkdirSync(workTree, { recursive: true, mode: 0o700 });
  if (!lstatSync(workTree).isDirectory()) throw new GitFault(`${workTree} is no folder`);
  await removeRepositories(workTree, signal);
  const git = commandOf(place, signal);
  await git(['read-tree', '-u', '--reset', tree]);
  await git(['clean', '-ffdxq']);
  // Git leaves alone what it cannot put there, as two names that the file system takes for one.
  await git(['diff-files', '--quiet', '--ignore-submodules=all']);
  for (const path of submodules((await git(['ls-files', '--stage', '-z'])).toString('latin1')))
    emptyFolder(workTree, Buffer.from(path, 'latin1'));
  const held = (await git(['write-tree'])).toString('latin1').trim();
  if (held !== tree) throw new GitFault(`the tree ${tree} cannot be checked out as it is`);
}

/**
 * Gives the exact work tree a small repository of its own, so that tools which ask git find one: its only commit is that
 * tree, by nobody and of no time, and nothing has changed since.
 */
export function showRepository({ repository, gitFolder, workTree }: ExactPlace, commit: string): void {
  const own = join(workTree, '.git');
  const format = commit.length === 64 ? 'sha256' : 'sha1';
  mkdirSync(join(own, 'refs', 'heads'), { recursive: true });
  mkdirSync(join(own, 'objects', 'info'), { recursive: true });
  mkdirSync(join(own, 'info'), { recursive: true });
  writeFileSync(join(own, 'config'), settingsFile(format));
  writeFileSync(join(own, 'info', 'attributes'), ATTRIBUTES);
  writeFileSync(join(own, 'objects', 'info', 'alternates'), `${alternate(join(repository, 'objects'))}\n`);
  copyFileSync(join(gitFolder, 'index'), join(own, 'index'));
  writeFileSync(join(own, 'HEAD'), `${commit}\n`);
}

/** As git reads it: a path that begins with a quote is one in quotes. */
function alternate(path: string): string {
  return /["\n\\]/.test(path) ? JSON.stringify(path) : path;
}

function settingsFile(format: 'sha1' | 'sha256'): string {
  const extension = format === 'sha256' ? '[extensions]\n\tobjectFormat = sha256\n' : '';
  return `[core]\n\trepositoryFormatVersion = ${format === 'sha256' ? 1 : 0}\n\tbare = false\n${extension}${SETTINGS}`;
}

/** Written anew each time: what runs in the work tree could have changed it. */
function prepareFolder(gitFolder: string, format: 'sha1' | 'sha256'): void {
  mkdirSync(join(gitFolder, 'refs'), { recursive: true, mode: 0o700 });
  mkdirSync(join(gitFolder, 'objects'), { recursive: true });
  mkdirSync(join(gitFolder, 'info'), { recursive: true });
  writeFileSync(join(gitFolder, 'config'), settingsFile(format));
  writeFileSync(join(gitFolder, 'info', 'attributes'), ATTRIBUTES);
  writeFileSync(join(gitFolder, 'HEAD'), 'ref: refs/heads/none\n');
  // Nobody else writes here: it is what a killed process left.
  rmSync(join(gitFolder, 'index.lock'), { force: true });
}

function commandOf({ repository, gitFolder, workTree }: ExactPlace, signal: AbortSignal) {
  const env = {
    ...closedEnvironment(gitFolder),
    GIT_OBJECT_DIRECTORY: join(repository, 'objects'),
    GIT_WORK_TREE: workTree,
  };
  return async (args: string[]): Promise<Buffer> => {
    const result = await runGit({ args, cwd: workTree, env, timeoutMs: MAKE_MS, signal });
    if (result.ended !== 'exited' || result.status !== 0) throw new GitFault(failure(`git ${args[0]}`, result));
    return result.stdout;
  };
}

/** Repositories in the work tree: git goes around them, so they would stay. No tree can hold a file of that name. */
async function removeRepositories(workTree: string, signal: AbortSignal): Promise<void> {
  const args = [workTree, '-iname', '.git', '-prune', '-print0'];
  const options = { encoding: 'buffer' as const, maxBuffer: FIND_OUTPUT_MAX, env: { PATH: process.env['PATH'] ?? '' } };
  const { stdout } = await run('find', args, { ...options, signal }).catch((error: Error) => {
    throw new GitFault(`the work tree cannot be looked through: ${error.message.slice(0, 500)}`);
  });
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(0, at);
    rmSync(stdout.subarray(at, end), { recursive: true, force: true });
    at = end + 1;
  }
}

/** Paths of the submodules in an index; git leaves what lies in their folders alone. */
function submodules(stages: string): string[] {
  if (!stages.includes('160000 ')) return [];
  return stages
    .split('\0')
    .filter((line) => line.startsWith('160000 '))
    .map((line) => line.slice(line.indexOf('\t') + 1));
}

function emptyFolder(workTree: string, path: Buffer): void {
  const folder = Buffer.concat([Buffer.from(`${workTree}/`), path]);
  // A link on the way there would lead to somebody else's files.
  if (!realpathSync(folder, { encoding: 'buffer' }).equals(folder)) throw new GitFault('a submodule is no folder');
  for (const name of readdirSync(folder, { encoding: 'buffer' }))
    rmSync(Buffer.concat([folder, Buffer.from('/'), name]), { recursive: true, force: true });
}
