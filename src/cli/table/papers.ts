/** The rows of the command table for the papers of work items, below `telec todo`. */
import { Argument, type Command } from 'commander';
import { type Add, flag } from './entry.ts';

const slug = new Argument('<slug>', 'the work item');
const list = (value: string, before: string[] = []): string[] => [...before, value];

export function addPapers(todo: Command, add: Add): void {
  add(todo, {
    usage: 'draft',
    summary: 'write the papers a work item lacks, from templates',
    more: [
      'Papers: requirements.md, implementation-plan.md, demo.md and dor-report.md in todos/<slug>/. None that exists is',
      'touched. Without a slug, all work items of the roadmap, those that others wait for first. The drafting session is',
      'kept: another one has to judge (telec todo gate).',
    ].join(' '),
    args: [new Argument('[slug]', 'one work item, and those it waits for that have no papers')],
    examples: ['telec todo draft login', 'telec todo draft'],
    load: async () => (await import('../commands/papers.ts')).draft,
  });
  add(todo, {
    usage: 'gate',
    summary: 'record whether a work item is ready to be built',
    more: [
      'Writes the verdict into state.yaml and into its own section of dor-report.md. A pass needs a score of 8 or more, all',
      'eight gates passed and nothing open; --status pass alone passes all eight. 7 is needs_work, less is needs_decision;',
      'both name each open point with its gate and its remedy. Gates: intent_and_success, scope_and_size, verification,',
      'approach_known, research_complete, dependencies_and_preconditions, integration_safety, tooling_impact.',
      'Refused (exit 6) from a session that drafted the papers. A session started for it (telec sessions start --role worker',
      '--command "agent /next-prepare-gate login") is recorded as dispatched; where starting one is denied, run this in any other session: the record',
      'is the same, marked direct.',
    ].join(' '),
    args: [slug],
    options: [
      flag('--score <n>', 'whole number from 0 to 10'),
      flag('--status <status>', 'pass, needs_work or needs_decision'),
      flag('--gate <name=verdict:reason>', 'one gate, pass or fail, and why; may be repeated').argParser(list),
      flag('--blocker <gate:text:remedy>', 'what is open; the text ends at the next colon; may be repeated').argParser(
        list,
      ),
    ],
    examples: [
      'telec todo gate login --score 9 --status pass',
      'telec todo gate login --score 7 --status needs_work --gate "scope_and_size=pass:one page" --blocker "verification:no test of the lockout:add one to the plan"',
    ],
    load: async () => (await import('../commands/papers.ts')).gate,
  });
  add(todo, {
    usage: 'set-deps',
    summary: 'say what a work item waits for; without --after, nothing',
    args: [slug],
    options: [flag('--after <slug>', 'a work item that has to be delivered first; may be repeated').argParser(list)],
    examples: ['telec todo set-deps login --after accounts --after mail', 'telec todo set-deps login'],
    load: async () => (await import('../commands/papers.ts')).setDeps,
  });
  add(todo, {
    usage: 'validate',
    summary: 'find what is wrong with the work items, each with its mend',
    more: [
      'Missing papers, unchecked tasks of what is built, containers and parts that disagree, names that lead nowhere, rings of',
      'waiting, verdicts that contradict themselves, empty folders, files that cannot be read. Exit 1 when anything is.',
    ].join(' '),
    args: [new Argument('[slug]', 'one work item')],
    options: [flag('--fix', 'remove empty folders; nothing that holds data is ever removed')],
    examples: ['telec todo validate', 'telec todo validate login', 'telec todo validate --fix'],
    load: async () => (await import('../commands/papers.ts')).validate,
  });
  const demo = add(todo, {
    usage: 'demo',
    summary: 'the demos of work items',
    examples: ['telec todo demo list', 'telec todo demo validate login'],
  });
  add(demo, {
    usage: 'list',
    summary: 'all demos, and what is wrong with them',
    examples: ['telec todo demo list', 'telec todo demo list --json'],
    load: async () => (await import('../commands/todo-demo.ts')).list,
  });
  add(demo, {
    usage: 'validate',
    summary: 'whether the demo of a work item can be shown (exit 1: no)',
    more: [
      'It needs a section "## Validation" with a bash block that was filled in. <!-- no-demo: reason --> in the first 10 lines',
      'exempts; <!-- skip-validation: reason --> in front of a block passes over it.',
    ].join(' '),
    args: [slug],
    examples: ['telec todo demo validate login'],
    load: async () => (await import('../commands/todo-demo.ts')).check,
  });
  add(demo, {
    usage: 'run',
    summary: 'run the blocks of a demo in the work tree, until one fails',
    more: 'The blocks run as you, with bash, each until its first command that fails. Read them before: they may do anything.',
    args: [slug],
    options: [flag('--timeout <duration>', 'how long one block may take (10m)')],
    examples: ['telec todo demo run login', 'telec todo demo run login --timeout 30s'],
    load: async () => (await import('../commands/todo-demo.ts')).run,
    graceful: true,
  });
  add(demo, {
    usage: 'create',
    summary: 'begin demos/<slug>/: demo.md and snapshot.json, where they are missing',
    args: [slug],
    examples: ['telec todo demo create login'],
    load: async () => (await import('../commands/todo-demo.ts')).create,
  });
}
