/** The rows of the command table about work items and their way from papers to the hand-over. */
import { Argument, type Command } from 'commander';
import { type Add, flag } from './entry.ts';

const slug = new Argument('<slug>', 'the work item');
const collect = (value: string, before: string[] = []) => [...before, value];

/** Adds `todo` with its rows; answers it, for rows of other files below it. */
export function addTodo(program: Command, add: Add): Command {
  const todo = add(program, {
    usage: 'todo',
    summary: 'work items: papers, build, review, fix, hand-over',
    examples: ['telec todo create login', 'telec todo next', 'telec todo finalize login'],
  });
  add(todo, {
    usage: 'create',
    summary: 'make a work item: its folder, its state and its row of the roadmap',
    args: [slug],
    options: [
      flag('--description <text>', 'what is wanted'),
      flag('--group <slug>', 'the container it belongs to'),
      flag('--after <slugs>', 'slugs that must be delivered before it, joined by commas'),
    ],
    examples: [
      'telec todo create login --description "let people sign in"',
      'telec todo create logout --after login --group accounts',
    ],
    load: async () => (await import('../commands/todo.ts')).create,
  });
  add(todo, {
    usage: 'list',
    summary: 'work items with their states, in the order of the roadmap',
    more: 'Reads the files of this work tree, and the log where there is one. Works before telec init.',
    options: [flag('--all', 'what is delivered and put aside as well')],
    examples: ['telec todo list', 'telec todo list --all --json'],
    load: async () => (await import('../commands/todo.ts')).list,
  });
  add(todo, {
    usage: 'show',
    summary: 'one work item: papers, readiness, reviews, findings, candidate',
    args: [slug],
    examples: ['telec todo show login', 'telec todo show login --json'],
    load: async () => (await import('../commands/todo.ts')).show,
  });
  add(todo, {
    usage: 'next',
    summary: 'the first work item with something to do now, and the command for it',
    examples: ['telec todo next', 'telec todo next --json'],
    load: async () => (await import('../commands/todo.ts')).next,
  });
  add(todo, {
    usage: 'mark-phase',
    summary: 'say how far a work item is: build, review, fix',
    more: 'build started, complete; review started, changes_requested, approved; fix started, complete. Writes todos/<slug>/state.yaml of this work tree.',
    args: [slug, new Argument('<phase>', 'build, review or fix'), new Argument('<status>', 'what became of it')],
    options: [
      flag(
        '--finding <text>',
        'with review changes_requested: what is to be mended; may stand several times',
      ).argParser(collect),
    ],
    examples: [
      'telec todo mark-phase login build started',
      'telec todo mark-phase login review changes_requested --finding "no test of a wrong password"',
      'telec todo mark-phase login review approved',
    ],
    load: async () => (await import('../commands/todo.ts')).markPhase,
  });
  add(todo, {
    usage: 'finalize',
    summary: 'hand reviewed work over to the integrator',
    more: 'Verifies that the work tree is clean, its branch pushed and the review approved; then says FINALIZE_READY and stops.',
    args: [slug],
    options: [flag('--for-orchestrator', 'only verify and keep the lock; telec todo handover says that it is final')],
    examples: ['telec todo finalize login', 'telec todo finalize login --for-orchestrator > output.txt'],
    load: async () => (await import('../commands/todo.ts')).finalize,
    graceful: true,
  });
  add(todo, {
    usage: 'handover',
    summary: "the orchestrator's half: confirm the worker's word, hand over, end the worker's session",
    args: [slug],
    options: [
      flag('--worker-output <file>', 'what the worker printed; - for stdin'),
      flag('--worker-session <id>', 'the session that printed it'),
    ],
    examples: [
      'telec todo handover login --worker-output output.txt --worker-session worker-7',
      'telec todo finalize login --for-orchestrator | telec todo handover login --worker-output -',
    ],
    load: async () => (await import('../commands/todo.ts')).handover,
  });
  return todo;
}
