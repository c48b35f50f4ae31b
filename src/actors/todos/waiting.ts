/**
 * What main's roadmap lets a work item wait for. Read once for each main, however many candidates ask; a file that is
 * not there or says nothing lets nobody wait.
 */
import type { IntegrationRepository } from '../../io/git/port.ts';
import type { RoadmapRow } from '../../io/todos/roadmap.ts';

interface Plan {
  roadmap: RoadmapRow[];
  delivered: ReadonlySet<string>;
}

/**
 * Answers which slugs a slug waits for on a main. Delivered is what main's list names, and what `isDelivered` knows from
 * the log: somebody may have merged by hand, and then nobody has entered it.
 */
export function waitingOn(
  git: IntegrationRepository,
  isDelivered: (slug: string) => boolean,
): (slug: string, main: string) => Promise<string[]> {
  let last: { main: string; plan: Promise<Plan | null> } | null = null;
  return async (slug, main) => {
    if (last?.main !== main) last = { main, plan: planOn(git, main) };
    const asked = last;
    const plan = await asked.plan.catch((error: unknown) => {
      // What git could not tell is asked anew.
      if (last === asked) last = null;
      throw error;
    });
    if (plan === null) return [];
    const { undeliveredBefore } = await import('../../io/todos/roadmap.ts');
    return undeliveredBefore(slug, plan.roadmap, (other) => plan.delivered.has(other) || isDelivered(other));
  };
}

async function planOn(git: IntegrationRepository, main: string): Promise<Plan | null> {
  const { DELIVERED_FILE, ROADMAP_FILE } = await import('../../io/todos/paths.ts');
  const text = await git.readFile(main, ROADMAP_FILE);
  if (text === null) return null;
  const { readRoadmap } = await import('../../io/todos/roadmap.ts');
  const { readDelivered } = await import('../../io/todos/delivered.ts');
  const { rows } = readDelivered(await git.readFile(main, DELIVERED_FILE));
  return { roadmap: readRoadmap(text).rows, delivered: new Set(rows.map((row) => row.slug)) };
}
