// Compiles the benchmarks together with what they measure into .tmp/bench and runs them: what is measured is what node
// runs from the package, without a compiler in the process. Options go to bench/main.ts.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}.tmp/bench/`;
const compiler = `${root}node_modules/@typescript/native/bin/tsc`;

function node(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(out, { recursive: true, force: true });
node([compiler, '-p', `${root}tsconfig.bench.json`]);
cpSync(`${root}src/io/redis/lua`, `${out}src/io/redis/lua`, { recursive: true });
cpSync(`${root}package.json`, `${out}package.json`);
node([`${out}bench/main.js`, ...process.argv.slice(2)]);
