/**
 * The demo from end to end: sets the stage, follows the log, plays the acts, judges the outcome, and clears everything
 * away whatever happened. The one entry; the other files of the folder are its parts.
 */
import { join } from 'node:path';
import { systemClock } from '../../io/clock.ts';
import { repoFolder } from '../../io/state.ts';
import type { CandidateView, CommandContext } from '../client.ts';
import { Plot, setTheStage } from './plot.ts';
import { Scratch } from './scratch.ts';
import type { Beat, DemoRequest, DemoView, Tell } from './story.ts';
import { judge } from './verdict.ts';
import { Watch } from './watch.ts';

/**
 * Runs the demo and answers what came of it. An outcome that is not the expected one is a value (`ok` false).
 * Thrown: what stops the set-up (no git, no Redis; 3), and the signal's reason when it is interrupted.
 */
export async function runDemo(context: CommandContext, request: DemoRequest, tell: Tell): Promise<DemoView> {
  const { signal } = context;
  const startedAt = systemClock.monotonic();
  const elapsed = () => Math.round(systemClock.monotonic() - startedAt);
  const troubles: string[] = [];
  const telling = (beat: Beat) => {
    if (beat.kind === 'trouble') troubles.push(beat.text);
    tell(beat, elapsed());
  };
  const scratch = new Scratch(request.program, context.env, signal);
  let watch: Watch | null = null;
  let keep = false;
  try {
    const setting = await setTheStage({ scratch, tell: telling });
    const folder = repoFolder({ TELEC_HOME: scratch.state }, setting.repoId);
    watch = await Watch.open({ repoId: setting.repoId, folder, tell: telling });
    const plot = new Plot({ scratch, tell: telling }, setting, watch, signal);
    await plot.play();
    const list = await scratch.telec(setting.ann, 'candidates');
    const { rows, main, problems, graph } = await judge({
      scratch,
      expected: plot.expected,
      candidates: list.ok ? (list.value as CandidateView[]) : [],
      paths: watch.paths,
      shelf: plot.shelf,
      before: setting.main,
    });
    signal.throwIfAborted();
    keep = request.keep;
    const wrong = [...troubles, ...problems];
    return {
      ok: wrong.length === 0 && rows.length > 0 && rows.every(({ expected, actual }) => expected === actual),
      candidates: rows,
      main,
      problems: wrong,
      graph,
      duration_ms: elapsed(),
      kept: keep ? { folder: scratch.folder, clone: join(scratch.folder, 'ann'), state: scratch.state } : null,
    };
  } finally {
    await watch?.close();
    await scratch.close(keep);
  }
}
