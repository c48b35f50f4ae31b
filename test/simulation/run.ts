/**
 * Runs seeds by hand: `npx tsx test/simulation/run.ts --seed 42 --trace`, or `--from 1 --count 5000`, with
 * `--plant "<name>"` under a planted bug. Exits 1 when a law is broken.
 */
import { parseArgs } from 'node:util';
import { PLANTS, type PlantName } from './plants.ts';
import { simulate } from './world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000' },
    plant: { type: 'string', default: 'healthy' },
    trace: { type: 'boolean', default: false },
  },
});

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (!Object.hasOwn(PLANTS, values.plant)) throw new Error(`plants are: ${Object.keys(PLANTS).join('; ')}`);
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.count) : 1;
const began = performance.now();
let [bad, entries, landed, steps, simulated] = [0, 0, 0, 0, 0];
for (let seed = first; seed < first + count; seed += 1) {
  const options = values.trace ? { print: print } : {};
  const verdict = await simulate(seed, { ...options, plant: values.plant as PlantName });
  entries += verdict.entries;
  landed += verdict.landed;
  steps += verdict.steps;
  simulated += verdict.simulatedMs;
  if (values.seed !== undefined) print(`digest ${verdict.digest}`);
  if (verdict.violations.length === 0) continue;
  bad += 1;
  const [law] = verdict.violations;
  print(`seed ${seed}: ${verdict.violations.length} violation(s), ${law?.law}: ${law?.detail}`);
}
const seconds = (performance.now() - began) / 1000;
print(
  `${count} seeds, ${bad} bad, ${entries} entries, ${landed} landings, ${steps} steps, ${Math.round(simulated / 3_600_000)} simulated h, ${seconds.toFixed(1)} s`,
);
process.exitCode = bad === 0 ? 0 : 1;
