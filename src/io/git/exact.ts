/**
 * A work tree that holds exactly one tree of the private repository, byte for byte: no conversion, no filter, no hook, no
 * submodule. Made by difference from what it held before, whatever became of it meanwhile. Its index and settings are a
 * git folder of its own beside it, the objects are borrowed.
 *
 * Invariants: nothing is written outside of the work tree and that folder, also where links lie in the way; a work tree
 * that is not proven to be exact is a fault, never an answer.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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
  /** The work tree; made when it is not there. Real: no link on the way to it. */
  workTree: string;
  /** What the git processes have for a home, though they read nothing there: they are known by it. */
  home: string;
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

/** How `ls-tree` and `ls-files` are to write an entry, unusual names in quotes on either side. */
const ENTRY = '--format=%(objectmode) %(objectname)%x09%(path)';

const run = promisify(execFile);

/**
 * Makes the work tree hold exactly `tree`. Thrown: GitFault when that fails or cannot be shown, also for a tree that no
 * check-out can have; what lies there is then of no use.
 */
export async function makeExact(place: ExactPlace, tree: string, signal: AbortSignal): Promise<void> {
  if (!isObjectId(tree)) throw new GitFault(`no id of a tree: ${JSON.stringify(tree)}`);
  const { gitFolder, workTree } = place;
  for (const path of [gitFolder, workTree]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!lstatSync(path).isDirectory()) throw new GitFault(`${path} is no folder`);
  }
  const modes = prepareFolder(gitFolder, tree.length === 64 ? 'sha256' : 'sha1');
  await removeUnseen(workTree, modes, signal);
  const git = commandOf(place, signal);
  await git(['read-tree', '-u', '--reset', tree]);
  const [listed, held] = await Promise.all([
    git(['ls-tree', '-r', '--full-tree', ENTRY, tree]),
    git(['ls-files', '--full-name', ENTRY]),
    git(['clean', '-ffdxq']),
    // Git leaves alone what it cannot put there, as two names that the file system takes for one.
    git(['diff-files', '--quiet', '--ignore-submodules=all']),
  ]);
  // Entry by entry: an index believes of itself that it is the tree it was read from, even one with a name in it twice.
  if (!held.equals(listed)) throw new GitFault(`the tree ${tree} cannot be checked out as it is`);
  if (/^160000 /m.test(held.toString('latin1')))
    for (const path of submodules(await git(['ls-files', '--stage', '-z']))) emptyFolder(workTree, path);
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

/** Permissions that a fresh file, program and folder have here. */
interface Modes {
  file: number;
  program: number;
  folder: number;
}

/** Written anew each time: what runs in the work tree could have changed it. Answers what is usual here, too. */
function prepareFolder(gitFolder: string, format: 'sha1' | 'sha256'): Modes {
  const [config, info] = [join(gitFolder, 'config'), join(gitFolder, 'info')];
  for (const path of ['config', 'info', 'HEAD']) rmSync(join(gitFolder, path), { recursive: true, force: true });
  // Nobody else writes here: it is what a killed process left.
  rmSync(join(gitFolder, 'index.lock'), { force: true });
  for (const path of ['refs', 'objects']) mkdirSync(join(gitFolder, path), { recursive: true });
  mkdirSync(info);
  writeFileSync(config, settingsFile(format));
  writeFileSync(join(info, 'attributes'), ATTRIBUTES);
  writeFileSync(join(gitFolder, 'HEAD'), 'ref: refs/heads/none\n');
  const file = statSync(config).mode & 0o7777;
  return { file, program: file | ((file & 0o444) >> 2), folder: statSync(info).mode & 0o7777 };
}

function commandOf({ repository, gitFolder, workTree, home }: ExactPlace, signal: AbortSignal) {
  const env = {
    ...closedEnvironment(gitFolder),
    GIT_OBJECT_DIRECTORY: join(repository, 'objects'),
    GIT_WORK_TREE: workTree,
    HOME: home,
  };
  return async (args: string[]): Promise<Buffer> => {
    const result = await runGit({ args, cwd: workTree, env, timeoutMs: MAKE_MS, signal });
    if (result.ended !== 'exited' || result.status !== 0) throw new GitFault(failure(`git ${args[0]}`, result));
    return result.stdout;
  };
}

/**
 * Takes away what git would not look at: repositories, which it goes around (no tree can hold a file of that name), and
 * files whose permissions are no longer those of a fresh one.
 */
async function removeUnseen(workTree: string, modes: Modes, signal: AbortSignal): Promise<void> {
  const not = (mode: number) => ['!', '-perm', mode.toString(8)];
  const changed = ['-type', 'f', ...not(modes.file), ...not(modes.program), '-o', '-type', 'd', ...not(modes.folder)];
  const args = [
    workTree,
    '-mindepth',
    '1',
    '-iname',
    '.git',
    '-prune',
    '-print0',
    '-o',
    '(',
    ...changed,
    ')',
    '-print0',
  ];
  const options = { encoding: 'buffer' as const, maxBuffer: FIND_OUTPUT_MAX, env: { PATH: process.env['PATH'] ?? '' } };
  const { stdout } = await run('find', args, { ...options, signal }).catch((error: Error) => {
    throw new GitFault(`the work tree cannot be looked through: ${error.message.slice(0, 500)}`);
  });
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(0, at);
    const path = stdout.subarray(at, end);
    at = end + 1;
    const isRepository = path.toString('latin1').toLowerCase().endsWith('/.git');
    if (!isRepository && lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) chmodSync(path, modes.folder);
    else rmSync(path, { recursive: true, force: true });
  }
}

/** Paths of the submodules in an index; git leaves what lies in their folders alone. */
function submodules(stages: Buffer): Buffer[] {
  const entries = stages.toString('latin1').split('\0');
  const found = entries.filter((entry) => entry.startsWith('160000 '));
  return found.map((entry) => Buffer.from(entry.slice(entry.indexOf('\t') + 1), 'latin1'));
}

function emptyFolder(workTree: string, path: Buffer): void {
  const folder = Buffer.concat([Buffer.from(`${workTree}/`), path]);
  // A link on the way there would lead to somebody else's files.
  if (!isReal(folder)) throw new GitFault('the folder of a submodule is none');
  for (const name of readdirSync(folder, { encoding: 'buffer' }))
    rmSync(Buffer.concat([folder, Buffer.from('/'), name]), { recursive: true, force: true });
}

function isReal(path: Buffer): boolean {
  try {
    return realpathSync(path, { encoding: 'buffer' }).equals(path);
  } catch {
    return false;
  }
}
