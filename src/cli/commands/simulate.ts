/** `simulate`: a load under other settings. */
import type { LoadRequest, SettingsRequest } from '../../actors/simulate/views.ts';
import { TelecError } from '../../errors.ts';
import {
  durationOption,
  entryOption,
  numbersOption,
  numbersOrWordOption,
  type Options,
  shareOption,
  wholeOption,
} from '../arguments.ts';
import type { Handler } from '../call.ts';
import { usage } from '../exit.ts';
import { simulateText } from '../simulate-messages.ts';

const CANDIDATES_MAX = 50_000;
const RATE_MAX = 1_000_000;
const SEED_MAX = 2 ** 31 - 1;
const CHECK_MS = 600_000;
/** As measured on an ordinary machine: docs/performance.md. */
const MERGE_MS = 20;
const PUSH_MS = 60;

const GENERATED = ['rate', 'checkSpread', 'failureRate', 'conflictRate', 'flakeRate', 'seed'];
const RECORDED = ['from', 'to'];

function loadOf(options: Options): LoadRequest {
  const candidates = wholeOption(options, 'candidates', 1, CANDIDATES_MAX);
  const checkMs = durationOption(options, 'checkTime');
  const stray = (candidates === null ? GENERATED : RECORDED).find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const flag = `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw candidates === null
      ? usage(`${flag} is about a generated load`, 'add --candidates 1000, or leave it out')
      : usage(`${flag} is about the log, and --candidates generates a load`, 'leave one of them out');
  }
  if (candidates === null)
    return { kind: 'recorded', from: entryOption(options, 'from'), to: entryOption(options, 'to'), checkMs };
  return {
    kind: 'generated',
    candidates,
    rate: wholeOption(options, 'rate', 1, RATE_MAX),
    checkMs: checkMs ?? CHECK_MS,
    spread: shareOption(options, 'checkSpread', 10) ?? 0,
    failureRate: shareOption(options, 'failureRate') ?? 0,
    conflictRate: shareOption(options, 'conflictRate') ?? 0,
    flakeRate: shareOption(options, 'flakeRate') ?? 0,
    seed: wholeOption(options, 'seed', 0, SEED_MAX) ?? 1,
  };
}

const settingsOf = (options: Options): SettingsRequest => ({
  window: numbersOption(options, 'window', 1, 64) ?? [4],
  batch: numbersOrWordOption(options, 'batch', { from: 1, to: 8, word: 'auto' }) ?? [1],
  patience: numbersOption(options, 'patience', 0, 16) ?? [0],
  parallel: (numbersOrWordOption(options, 'parallel', { from: 1, to: 256, word: 'all' }) ?? ['all']).map((value) =>
    value === 'all' ? null : value,
  ),
  pushBatch: numbersOption(options, 'pushBatch', 1, 100) ?? [10],
  retries: numbersOption(options, 'retries', 0, 10) ?? [0],
  mergeMs: durationOption(options, 'mergeTime') ?? MERGE_MS,
  pushMs: durationOption(options, 'pushTime') ?? PUSH_MS,
});

/** Without a repository there is still a load to describe. */
function elsewhere(error: unknown): unknown {
  if (!(error instanceof TelecError) || error.code !== 'NOT_A_REPOSITORY') return error;
  const hint = 'run telec inside a clone, name one with -C <dir>, or describe a load: telec simulate --candidates 1000';
  return new TelecError(error.code, error.exit, error.message, { hint });
}

export const simulate: Handler = async (call) => {
  const request = { load: loadOf(call.options), settings: settingsOf(call.options) };
  const runtime = await call.runtime();
  try {
    const view = await runtime
      .simulate(call.context, request, (line) => call.output.progress(line))
      .catch((error: unknown) => {
        throw elsewhere(error);
      });
    call.output.progress(null);
    await call.output.answer(view, simulateText);
  } finally {
    call.output.progress(null);
  }
  return undefined;
};
