/** What the daemon's WebSockets tell: the repository as it changes, and the running actors in the Stately protocol. */
import type { Feed } from '../io/web-sockets.ts';
import type { Inspection } from './inspection.ts';
import type { LiveDesk } from './live/views.ts';
import { INSPECT_PATH } from './web-judge.ts';

/** What the feeds tell of. */
export interface FeedParts {
  live(): Promise<LiveDesk>;
  inspection: Inspection;
}

/** The feeds of both doors by path; each text is one JSON value. */
export function daemonFeeds({ live, inspection }: FeedParts): Record<string, Feed> {
  return {
    '/v1/live': async ({ send, ended }) => {
      const desk = await live();
      for await (const message of desk.follow(ended)) await send(JSON.stringify(message));
    },
    [INSPECT_PATH]: async ({ send, ended }) => {
      for await (const texts of inspection.follow(ended)) await Promise.all(texts.map(send));
    },
  };
}
