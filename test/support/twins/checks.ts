/**
 * The twin of the place where checks run: nothing is executed. How a check ends is asked of the world it stands in, by
 * what the check sees; how long it takes passes on the world's clock.
 */
import type { CheckGround, CheckRunEnd, CheckRunRequest } from '../../../src/io/checks/port.ts';
import type { Clock } from '../../../src/io/clock.ts';
import type { CheckDefinition, FailureKind } from '../../../src/io/config-checks.ts';
import { GitFault } from '../../../src/io/git/run.ts';
import { coversPath, pathScope } from '../../../src/io/path-patterns.ts';
import { digest, type Files, treeId } from './commits.ts';

/** How a run goes. `hangs`: it never ends by itself. */
export interface TwinRun {
  ends: 'passed' | FailureKind | 'hangs';
  /** How long it takes. */
  ms: number;
  says?: string;
}

export interface TwinGroundOptions {
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout' | 'monotonic'>;
  /** What a tree of the world's commits holds; undefined for one that was never made. */
  filesOf(tree: string): Files | undefined;
  /** Asked once a run: of the same check on the same tree it may say something else, which is a flake. */
  judge(definition: CheckDefinition, files: Files, tree: string): TwinRun;
  /** Tells this process from others, before and after. */
  mark: string;
  /** What a toolchain command says; null when it does not answer. */
  tools?(command: string): string | null;
}

/** Opens the twin; two on the same options are two processes on one machine. */
export function openTwinGround(options: TwinGroundOptions): CheckGround {
  const { clock } = options;
  const scoped = new Map<string, Files>();
  const toolchains = new Map<string | null, string>();
  const closing = new Set<() => void>();
  let closed = false;
  const filesOf = (tree: string): Files => {
    const files = scoped.get(tree) ?? options.filesOf(tree);
    if (!files) throw new GitFault(`tree ${tree} is missing`);
    return files;
  };
  return {
    async seen({ paths }, tree) {
      if (paths === null) return tree;
      const scope = pathScope(paths);
      const files = new Map([...filesOf(tree)].filter(([path]) => coversPath(scope, path)));
      const id = treeId(files);
      scoped.set(id, files);
      return id;
    },
    async toolchain({ toolchain }) {
      const known = toolchains.get(toolchain);
      if (known !== undefined) return known;
      const said = toolchain === null ? '' : (options.tools?.(toolchain) ?? null);
      const id = digest(said === null ? `unanswered ${options.mark} ${toolchain}` : `tools ${said}`);
      toolchains.set(toolchain, id);
      return id;
    },
    run({ definition, tree, logName, signal }: CheckRunRequest): Promise<CheckRunEnd> {
      const began = clock.monotonic();
      const end = (ended: CheckRunEnd['ended'], more: Partial<CheckRunEnd> = {}): CheckRunEnd => ({
        ended,
        exitStatus: ended === 'passed' ? 0 : ended === 'failed' ? 1 : null,
        signal: ended === 'killed' ? 'SIGKILL' : ended === 'timed_out' || ended === 'cancelled' ? 'SIGTERM' : null,
        durationMs: Math.round(clock.monotonic() - began),
        preparedMs: 0,
        outputTail: '',
        log: ended === 'not_started' ? '' : `/logs/${logName}.log`,
        ...more,
      });
      if (closed || signal.aborted) return Promise.resolve(end('cancelled', { signal: null, log: '' }));
      let run: TwinRun;
      try {
        run = options.judge(definition, filesOf(tree), tree);
      } catch (error) {
        if (!(error instanceof GitFault)) throw error;
        return Promise.resolve(end('not_started', { outputTail: `${error.message}\n` }));
      }
      const late = run.ends === 'hangs' || run.ms > definition.timeoutMs;
      return new Promise((resolve) => {
        const over = (ended: CheckRunEnd['ended']) => {
          clock.clearTimeout(handle as never);
          signal.removeEventListener('abort', cancel);
          closing.delete(cancel);
          resolve(end(ended, { outputTail: run.says ?? '' }));
        };
        const cancel = () => over('cancelled');
        const ended = run.ends === 'hangs' || late ? 'timed_out' : run.ends;
        const handle = clock.setTimeout(() => over(ended), late ? definition.timeoutMs : run.ms);
        signal.addEventListener('abort', cancel, { once: true });
        closing.add(cancel);
      });
    },
    async close() {
      closed = true;
      for (const cancel of [...closing]) cancel();
    },
  };
}
