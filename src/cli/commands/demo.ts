/** `demo`: the whole thing in half a minute, on a scratch remote, for real. Whatever interrupts it, it clears up first. */
import { EXIT } from '../../errors.ts';
import { flagOption } from '../arguments.ts';
import type { Handler } from '../call.ts';
import { Interrupted } from '../exit.ts';
import { noPaint } from '../output.ts';
import { beatText, demoText } from '../story.ts';

export const demo: Handler = async (call) => {
  const { output, context } = call;
  const request = {
    keep: flagOption(call.options, 'keep'),
    program: [process.execPath, ...process.execArgv, call.entry],
  };
  // Ends it when the caller does, or when nobody reads the story any more.
  const end = new AbortController();
  const interrupt = () => end.abort(new Interrupted());
  context.signal.addEventListener('abort', interrupt, { once: true });
  if (context.signal.aborted) interrupt();
  let written: Promise<void> = Promise.resolve();
  const write = (text: string) => {
    written = written.then(() => output.raw(text)).catch((gone: unknown) => end.abort(gone));
  };
  try {
    const runtime = await call.runtime();
    const view = await runtime.demo({ ...context, signal: end.signal }, request, (beat, at) => {
      if (output.json) for (const line of beatText(beat, at, noPaint).split('\n')) output.say(line);
      else write(`${beatText(beat, at, output.paint)}\n`);
    });
    await written;
    await output.answer(view, (value, paint) => demoText(value, call.entry, paint));
    return view.ok ? EXIT.done : EXIT.domain;
  } catch (error) {
    // What the commands of the demo say while they are being ended is not the cause.
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    context.signal.removeEventListener('abort', interrupt);
  }
};
