/** Compares what main's files say of deliveries with what the log says: two accounts of the same, kept apart. */
import { expect } from 'vitest';
import { parse } from 'yaml';
import { shortType, type World } from './e2e-world.ts';
import { git } from './git-repo.ts';

interface Receipt {
  merge_commit: string;
  tip: string;
  tree: string;
}

/**
 * The delivered list of main names exactly the deliveries of the log that had papers or a plan, the newest first, each with its
 * merge commit; nothing of a delivered work item is left in the plan or in its folder; every receipt ends with a tree
 * that has its books, so that no part of a delivery ever stood on main alone.
 */
export async function expectBooksInLine(world: World): Promise<void> {
  const deliveries = (await world.events())
    .filter(({ event, payload }) => shortType(event) === 'deployment.completed' && payload['outcome'] === 'merged')
    .map(({ payload }) => ({ slug: String(payload['slug']), receipt: payload['receipt'] as Receipt }));
  const files = world.files();
  const booked = deliveries.filter(({ receipt }) => receipt.tip !== receipt.merge_commit);
  const rows = rowsOf(files['todos/delivered.yaml']).filter((row) => !('children' in row));
  expect(rows.map(({ slug, commit }) => `${slug} ${commit}`)).toEqual(
    booked.map(({ slug, receipt }) => `${slug} ${receipt.merge_commit.slice(0, 12)}`).reverse(),
  );
  const planned = rowsOf(files['todos/roadmap.yaml']);
  for (const { slug, receipt } of booked) {
    expect(planned.filter((row) => row['slug'] === slug || [row['after']].flat().includes(slug))).toEqual([]);
    expect(Object.keys(files).filter((path) => path.startsWith(`todos/${slug}/`))).toEqual([]);
    expect(git(world.remoteDir, 'rev-parse', `${receipt.tip}^{tree}`)).toBe(receipt.tree);
    const [newest] = rowsOf(git(world.remoteDir, 'show', `${receipt.tip}:todos/delivered.yaml`)).filter(
      (row) => !('children' in row),
    );
    expect(newest?.['slug']).toBe(slug);
  }
}

function rowsOf(text: string | undefined): Record<string, unknown>[] {
  return (parse(text ?? '') as Record<string, unknown>[] | null) ?? [];
}
