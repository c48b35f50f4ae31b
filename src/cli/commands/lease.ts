/** `lease`, `lease break`, `lease adopt`: who holds main, and what a person may do about it. */
import { requiredOption } from '../arguments.ts';
import { type Handler, read, route, withClient } from '../call.ts';
import { leaseText } from '../messages.ts';
import { plain } from '../output.ts';

export const show: Handler = async (call) => {
  const view = await read(call, route('lease'), (client) => client.lease());
  await call.output.answer(view, (lease, paint) => leaseText(lease, call.now(), paint));
  return undefined;
};

export const breakLease: Handler = async (call) => {
  const reason = requiredOption(call.options, 'reason', 'breaking a lease is recorded with its reason');
  const broken = await withClient(call, (client) => client.leaseBreak(reason));
  await call.output.answer({ broken }, (view) =>
    view.broken
      ? `the lease of ${plain(view.broken.owner_session_id, 100)} is broken`
      : 'nobody held the lease; nothing changed',
  );
  return undefined;
};

export const adopt: Handler = async (call) => {
  const reason = requiredOption(
    call.options,
    'reason',
    'taking over the fence of another log is recorded with its reason',
  );
  const lease = await withClient(call, (client) => client.leaseAdopt(reason));
  await call.output.answer(
    lease,
    (view, paint) => `the fence belongs to this log now\n${leaseText(view, call.now(), paint)}`,
  );
  return undefined;
};
