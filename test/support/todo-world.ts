/** A world with work items: papers on main, and a linked work tree for each that is worked on. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { makeWorld, type Run, type RunOptions, type World } from './e2e-world.ts';
import { git } from './git-repo.ts';

/** A state that may be built, as a person writes it. */
export const PASSED = `# kept by telec, and by people
kind: todo
build: pending # not begun
review: pending
dor:
  status: pass
  score: 8
`;

/** The files of a work item that may be built. */
export function todoFiles(slug: string, state = PASSED): Record<string, string> {
  const files = ['input.md', 'requirements.md', 'implementation-plan.md', 'demo.md', 'dor-report.md'];
  const papers = files.map((name) => [`todos/${slug}/${name}`, `# ${slug}: ${name}\n`]);
  return { ...Object.fromEntries(papers), [`todos/${slug}/state.yaml`]: state };
}

export interface TodoWorld extends World {
  /** A linked work tree on a new branch of main as the remote has it now. */
  workTree(branch: string): WorkTree;
}

export interface WorkTree {
  path: string;
  branch: string;
  run<T = Record<string, unknown>>(args: string[], options?: RunOptions): Promise<Run<T>>;
  /** As `run`; the answer of a command that must succeed. */
  ok<T = Record<string, unknown>>(args: string[], options?: RunOptions): Promise<T>;
  read(path: string): string;
  write(path: string, text: string): void;
  /** Commits everything there is; answers the commit. */
  commit(message?: string): string;
  push(): void;
  head(): string;
}

export async function makeTodoWorld(
  slugs: readonly string[],
  more: Record<string, string> = {},
  options: { raw?: boolean } = {},
): Promise<TodoWorld> {
  const roadmap = slugs.map((slug) => `- slug: ${slug}\n`).join('');
  const world = await makeWorld({
    ...options,
    files: {
      'README.md': 'a project\n',
      ...(slugs.length > 0 ? { 'todos/roadmap.yaml': `# first is first\n${roadmap}` } : {}),
      ...Object.assign({}, ...slugs.map((slug) => todoFiles(slug))),
      ...more,
    },
  });
  return {
    ...world,
    workTree(branch) {
      const path = join(world.dir, `tree-${branch.replaceAll('/', '-')}`);
      git(world.cloneDir, 'fetch', '--quiet', 'origin');
      git(world.cloneDir, 'worktree', 'add', '--quiet', '--no-track', '-b', branch, path, 'refs/remotes/origin/main');
      const run: WorkTree['run'] = (args, more) => world.run(args, { cwd: path, ...more });
      return {
        path,
        branch,
        run,
        async ok(args, more) {
          const answer = await run(args, more);
          expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: answer.stderr });
          return answer.json as never;
        },
        read: (file) => readFileSync(join(path, file), 'utf8'),
        write(file, text) {
          mkdirSync(dirname(join(path, file)), { recursive: true });
          writeFileSync(join(path, file), text);
        },
        commit(message = 'work') {
          git(path, 'add', '-A');
          git(path, 'commit', '--quiet', '--allow-empty', '-m', message);
          return git(path, 'rev-parse', 'HEAD');
        },
        push: () => void git(path, 'push', '--quiet', 'origin', branch),
        head: () => git(path, 'rev-parse', 'HEAD'),
      };
    },
  };
}

/** Takes the work item of that name up to an approved review, all committed and pushed. */
export async function approve(tree: WorkTree, slug: string): Promise<void> {
  const mark = (...words: string[]) => tree.ok(['todo', 'mark-phase', slug, ...words]);
  await mark('build', 'started');
  tree.write(`${slug}.txt`, `${slug}\n`);
  tree.commit(`build ${slug}`);
  await mark('build', 'complete');
  await mark('review', 'approved');
  tree.commit(`${slug} is approved`);
  tree.push();
}

/** `error` of a refused command with the codes of its problems. */
export function refusal(run: Run<unknown>): { exit: number; code: string; problems: string[]; hint: string | null } {
  const { error } = run.json as {
    error: { code: string; hint: string | null; problems?: { path: string; message: string }[] };
  };
  return {
    exit: run.code,
    code: error.code,
    problems: (error.problems ?? []).map(({ path }) => path),
    hint: error.hint,
  };
}
