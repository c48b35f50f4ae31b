/** A checkout with work items, and the desks that act on it, without log or command line. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { roadmapOf, type TodoPapers, todoPapers } from '../../src/actors/todos/paper-desk.ts';
import type { RoadmapDesk } from '../../src/actors/todos/roadmap-desk.ts';
import type { Admission } from '../../src/actors/todos/work-tree.ts';
import { PAPERS } from '../../src/io/todos/paths.ts';
import { git } from './git-repo.ts';
import { temporaryFolder } from './temporary.ts';

export interface PaperWorld {
  dir: string;
  /** The desk of a session. */
  papers(session?: string, role?: string): TodoPapers;
  roadmap(): RoadmapDesk;
  write(path: string, text: string): void;
  /** Null for a file that is not there. */
  read(path: string): string | null;
  /** A work item with all its papers. */
  prepared(slug: string, more?: Record<string, string>): void;
}

/** `admission` is what the log would say. */
export function paperWorld(files: Record<string, string> = {}, admission: Partial<Admission> = {}): PaperWorld {
  const dir = temporaryFolder();
  git(dir, 'init', '--quiet', '--template=');
  const admit = async () => ({ isDelivered: () => false, wasDispatched: () => false, ...admission });
  const contextOf = (session: string, role: string) => ({
    cwd: dir,
    env: { PATH: process.env['PATH'], TELEC_SESSION_ID: session, TELEC_ROLE: role },
    say: () => undefined,
    signal: new AbortController().signal,
  });
  const world: PaperWorld = {
    dir,
    papers: (session = 'drafter', role = 'worker') => todoPapers(contextOf(session, role), admit),
    roadmap: () => roadmapOf(contextOf('planner', 'worker'), admit),
    write(path, text) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    },
    read: (path) => (existsSync(join(dir, path)) ? readFileSync(join(dir, path), 'utf8') : null),
    prepared(slug, more = {}) {
      const usual = Object.fromEntries(PAPERS.map((paper) => [paper, `# ${paper} of ${slug}\n`]));
      for (const [name, text] of Object.entries({ ...usual, ...more })) world.write(`todos/${slug}/${name}`, text);
    },
  };
  for (const [path, text] of Object.entries(files)) world.write(path, text);
  return world;
}
