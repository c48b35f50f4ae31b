/**
 * One measurement in a process of its own, told by its parent over the channel. Starting git from a process costs by
 * how much that process has in memory, so the bare flows run in one that holds nothing and telec in one that holds
 * telec, and neither in the one that generated the repositories.
 */
import type { Drain } from './drain.ts';
import type { Candidate } from './generated.ts';
import type { Tested, TestedSetting } from './tested.ts';

/** Folders: `remote` is a copy of the generated repository for this job alone, `dir` does not exist yet. */
export type Job =
  | {
      kind: 'drains';
      dir: string;
      remote: string;
      seed: string;
      main: string;
      drains: { candidates: Candidate[]; pushBatch: number }[];
    }
  /** One drain whose deliveries are tested; `warm` go before it, under a check that takes no time. */
  | {
      kind: 'tested';
      dir: string;
      remote: string;
      seed: string;
      main: string;
      warm: Candidate[];
      candidates: Candidate[];
      setting: TestedSetting;
    }
  /** Everything that a drain left in `dir` is audited. */
  | { kind: 'audit'; dir: string; remote: string; seed: string }
  | { kind: 'mergeAgain'; dir: string; remote: string; since: string }
  | {
      kind: 'pushEach' | 'landDirectly' | 'landLongLived' | 'mergeInCheckout';
      dir: string;
      remote: string;
      candidates: Candidate[];
    };

export type Answer = { drains: Drain[]; rssMb: number } | { tested: Tested } | { times: number[] | null };

async function perform(job: Job): Promise<Answer> {
  if (job.kind === 'drains') {
    const { Integration } = await import('./drain.ts');
    const integration = await Integration.open(job.dir, job.remote, job.seed, job.main);
    const drains: Drain[] = [];
    try {
      for (const { candidates, pushBatch } of job.drains) drains.push(await integration.drain(candidates, pushBatch));
    } finally {
      await integration.close();
    }
    return { drains, rssMb: process.memoryUsage.rss() / 1e6 };
  }
  if (job.kind === 'tested') {
    const { Integration } = await import('./drain.ts');
    const { testedDrain } = await import('./tested.ts');
    const integration = await Integration.open(job.dir, job.remote, job.seed, job.main);
    try {
      await testedDrain(integration, job.warm, { ...job.setting, checkMs: 50 });
      return { tested: await testedDrain(integration, job.candidates, job.setting) };
    } finally {
      await integration.close();
    }
  }
  if (job.kind === 'audit') {
    const { auditAll } = await import('./drain.ts');
    return { times: [await auditAll(job.dir, job.remote, job.seed)] };
  }
  const bare = await import('./bare.ts');
  switch (job.kind) {
    case 'mergeAgain':
      return { times: await bare.mergeAgain(job.remote, job.since) };
    case 'pushEach':
      return { times: await bare.pushEach(job.remote, job.dir, job.candidates) };
    case 'landDirectly':
      return { times: await bare.landDirectly(job.remote, job.candidates) };
    case 'landLongLived':
      return { times: await bare.landLongLived(job.remote, job.candidates) };
    case 'mergeInCheckout':
      bare.makeCheckout(job.remote, job.dir);
      return { times: await bare.mergeInCheckout(job.dir, job.candidates) };
  }
}

process.on('disconnect', () => process.exit(1));
process.once('message', (job: Job) => {
  void perform(job).then(
    (answer) => process.send?.(answer, () => process.exit(0)),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.stack : String(error) }, () => process.exit(1)),
  );
});
