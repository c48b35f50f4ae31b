/** The suite of the ground on its twin. */
import { systemClock } from '../../src/io/clock.ts';
import { openTwinGround } from '../support/twins/checks.ts';
import { CommitGraph, plainFile } from '../support/twins/commits.ts';
import { type GroundWorld, groundSuite, LINES, TOOLS } from './ground-suite.ts';

async function makeTwinWorld(): Promise<GroundWorld> {
  const graph = new CommitGraph();
  const opened: { close(): Promise<void> }[] = [];
  let unanswered = 0;
  return {
    tree: async (files) => {
      const all = Object.entries(files).map(([path, text]) => [path, plainFile(text)] as const);
      return graph.make({ parents: [], files: new Map(all), message: 'commit' }).tree;
    },
    open: async () => {
      const ground = openTwinGround({
        clock: systemClock,
        filesOf: (tree) => graph.filesOf(tree),
        judge: ({ run }, files) => LINES[run]?.(files) ?? { ends: 'not_started', ms: 0 },
        tools: (command) => TOOLS[command] ?? null,
        mark: `process ${unanswered++}`,
      });
      opened.push(ground);
      return ground;
    },
    close: async () => {
      for (const ground of opened) await ground.close();
    },
  };
}

groundSuite('the twin of the ground', makeTwinWorld);
