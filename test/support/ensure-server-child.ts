/**
 * A process that needs the server of a state folder: `ensure-server-child.ts <dir> [stay]`. Prints the outcome as one
 * line of JSON; with `stay` it lives on until it is ended.
 */
import { TelecError } from '../../src/errors.ts';
import { ensureServer } from '../../src/io/redis/server.ts';

const [dir = '', stay] = process.argv.slice(2);
try {
  process.stdout.write(`${JSON.stringify(await ensureServer({ dir }))}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: error instanceof TelecError ? error.code : String(error) })}\n`);
}
if (stay === 'stay') setInterval(() => undefined, 60_000);
