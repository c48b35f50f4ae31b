/** `candidates`, `candidate`, `queue`, `why`, `submit`, `resume`: candidates and what becomes of them. */
import type { CandidateState, CandidateView } from '../../actors/client.ts';
import { EXIT, TelecError } from '../../errors.ts';
import { durationOption, flagOption, requiredOption, textOption } from '../arguments.ts';
import { type Call, type Handler, read, route, withClient } from '../call.ts';
import { complain, INTERRUPTED, usage } from '../exit.ts';
import {
  candidateDetailText,
  candidatesText,
  candidateText,
  queueText,
  span,
  submitText,
  whyText,
} from '../messages.ts';
import { type Progress, withProgress } from '../progress.ts';

export const list: Handler = async (call) => {
  const state = textOption(call.options, 'state');
  const slug = textOption(call.options, 'slug');
  const filter = { ...(state ? { state } : {}), ...(slug ? { slug } : {}) };
  const rows = await read(call, route('candidates', { state, slug }), (client) => client.candidates(filter));
  await call.output.answer(rows, (value, paint) => candidatesText(value, call.now(), paint));
  return undefined;
};

export const show: Handler = async (call) => {
  const selector = call.args[0] ?? '';
  const view = await read(call, route('candidate', { selector }), (client) => client.candidate(selector));
  await call.output.answer(view, candidateDetailText);
  // The first step of a whole history comes from nothing.
  if (view.history?.[0]?.from !== null)
    call.output.say('its first steps are in archives that are not on this machine: telec events tail says which file');
  return undefined;
};

export const queue: Handler = async (call) => {
  const rows = await read(call, route('queue'), (client) => client.queue());
  await call.output.answer(rows, queueText);
  return undefined;
};

export const why: Handler = async (call) => {
  const slug = call.args[0] ?? '';
  const view = await read(call, route('why', { slug }), (client) => client.why(slug));
  await call.output.answer(view, whyText);
  return undefined;
};

export const submit: Handler = async (call) => {
  const timeoutMs = durationOption(call.options, 'timeout', true);
  const wait = flagOption(call.options, 'wait');
  if (timeoutMs !== null && !wait) throw usage('--timeout needs --wait', 'add --wait, or leave --timeout out');
  return withClient(call, async (client) => {
    const view = await client.submit({ branch: call.args[0] ?? null, slug: textOption(call.options, 'slug') });
    if (!wait) {
      await call.output.answer(view, (value, paint) => `${submitText(value, paint)}\nnext: telec why ${value.slug}`);
      return undefined;
    }
    call.output.say(`${view.slug} is ${view.state}; waiting for its end`);
    const { slug, branch, sha } = view;
    const key = `${slug}/${branch}@${sha}`;
    const progress: Progress = {
      line(scene, words) {
        const row = scene.candidates.get(key);
        return row ? words.candidateLine(row, words.placeIn(scene, key)) : null;
      },
    };
    const end = await withProgress(call, client, progress, () =>
      client.settle({ slug, branch, sha }, timeoutMs, call.context.signal),
    );
    if (call.context.signal.aborted) return INTERRUPTED;
    if (end.kind === 'timeout') throw tooLate(end.candidate, timeoutMs ?? 0);
    await call.output.answer(end.candidate, candidateText);
    return ended(call, end.candidate);
  });
};

function tooLate(candidate: CandidateView, timeoutMs: number): TelecError {
  const said = `${candidate.slug} is still ${candidate.state} after ${span(timeoutMs)}`;
  return new TelecError('TIMEOUT', EXIT.timeout, said, { hint: `telec why ${candidate.slug}`, retryable: true });
}

const ENDS: Partial<Record<CandidateState, string>> = {
  blocked: 'is blocked',
  superseded: 'was superseded by a newer candidate',
};

/** In shadow its verdict is all that comes of it here. */
function judged(call: Call, { slug, state, shadow }: CandidateView): number {
  if (state === 'ready' && shadow?.verdict === 'would_integrate') return EXIT.done;
  const said =
    state === 'ready' ? 'would be blocked' : 'was pushed by a live session, and nobody knows whether it arrived';
  complain(call.output, { message: `in shadow: ${slug} ${said}`, hint: `telec why ${slug}` });
  return EXIT.domain;
}

function ended(call: Call, candidate: CandidateView): number {
  if (candidate.state === 'ready' || candidate.state === 'integrating') return judged(call, candidate);
  const end = ENDS[candidate.state];
  if (!end) return EXIT.done;
  complain(call.output, {
    message: `${candidate.slug} ${end}`,
    hint: candidate.blocked?.next_action ?? `telec candidate ${candidate.slug}`,
  });
  return EXIT.domain;
}

export const resume: Handler = async (call) => {
  const force = flagOption(call.options, 'force');
  const reason = force
    ? requiredOption(call.options, 'reason', 'what is forced is recorded with its reason')
    : textOption(call.options, 'reason');
  const slug = call.args[0] ?? '';
  const view = await withClient(call, (client) => client.resume({ slug, force, reason }));
  await call.output.answer(view, candidateText);
  return undefined;
};
