/** What a state of the integrator means, in its machine's words. Apart from the candidate's, for those who need no integrator. */
import { integratorMachine } from './integrator.ts';
import { wordsOf } from './meaning.ts';

const INTEGRATOR = wordsOf(integratorMachine);

/** Of a state path joined by dots, as `draining.merging`; empty for one that the chart does not have. */
export function integratorMeaning(path: string): string {
  return INTEGRATOR.get(path) ?? '';
}
