/** Replaced by the runtime on joining the branches: see `client.ts` for the interface. */
import { InvariantViolation } from '../errors.ts';
import type { Runtime } from './client.ts';

const absent = async (): Promise<never> => {
  throw new InvariantViolation('the runtime is not joined yet');
};

export const runtime: Runtime = {
  openClient: absent,
  serve: absent,
  stopRedis: absent,
  doctor: absent,
  configuration: absent,
  catalog: absent,
  machines: absent,
  machine: absent,
};
