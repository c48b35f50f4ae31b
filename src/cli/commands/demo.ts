/** `demo`: the whole thing in half a minute, on a scratch remote, for real. Interrupted, it clears up and says nothing more. */
import { EXIT } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { Interrupted } from '../exit.ts';
import { noPaint } from '../output.ts';
import { beatText, demoText } from '../story.ts';

export const demo: Handler = async (call) => {
  const { output, context } = call;
  const program = [process.execPath, ...process.execArgv, call.entry];
  let written: Promise<void> = Promise.resolve();
  try {
    const view = await (await call.runtime()).demo(
      context,
      { keep: flagOption(call.options, 'keep'), program },
      (beat, at) => {
        if (output.json) for (const line of beatText(beat, at, noPaint).split('\n')) output.say(line);
        // A reader that went away is told by the answer at the end; until then the demo goes on and clears up.
        else written = written.then(() => output.raw(`${beatText(beat, at, output.paint)}\n`)).catch(() => undefined);
      },
    );
    await written;
    await output.answer(view, (value, paint) => demoText(value, call.entry, paint));
    return view.ok ? EXIT.done : EXIT.domain;
  } catch (error) {
    if (context.signal.aborted) throw new Interrupted();
    throw error;
  }
};
