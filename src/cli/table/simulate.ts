/** The row of the command table that tries other settings on a load. */
import type { Command } from 'commander';
import { type Add, flag } from './entry.ts';

export function addSimulate(program: Command, add: Add): void {
  add(program, {
    usage: 'simulate',
    summary: 'what waits, checks and ejections would be under other settings',
    more:
      'The real integrator machine in virtual time: on what the log of this repository tells, or with --candidates on a ' +
      'generated load, which needs no repository. Beside it always a serial gate, and an oracle that knows beforehand who ' +
      'would fail. A list (--window 1,4,8) gives a row for each value; all lists are combined. Several checks of a delivery ' +
      'count as one, as long as the longest. Repeatable: the same load, settings and seed give the same answer.',
    options: [
      flag('--from <id>', 'of the log, only entries after this id'),
      flag('--to <id>', 'of the log, only entries up to this id'),
      flag('--candidates <n>', 'generate a load of so many deliveries'),
      flag('--rate <n>', 'generated: deliveries an hour, by chance; without it all are ready at once'),
      flag('--check-time <duration>', 'time of the checks of one delivery, as 90s or 10m; generated: 10m unless told'),
      flag('--check-spread <share>', 'generated: deviation of that time, as 30% of its mean; none unless told'),
      flag('--failure-rate <share>', 'generated: deliveries that fail their checks, as 5%'),
      flag('--conflict-rate <share>', 'generated: deliveries that do not merge onto the one before them'),
      flag('--flake-rate <share>', 'generated: runs that fail by accident'),
      flag('--seed <n>', 'generated: another seed is another load; 1 unless told'),
      flag('--window <list>', 'speculation.window; 4 unless told'),
      flag('--batch <list>', 'speculation.batch: numbers or auto; 1 unless told'),
      flag('--patience <list>', 'speculation.patience; 0 unless told'),
      flag('--parallel <list>', 'speculation.parallel: numbers or all; as many as the window begins unless told'),
      flag('--push-batch <list>', 'integration.push_batch; 10 unless told'),
      flag('--retries <list>', 'further runs of a check that failed; 0 unless told'),
      flag('--merge-time <duration>', 'one merge with its books; 20ms unless told'),
      flag('--push-time <duration>', 'one push; 60ms unless told'),
    ],
    examples: [
      'telec simulate --window 1,4,8',
      'telec simulate --candidates 1000 --check-time 10m --failure-rate 5% --window 4,8,16 --batch 1,auto',
      'telec simulate --candidates 1000 --rate 30 --check-time 10m --check-spread 30% --flake-rate 1% --retries 0,1 --json',
    ],
    load: async () => (await import('../commands/simulate.ts')).simulate,
  });
}
