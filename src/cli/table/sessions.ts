/** The rows of the command table about sessions of all roles, and about deliveries begun under an older flow. */
import { Argument, type Command } from 'commander';
import { type Add, flag } from './entry.ts';

const ROLES = ['worker', 'orchestrator', 'integrator', 'admin'];

export function addSessions(program: Command, add: Add): void {
  const role = () => flag('--role <role>', 'only those of this role').choices(ROLES);
  const all = () => flag('--all', 'also those that were over long ago');
  const load = async () => (await import('../commands/sessions.ts')).list;
  const sessions = add(program, {
    usage: 'sessions',
    summary: 'the sessions of all roles: who works, who integrated',
    more: 'The newest first, with what an integrator said of itself when it ended.',
    options: [role(), all()],
    examples: ['telec sessions', 'telec sessions --role integrator --json'],
    load,
  });
  add(sessions, {
    usage: 'list',
    summary: 'the same list',
    options: [role(), all()],
    examples: ['telec sessions list', 'telec sessions list --all --json'],
    load,
  });
  add(sessions, {
    usage: 'start',
    summary: 'start a session in a role',
    more:
      'The integrator: wakes the daemon, or without one drains the queue here as telec integrate does. Any other role: ' +
      'runs the command detached in the project folder, with the role and the session in its environment; without a ' +
      'command it prints that environment for a shell. Who lacks the right does the step in a session of their own ' +
      'instead: telec todo draft <slug>, telec todo gate <slug>.',
    options: [
      flag('--role <role>', 'worker, orchestrator, integrator or admin').choices(ROLES),
      flag('--project <folder>', 'where it works, else here'),
      flag('--command <command>', 'program and arguments; no shell reads it'),
    ],
    examples: [
      'telec sessions start --role worker --project ../trees/login --command "agent --run \'/next-build login\'"',
      'eval "$(telec sessions start --role worker)"',
      'telec sessions start --role integrator',
    ],
    load: async () => (await import('../commands/sessions.ts')).start,
    graceful: true,
  });
  add(sessions, {
    usage: 'end',
    summary: 'end a session, or the own one where its kind may',
    more: 'Its process and what that started are asked, then killed. An integrator finishes what it has in hand.',
    args: [new Argument('<id>', 'an id of telec sessions, or self')],
    examples: ['telec sessions end builder-01jgfjz0q7v5m8n3k2h1g0f9e8', 'telec sessions end self'],
    load: async () => (await import('../commands/sessions.ts')).end,
    graceful: true,
  });
  add(program, {
    usage: 'adopt',
    summary: 'adopt deliveries begun under an older flow',
    more:
      'Looks through the linked work trees and branches of this clone for items that were handed over, or are built and ' +
      'approved, and tells the log what it does not know of them. See what it would do first, with --dry-run; again it ' +
      'changes nothing. Exit 1 when one cannot be adopted.',
    options: [flag('--dry-run', 'only show what there is and what stands in its way')],
    examples: ['telec adopt --dry-run', 'telec adopt', 'telec adopt --dry-run --json'],
    load: async () => (await import('../commands/adopt.ts')).adopt,
  });
}
