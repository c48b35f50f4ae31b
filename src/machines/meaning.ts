/**
 * What a state means, in the words of the machine it belongs to. Every surface takes them from here, so that the chart,
 * `telec why`, the lists and the notifications cannot come to say different things.
 */
import type { AnyStateMachine } from 'xstate';
import { type CandidateState, candidateMachine } from './candidate.ts';
import { diagramOf } from './diagram.ts';

/** The description of each state, by its path joined by dots. */
export function wordsOf(machine: AnyStateMachine): ReadonlyMap<string, string> {
  return new Map(diagramOf(machine).nodes.map(({ id, description }) => [id, description ?? '']));
}

const CANDIDATE = wordsOf(candidateMachine);

export function candidateMeaning(state: CandidateState): string {
  return CANDIDATE.get(state) ?? '';
}
