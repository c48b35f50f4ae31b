/**
 * Scratch repositories for tests, made fast: commits come from `git fast-import`, with no work tree. No configuration
 * of the machine is read, no environment of the caller gets in.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Content of a file, or content with a mode: `100755`, `120000` (content is the target), `160000` (content is a commit id). */
export type FileSpec = string | Uint8Array | { mode: string; content: string | Uint8Array };
/** Complete content of a commit. Keys are paths; in a Map they may be bytes written as latin1. */
export type Files = Record<string, FileSpec> | Map<Buffer, FileSpec>;

export interface CommitSpec {
  parents: string[];
  files: Files;
  message?: string;
  /** Seconds since the epoch. */
  time?: number;
}

export const hermeticEnv: Record<string, string> = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'tester',
  GIT_AUTHOR_EMAIL: 'tester@localhost',
  GIT_COMMITTER_NAME: 'tester',
  GIT_COMMITTER_EMAIL: 'tester@localhost',
  GIT_AUTHOR_DATE: '1000000000 +0000',
  GIT_COMMITTER_DATE: '1000000000 +0000',
};

export interface GitAnswer {
  status: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs git to its end, whatever its exit status. */
export function tryGit(
  cwd: string,
  args: string[],
  options: { stdin?: Uint8Array | string; env?: Record<string, string> } = {},
): GitAnswer {
  const result = spawnSync('git', args, {
    cwd,
    env: options.env ?? hermeticEnv,
    input: options.stdin ?? '',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (result.error) throw result.error;
  return { status: result.status, stdout: result.stdout, stderr: result.stderr.toString('utf8') };
}

/** Runs git and returns its output without the last line end; throws when it fails. */
export function git(cwd: string, ...args: string[]): string {
  const answer = tryGit(cwd, args);
  if (answer.status !== 0) throw new Error(`git ${args.join(' ')} failed (${answer.status}): ${answer.stderr}`);
  return answer.stdout.toString('utf8').replace(/\n$/, '');
}

/** A temporary folder; `remove` takes it away. */
export function scratch(prefix = 'telec-git-'): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

export function initBare(dir: string, format = 'sha1'): string {
  git('/', 'init', '--quiet', '--bare', '--template=', '--initial-branch=main', `--object-format=${format}`, dir);
  return dir;
}

/**
 * Writes all commits with one process, on refs numbered from 0, and returns their ids; a parent may be `:n`, the n-th
 * commit of this batch (from 1).
 */
export function importCommits(repo: string, commits: CommitSpec[], refs = 'refs/import/'): string[] {
  const parts: (string | Uint8Array)[] = [];
  commits.forEach((commit, index) => {
    const message = Buffer.from(commit.message ?? 'commit');
    parts.push(`commit ${refs}${index}\nmark :${index + 1}\n`);
    parts.push(
      `committer tester <tester@localhost> ${commit.time ?? 1_000_000_000} +0000\ndata ${message.length}\n`,
      message,
      '\n',
    );
    commit.parents.forEach((parent, at) => {
      parts.push(`${at === 0 ? 'from' : 'merge'} ${parent}\n`);
    });
    if (commit.parents.length > 0) parts.push('deleteall\n');
    const files: Iterable<[string | Buffer, FileSpec]> =
      commit.files instanceof Map ? commit.files : Object.entries(commit.files);
    for (const [path, spec] of files) {
      const { mode, content } =
        typeof spec === 'string' || spec instanceof Uint8Array ? { mode: '100644', content: spec } : spec;
      const quoted = quote(typeof path === 'string' ? Buffer.from(path) : path);
      if (mode === '160000') {
        parts.push(`M 160000 ${content.toString()} ${quoted}\n`);
        continue;
      }
      const data = Buffer.from(content);
      parts.push(`M ${mode} inline ${quoted}\ndata ${data.length}\n`, data, '\n');
    }
    parts.push(`\nget-mark :${index + 1}\n`);
  });
  const stream = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const answer = tryGit(repo, ['fast-import', '--quiet', '--force', '--done', '--cat-blob-fd=1'], {
    stdin: Buffer.concat([stream, Buffer.from('done\n')]),
  });
  if (answer.status !== 0) throw new Error(`fast-import failed: ${answer.stderr}`);
  return answer.stdout.toString('latin1').trim().split('\n');
}

/** Reads a stream of `git fast-import`. */
export function importStream(repo: string, stream: string): void {
  const answer = tryGit(repo, ['fast-import', '--quiet', '--done'], { stdin: stream });
  if (answer.status !== 0) throw new Error(`fast-import failed: ${answer.stderr}`);
}

/** A path as fast-import reads it: quoted, with every unusual byte in octal. */
function quote(path: Buffer): string {
  let text = '';
  for (const byte of path) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `"${text}"`;
}
