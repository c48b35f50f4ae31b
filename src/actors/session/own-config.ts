/**
 * What a merge would make of main's own configuration. Every command reads it from there, so that one which cannot be
 * used would stop them all, the hand-over of its mend included. Reads only.
 */
import { type Problem, TelecError } from '../../errors.ts';
import { CONFIG_FILE, readConfig } from '../../io/config.ts';
import type { IntegrationRepository, TreeItem } from '../../io/git/port.ts';

/** Bytes; the reader of the configuration takes far less. */
const BYTES_MAX = 1024 * 1024;

/** What is wrong with the configuration of `commit` where `base` has another; none where it can be used. */
export async function configProblems(git: IntegrationRepository, base: string, commit: string): Promise<Problem[]> {
  const [item, before] = await Promise.all([itemOf(git, commit), itemOf(git, base)]);
  if (item === undefined || item.id === before?.id) return [];
  if (item.kind !== 'file') return [{ path: CONFIG_FILE, message: 'is no plain file' }];
  const bytes = await git.contentOf(item.id, BYTES_MAX);
  if (bytes === null) return [{ path: CONFIG_FILE, message: `is larger than ${BYTES_MAX} bytes` }];
  const text = Buffer.from(bytes).toString('utf8');
  try {
    readConfig({ main: text, workTree: text, env: {} });
    return [];
  } catch (error) {
    if (!(error instanceof TelecError)) throw error;
    const problems = error.problems ?? [{ path: '', message: error.message }];
    return problems.map(({ path, message }) => ({ path: CONFIG_FILE, message: `${path} ${message}`.trim() }));
  }
}

async function itemOf(git: IntegrationRepository, commit: string): Promise<TreeItem | undefined> {
  const tree = await git.treeOf(commit);
  return tree === null ? undefined : (await git.itemsOf(tree)).find(({ name }) => name === CONFIG_FILE);
}
