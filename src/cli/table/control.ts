/** The rows of the command table by which people steer: holds, the lease, notifications. */
import { Argument, type Command } from 'commander';
import { type Add, flag, reason } from './entry.ts';

export function addControl(program: Command, add: Add): void {
  add(program, {
    usage: 'hold',
    summary: 'freeze merging',
    options: [
      reason,
      flag('--for <duration>', 'lift it by itself after 90s, 30m, 2h, 1d'),
      flag('--main-busy', 'main is worked on by hand'),
    ],
    examples: ['telec hold --reason "release in progress" --for 30m', 'telec hold --main-busy'],
    load: async () => (await import('../commands/hold.ts')).hold,
  });
  add(program, {
    usage: 'unhold',
    summary: 'let merging go on',
    options: [flag('--reason <text>', 'why; required to lift a halt, and accepts main as it is')],
    examples: ['telec unhold', 'telec unhold --reason "the rewind of main was meant"'],
    load: async () => (await import('../commands/hold.ts')).unhold,
  });
  const lease = add(program, {
    usage: 'lease',
    summary: 'who holds main',
    examples: ['telec lease', 'telec lease --json'],
    load: async () => (await import('../commands/lease.ts')).show,
  });
  add(lease, {
    usage: 'break',
    summary: 'take the lease from whoever holds it',
    options: [reason],
    examples: ['telec lease break --reason "its machine is gone"'],
    load: async () => (await import('../commands/lease.ts')).breakLease,
  });
  add(lease, {
    usage: 'adopt',
    summary: 'take over the fence of another log',
    options: [reason],
    examples: ['telec lease adopt --reason "the old Redis is lost"'],
    load: async () => (await import('../commands/lease.ts')).adopt,
  });
  const notifications = add(program, {
    usage: 'notifications',
    summary: 'what asks for attention',
    options: [flag('--unseen', 'only what nobody has seen')],
    examples: ['telec notifications', 'telec notifications --unseen --json'],
    load: async () => (await import('../commands/notifications.ts')).list,
  });
  for (const [name, summary] of [
    ['seen', 'mark notifications as seen'],
    ['claim', 'say that you take care of them'],
    ['resolve', 'say that they are taken care of'],
  ] as const)
    add(notifications, {
      usage: name,
      summary,
      args: [new Argument('<id...>', 'ids as telec notifications shows them')],
      examples: [
        `telec notifications ${name} deployment/login`,
        `telec notifications ${name} deployment/login review/login`,
      ],
      load: async () => (await import('../commands/notifications.ts'))[name],
    });
}
