/** What became of archiving, in words for people. */
import type { ArchiveView } from '../actors/archive/views.ts';
import { type Paint, plain } from './output.ts';

const PATH_MAX = 4096;

export function archiveText(view: ArchiveView, paint: Paint): string {
  const { archived, files, through, in_archives, in_redis, held_back } = view;
  const done =
    archived === 0
      ? 'nothing was archived'
      : `${archived} ${archived === 1 ? 'entry' : 'entries'} archived, up to ${plain(through ?? '', 50)}`;
  return [
    done,
    ...files.map((path) => `  ${plain(path, PATH_MAX)}`),
    `${in_archives} in archives, ${in_redis} in Redis`,
    ...(held_back
      ? [paint('warn', `entries after ${plain(held_back.through, 50)} stay: ${plain(held_back.why, 200)}`)]
      : []),
    ...(archived === 0 ? [] : ['keep these files: replay, time travel and telec audit read them']),
  ].join('\n');
}
