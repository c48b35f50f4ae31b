/** `notifications`, `notifications seen / claim / resolve`: what asks for attention, and that it got some. */
import { flagOption } from '../arguments.ts';
import { type Handler, read, route, withClient } from '../call.ts';
import { notificationsText } from '../messages.ts';

export const list: Handler = async (call) => {
  const unseen = flagOption(call.options, 'unseen');
  const path = route('notifications', { unseen: unseen ? '1' : null });
  const rows = await read(call, path, (client) => client.notifications({ unseen }));
  await call.output.answer(rows, (value, paint) => notificationsText(value, call.now(), paint));
  return undefined;
};

const mark =
  (kind: 'seen' | 'claimed' | 'resolved'): Handler =>
  async (call) => {
    const rows = await withClient(call, (client) => client.markNotifications(call.args, kind));
    await call.output.answer(rows, (value, paint) => notificationsText(value, call.now(), paint));
    return undefined;
  };

export const seen = mark('seen');
export const claim = mark('claimed');
export const resolve = mark('resolved');
