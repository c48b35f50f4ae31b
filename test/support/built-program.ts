/** Makes sure that end-to-end tests run the program as it is now: compiles it when a source is newer. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/setup.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--build'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
