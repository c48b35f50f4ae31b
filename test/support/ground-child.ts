/**
 * A process with a ground of its own, to be killed: says `ready` once its check has begun. Arguments: folder, private
 * repository, tree, line to run.
 */
import { openGround } from '../../src/io/checks/ground.ts';

const [folder = '', repository = '', tree = '', line = ''] = process.argv.slice(2);
const ground = await openGround({ folder, repository, env: { PATH: process.env['PATH'] }, scrub: (text) => text });
const retries = { failed: 0, timed_out: 0, killed: 0, not_started: 0 };
const definition = { name: 'unit', run: line, timeoutMs: 600_000, paths: null, toolchain: null, retries };
const running = ground.run({ definition, tree, logName: 'child', signal: new AbortController().signal });
process.stdout.write('ready\n');
await running;
await ground.close();
