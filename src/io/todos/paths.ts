/** Where the files of work items lie in a repository; all paths are relative to its top, with `/`. */

export const TODOS_FOLDER = 'todos';
export const DEMOS_FOLDER = 'demos';
export const ROADMAP_FILE = 'todos/roadmap.yaml';
export const DELIVERED_FILE = 'todos/delivered.yaml';
export const ICEBOX_FILE = 'todos/icebox.yaml';

/** The papers of a work item, in the order in which they are drafted. */
export const PAPERS = ['requirements.md', 'implementation-plan.md', 'demo.md', 'dor-report.md'] as const;
export type Paper = (typeof PAPERS)[number];

/** Those of a follow-up, which telec writes itself: it has no demo and no judgement of its own. */
export const FOLLOW_UP_PAPERS: readonly Paper[] = ['requirements.md', 'implementation-plan.md'];

export const todoFolder = (slug: string): string => `${TODOS_FOLDER}/${slug}`;
export const todoFile = (slug: string, name: string): string => `${TODOS_FOLDER}/${slug}/${name}`;
export const stateFile = (slug: string): string => todoFile(slug, 'state.yaml');
export const demoFile = (slug: string, name: string): string => `${DEMOS_FOLDER}/${slug}/${name}`;
