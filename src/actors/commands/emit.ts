/** `events emit`: what others than telec may say, and what each refusal means for them. */
import { EXIT, InvariantViolation } from '../../errors.ts';
import type { EmitResult } from '../client.ts';
import type { Host } from '../host.ts';

/** Emits what a worker or a user may emit. */
export async function emitOne(host: Host, event: string, payload: Record<string, unknown>): Promise<EmitResult> {
  const schema = host.catalogue.get(event);
  if (schema && schema.emitter !== 'worker' && schema.emitter !== 'user') {
    return {
      status: 'rejected',
      code: 'EMITTER_REFUSED',
      message: `${schema.type} is written by telec alone`,
      hint: 'telec events catalog names the emitter of each type',
      exit: EXIT.refused,
      problems: [],
    };
  }
  const result = await host.producer.emit(event, payload);
  switch (result.status) {
    case 'appended':
    case 'duplicate':
      return { status: result.status, id: result.id };
    case 'conflict':
      return { status: 'conflict', id: result.id, problems: result.problems };
    case 'rejected':
      return {
        status: 'rejected',
        code: schema ? 'INVALID_EVENT' : 'UNKNOWN_EVENT',
        message: schema ? `${schema.type} is not valid` : `${JSON.stringify(event)} is no event type`,
        hint: 'telec events catalog shows the fields of each type',
        exit: EXIT.usage,
        problems: result.problems,
      };
    default:
      throw new InvariantViolation(`an event without a proof came back as ${result.status}`);
  }
}
