/** `events archive`: old entries go from Redis to files. */

import { archiveText } from '../archive-messages.ts';
import { parseDuration, textOption } from '../arguments.ts';
import { type Handler, withClient } from '../call.ts';
import { usage } from '../exit.ts';

const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const DEFAULT = '30d';

export const archive: Handler = async (call) => {
  const before = textOption(call.options, 'before') ?? DEFAULT;
  const olderThanMs = parseDuration(before);
  const isEntry = ENTRY_ID.test(before);
  if (!isEntry && olderThanMs === null)
    throw usage(
      '--before is neither an entry id nor a duration of at most a year',
      'write --before 30d, or an id that telec events tail shows',
    );
  const request = isEntry ? { beforeId: before, olderThanMs: null } : { beforeId: null, olderThanMs };
  const view = await withClient(call, (client) => client.archive(request));
  await call.output.answer(view, archiveText);
  return undefined;
};
