/** The rows of the command table about the log. */
import { Argument, type Command } from 'commander';
import { type Add, flag } from './entry.ts';

export function addEvents(program: Command, add: Add): void {
  const events = add(program, {
    usage: 'events',
    summary: 'the log: emit, read, look up',
    examples: ['telec events tail --follow', 'telec events emit review.approved --set slug=login'],
  });
  add(events, {
    usage: 'emit',
    summary: 'append one event, or one a line of stdin',
    more: 'Types may be short (review.approved), canonical (review_approved) or full. Again with the same content: duplicate.',
    args: [new Argument('[type]', 'event type; see telec events catalog')],
    options: [
      flag(
        '--set <key=value>',
        'one payload field, in the type its schema wants; lists as JSON (repeatable)',
      ).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]),
      flag('--payload <json>', 'the whole payload; --set goes on top'),
      flag('--stdin', 'read {"event", "payload"} a line; what is rejected does not stop the rest'),
    ],
    examples: [
      'telec events emit branch.pushed --payload \'{"branch": "login", "sha": "…", "remote": "origin", "pushed_at": "…", "pusher": "ann"}\'',
      'telec events emit review.changes_requested --set slug=login --set review_round=2 --set \'findings=["no test"]\' …',
      'telec events emit --stdin --json < events.ndjson',
    ],
    load: async () => (await import('../commands/events.ts')).emit,
  });
  add(events, {
    usage: 'tail',
    summary: 'the entries of the log, oldest first',
    options: [flag('--from <id>', 'only entries after this id'), flag('--follow', 'go on with new ones until Ctrl-C')],
    examples: ['telec events tail', 'telec events tail --follow --json', 'telec events tail --from 1718000000000-0'],
    load: async () => (await import('../commands/events.ts')).tail,
  });
  add(events, {
    usage: 'catalog',
    summary: 'all event types with level, emitter and fields',
    examples: ['telec events catalog', 'telec events catalog --json'],
    load: async () => (await import('../commands/events.ts')).catalog,
  });
  add(events, {
    usage: 'dead',
    summary: 'entries that could not be applied, and why',
    examples: ['telec events dead', 'telec events dead --json'],
    load: async () => (await import('../commands/events.ts')).dead,
  });
  add(events, {
    usage: 'archive',
    summary: 'move old entries from Redis into files of this machine',
    more:
      'Files lie in the folder archives of the state folder and belong to the log: tail, replay and audit read them first. ' +
      'Keys stay, so what was emitted once stays a duplicate. The newest entry and what the next audit of main reads stay in Redis.',
    options: [flag('--before <id-or-duration>', 'only entries before this one, or older than that; default 30d')],
    examples: [
      'telec events archive',
      'telec events archive --before 7d',
      'telec events archive --before 1718000000000-0',
    ],
    load: async () => (await import('../commands/archive.ts')).archive,
  });
}
