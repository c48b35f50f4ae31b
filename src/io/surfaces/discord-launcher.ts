/**
 * The launcher on Discord: one pinned message "Start a session" in each forum. Owns how it is put there and kept; how it
 * looks stands in `launcher-view.ts`, and what a press does is decided elsewhere.
 */
import type { API } from '@discordjs/core';
import { faultOf } from './discord-rest.ts';
import { LAUNCHER_TITLE, type LauncherView } from './launcher-view.ts';

/** Where the message of one forum stands. */
export interface LauncherPost {
  /** The thread in a forum, or the channel itself. */
  channel: string;
  message: string;
}

const PINNED = 2;
/** Kinds of channel whose messages live in threads: forums, and forums of pictures. */
const THREADED = new Set([15, 16]);
/** Minutes without a word after which a thread is put away; the longest there is. */
const ARCHIVE_MINUTES = 10_080;
const UNKNOWN_CHANNEL = 10_003;
const UNKNOWN_MESSAGE = 10_008;
const ARCHIVED = 50_083;

/**
 * Brings the message of one forum up to date: the one that stands at `post` is changed in place, and made anew when it
 * is gone. `pinned` is false when it stands but could not be pinned. Throws what the client throws.
 */
export async function postLauncher(
  { channels }: API,
  forum: string,
  view: LauncherView,
  post: LauncherPost | null,
  signal: AbortSignal,
): Promise<{ post: LauncherPost; pinned: boolean }> {
  if (post !== null && (await editLauncher(channels, view, post, signal))) return { post, pinned: true };
  const channel = await channels.get(forum, { signal });
  if (THREADED.has(channel.type)) {
    const body = { name: LAUNCHER_TITLE, auto_archive_duration: ARCHIVE_MINUTES, message: view };
    const thread = await channels.createForumThread(forum, body, { signal });
    // The first message of a thread in a forum goes by the id of the thread.
    const made = { channel: thread.id, message: thread.id };
    return { post: made, pinned: await tried(() => channels.edit(thread.id, { flags: PINNED }, { signal })) };
  }
  const { id } = await channels.createMessage(forum, view, { signal });
  return {
    post: { channel: forum, message: id },
    pinned: await tried(() => channels.pinMessage(forum, id, { signal })),
  };
}

/** False when the message is not there any more. */
async function editLauncher(
  channels: API['channels'],
  view: LauncherView,
  { channel, message }: LauncherPost,
  signal: AbortSignal,
): Promise<boolean> {
  const edit = () => channels.editMessage(channel, message, view, { signal });
  try {
    await edit();
    return true;
  } catch (error) {
    const fault = faultOf(error);
    const code = fault.kind === 'refused' ? fault.code : 0;
    if (code === UNKNOWN_CHANNEL || code === UNKNOWN_MESSAGE) return false;
    if (code !== ARCHIVED) throw error;
    await channels.edit(channel, { archived: false }, { signal });
    await edit();
    return true;
  }
}

async function tried(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch {
    return false;
  }
}
