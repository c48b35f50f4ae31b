// Makes dist: src compiled by the native compiler, what is not TypeScript (the Lua scripts) beside it, and the web page
// bundled into dist/page.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = `${root}node_modules/@typescript/native/bin/tsc`;
// A packed copy is installed without the compiler and already carries its dist.
if (existsSync(compiler)) {
  rmSync(`${root}dist`, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(`${root}dist/io/redis/lua`, { recursive: true });
  cpSync(`${root}src/io/redis/lua`, `${root}dist/io/redis/lua`, { recursive: true });
  if (existsSync(`${root}dist/cli/telec.js`)) chmodSync(`${root}dist/cli/telec.js`, 0o755);
  const { build } = await import('vite');
  await build({
    configFile: false,
    logLevel: 'warn',
    root: `${root}src/io/page`,
    base: '/',
    build: {
      outDir: `${root}dist/page`,
      emptyOutDir: true,
      target: 'es2022',
      assetsDir: 'assets',
      // Nothing inline: the door's content policy lets no such thing run.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: { input: ['index', 'stately'].map((name) => `${root}src/io/page/${name}.html`) },
    },
  });
}
