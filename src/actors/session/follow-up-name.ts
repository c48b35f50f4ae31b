/** The name of a follow-up, chosen while its candidate is blocked: nothing on main and nothing in the log may have it. */
import { GitFault } from '../../io/git/run.ts';
import { readDelivered } from '../../io/todos/delivered.ts';
import { DELIVERED_FILE, ICEBOX_FILE, ROADMAP_FILE, TODOS_FOLDER, todoFolder } from '../../io/todos/paths.ts';
import { readRoadmap } from '../../io/todos/roadmap.ts';
import type { Taken } from '../../machines/effects.ts';
import { followUpSlug } from '../../machines/follow-up.ts';
import { candidateKey } from '../../machines/identity.ts';
import { findFollowUp } from '../follow-ups.ts';
import type { SessionWork } from './work.ts';

/**
 * The name under which a candidate is followed up: the one it has while that is not delivered, else a new one that
 * nothing on main and in the log has: what is delivered is over, and reopened it would be both. Null where main has no work items, or where git cannot tell: then the block stands in the log alone.
 */
export async function nameFollowUp(work: SessionWork, candidate: Taken, base: string | null): Promise<string | null> {
  const { git, repository } = work.parts;
  try {
    const main = await firstHere(work, [work.view?.main ?? null, base]);
    const paths = main === null ? [] : await git.listFiles(main, TODOS_FOLDER);
    if (main === null || paths.length === 0) return null;
    const texts = await Promise.all(
      [ROADMAP_FILE, ICEBOX_FILE, DELIVERED_FILE].map((path) => git.readFile(main, path)),
    );
    const key = candidateKey(candidate);
    const known = repository.standing.followUps.findLast(({ source }) => candidateKey(source) === key);
    const isOver = (slug: string) => readDelivered(texts[2] ?? null).rows.some((row) => row.slug === slug);
    if (known && !known.delivered && !isOver(known.slug)) return known.slug;
    return followUpSlug(candidate.slug, candidate.sha, (name) => {
      const folder = todoFolder(name);
      return (
        paths.some((path) => path === folder || path.startsWith(`${folder}/`)) ||
        texts.some((text, index) => speaksOf(text, name, index === 2)) ||
        repository.ofSlug(name).length > 0 ||
        repository.review(name) !== undefined ||
        findFollowUp(repository, name) !== undefined
      );
    });
  } catch (error) {
    if (!(error instanceof GitFault)) throw error;
    work.parts.report('no follow-up could be named', { candidate: candidateKey(candidate), error: error.message });
    return null;
  }
}

/** Whether a list of work items has the slug; one that cannot be read has it as soon as the name stands in it. */
function speaksOf(text: string | null, slug: string, isDelivered: boolean): boolean {
  const { rows, problems } = isDelivered ? readDelivered(text) : readRoadmap(text);
  return problems.length > 0 ? (text ?? '').includes(slug) : rows.some((row) => row.slug === slug);
}

async function firstHere(work: SessionWork, commits: (string | null)[]): Promise<string | null> {
  for (const commit of commits) if (commit !== null && (await work.parts.git.hasCommit(commit))) return commit;
  return null;
}
