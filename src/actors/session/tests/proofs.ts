/** What the log says that the members of a push had passed, for the receipts of one that a dead session left. Reads only. */
import { candidateKey } from '../../../machines/identity.ts';
import type { OpenPush } from '../../../machines/standing.ts';
import type { SessionWork } from '../work.ts';
import type { ReceiptCheck } from './bed.ts';

/** One list a member, in order; one that was tested with the next ones has theirs. */
export async function proofsInLog(
  work: SessionWork,
  { base, members }: Pick<OpenPush, 'base' | 'members'>,
): Promise<ReceiptCheck[][]> {
  const { git, repository } = work.parts;
  const proofs: ReceiptCheck[][] = [];
  let cover: ReceiptCheck[] = [];
  for (const [index, member] of [...members.entries()].reverse()) {
    const definitions = await work.tests.definitions.of(members[index - 1]?.tip ?? base);
    const tree = (await git.treeOf(member.tip)) ?? '';
    const passed = repository.tests
      .runsOf(candidateKey(member))
      .filter((run) => run.state === 'passed' && run.tree === tree)
      .map((run) => ({ check: run.check, tree, duration_ms: run.durationMs ?? 0 }));
    if (definitions.every(({ name }) => passed.some(({ check }) => check === name))) cover = passed;
    proofs.unshift(definitions.length === 0 ? [] : cover);
  }
  return proofs;
}
