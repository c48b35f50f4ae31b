/** The rows of the command table for the roadmap. */
import { Argument, type Command } from 'commander';
import { type Add, flag } from './entry.ts';

const slug = new Argument('<slug>', 'the work item');
const afterList = flag('--after <slugs>', 'what has to be delivered first, joined by commas');

export function addRoadmap(program: Command, add: Add): void {
  const roadmap = add(program, {
    usage: 'roadmap',
    summary: 'what is planned, in which order, and what waits for what',
    more: 'The files are todos/roadmap.yaml, todos/icebox.yaml and todos/delivered.yaml of the work tree around you.',
    examples: ['telec roadmap list', 'telec roadmap add login --after accounts'],
  });
  add(roadmap, {
    usage: 'list',
    summary: 'the work items that are planned, the most urgent first',
    options: [flag('--include-icebox', 'what rests too'), flag('--include-delivered', 'what is delivered too')],
    examples: ['telec roadmap list', 'telec roadmap list --include-delivered --json'],
    load: async () => (await import('../commands/roadmap.ts')).list,
  });
  add(roadmap, {
    usage: 'add',
    summary: 'plan a work item',
    args: [slug],
    options: [
      flag('--group <slug>', 'the container it belongs to; belonging is no waiting'),
      afterList,
      flag('--before <slug>', 'put it in front of this one, else at the end'),
      flag('--description <text>', 'one line about it'),
    ],
    examples: [
      'telec roadmap add login --after accounts --description "let people in"',
      'telec roadmap add login --before search',
    ],
    load: async () => (await import('../commands/roadmap.ts')).add,
  });
  add(roadmap, {
    usage: 'deps',
    summary: 'say what a work item waits for; without --after, nothing',
    args: [slug],
    options: [afterList],
    examples: ['telec roadmap deps login --after accounts,mail', 'telec roadmap deps login'],
    load: async () => (await import('../commands/roadmap.ts')).deps,
  });
  add(roadmap, {
    usage: 'move',
    summary: 'put a work item elsewhere in the order',
    args: [slug],
    options: [flag('--before <slug>', 'in front of this one'), flag('--after <slug>', 'behind this one')],
    examples: ['telec roadmap move login --before search', 'telec roadmap move login --after accounts'],
    load: async () => (await import('../commands/roadmap.ts')).move,
  });
  add(roadmap, {
    usage: 'remove',
    summary: 'take a work item off the roadmap; its folder stays',
    more: 'Refused while others wait for it or belong to it, unless forced; then they wait for it no more.',
    args: [slug],
    options: [flag('--force', 'even if others wait for it')],
    examples: ['telec roadmap remove login', 'telec roadmap remove login --force'],
    load: async () => (await import('../commands/roadmap.ts')).remove,
  });
  add(roadmap, {
    usage: 'deliver',
    summary: 'book a delivery by hand: for what came to main past telec',
    more: [
      'Off the roadmap and out of all --after, into todos/delivered.yaml, with the containers that are complete by it. Changes',
      'the work tree alone: commit it on a branch and bring it to main like any work.',
    ].join(' '),
    args: [slug],
    options: [flag('--commit <id>', 'the commit that brought it, else the one checked out')],
    examples: ['telec roadmap deliver login', 'telec roadmap deliver login --commit 3fa2c1d09b7e'],
    load: async () => (await import('../commands/roadmap.ts')).deliver,
  });
  add(roadmap, {
    usage: 'freeze',
    summary: 'let a work item rest in todos/icebox.yaml',
    args: [slug],
    options: [flag('--undo', 'wake it again, at the end of the roadmap')],
    examples: ['telec roadmap freeze login', 'telec roadmap freeze login --undo'],
    load: async () => (await import('../commands/roadmap.ts')).freeze,
  });
}
