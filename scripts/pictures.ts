/**
 * Takes the pictures of docs/images: the web page and the terminal view of a demo that is kept, with a little more work
 * handed in, so that something waits and something is blocked. Everything it makes beside the pictures is cleared away.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import type { CandidateView } from '../src/actors/client.ts';
import type { DemoView } from '../src/actors/demo/story.ts';
import { CHROMIUM, openPage, SWITCHES } from '../test/support/browser.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const telec = join(root, 'dist/cli/telec.js');
const images = join(root, 'docs/images');
const modules = createRequire(import.meta.url);

/** Columns and lines of the terminal on the picture. */
const TERMINAL = { columns: 100, rows: 30 };
const BYTES_MAX = 400 * 1024;
/** How long anything may take, and how long a drawn screen is given to come to rest, ms. */
const PATIENCE_MS = 60_000;
const REST_MS = 1500;

const LOOKS = [
  { name: 'web-light', width: 1440, height: 900, scheme: 'light' },
  { name: 'web-dark', width: 1440, height: 900, scheme: 'dark' },
  { name: 'web-narrow-light', width: 390, height: 844, scheme: 'light' },
  { name: 'web-narrow-dark', width: 390, height: 844, scheme: 'dark' },
] as const;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The kept demo, and how commands are run in it. */
class Scene {
  readonly clone: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;

  constructor({ clone, folder, state }: NonNullable<DemoView['kept']>) {
    this.clone = clone;
    this.folder = folder;
    const { PATH } = process.env;
    this.env = {
      PATH,
      HOME: folder,
      LANG: 'C.UTF-8',
      TELEC_HOME: state,
      // Who holds stands on the picture.
      TELEC_SESSION_ID: 'ann@bakery',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'ann',
      GIT_AUTHOR_EMAIL: 'ann@example.com',
      GIT_COMMITTER_NAME: 'ann',
      GIT_COMMITTER_EMAIL: 'ann@example.com',
    };
  }

  telec(...args: string[]): string {
    return execFileSync(process.execPath, [telec, ...args], { cwd: this.clone, env: this.env, encoding: 'utf8' });
  }

  git(...args: string[]): void {
    execFileSync('git', args, { cwd: this.clone, env: this.env, stdio: 'pipe' });
  }

  /** A branch with one file, handed in. */
  handIn(slug: string, file: string, text: string, from = 'origin/main'): void {
    const branch = `feature/${slug}`;
    this.git('switch', '--quiet', '--create', branch, '--no-track', from);
    writeFileSync(join(this.clone, file), text);
    this.git('add', '--', file);
    this.git('commit', '--quiet', '--message', `Change ${slug}`);
    this.telec('submit', branch, '--slug', slug);
  }

  async until(slug: string, state: CandidateView['state']): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const rows = JSON.parse(this.telec('candidates', '--slug', slug, '--json')) as CandidateView[];
      if (rows.some((row) => row.state === state)) return;
      if (Date.now() > end) throw new Error(`${slug} did not become ${state}`);
      await sleep(200);
    }
  }

  close(): void {
    try {
      this.telec('down', '--redis');
    } finally {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

/** Two that touch the same line, of which one is blocked; then a hold, and what waits behind it. */
async function moreWork(scene: Scene): Promise<void> {
  scene.git('fetch', '--quiet', 'origin');
  scene.git('branch', '--force', 'before', 'origin/main');
  scene.handIn('opening-hours', 'hours.txt', 'from six to one\n', 'before');
  await scene.until('opening-hours', 'completed');
  scene.handIn('sunday-hours', 'hours.txt', 'from eight to eleven, on Sundays too\n', 'before');
  await scene.until('sunday-hours', 'blocked');
  scene.telec('hold', '--reason', 'the oven is being repaired', '--for', '2h');
  for (const slug of ['gift-cards', 'pretzels', 'newsletter']) {
    scene.handIn(slug, `${slug}.txt`, `${slug}\n`);
    await scene.until(slug, 'ready');
  }
}

function keep(name: string, picture: Buffer): void {
  if (picture.length > BYTES_MAX) throw new Error(`${name} has ${picture.length} bytes`);
  writeFileSync(join(images, `${name}.png`), picture);
  say(`docs/images/${name}.png: ${Math.round(statSync(join(images, `${name}.png`)).size / 1024)} kB`);
}

async function webPictures(scene: Scene, browser: Browser): Promise<void> {
  for (const { name, width, height, scheme } of LOOKS) {
    const { url } = JSON.parse(scene.telec('web', '--print', '--json')) as { url: string };
    const watched = await openPage(browser, new URL(url).origin, {
      viewport: { width, height },
      colorScheme: scheme,
    });
    await watched.page.goto(url);
    await watched.page.getByText('sunday-hours').first().waitFor({ timeout: PATIENCE_MS });
    await sleep(REST_MS);
    if (watched.faults.length > 0) throw new Error(watched.faults.join('\n'));
    keep(name, await watched.page.screenshot());
    await watched.close();
  }
}

/** What the terminal view writes to a real terminal of that size. */
async function terminalOutput(scene: Scene): Promise<string> {
  const { columns, rows } = TERMINAL;
  const quoted = [process.execPath, telec].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const command = `stty rows ${rows} cols ${columns}; exec ${quoted} watch`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: scene.clone,
    env: { ...scene.env, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  const end = Date.now() + PATIENCE_MS;
  while (!written.includes('newsletter@') && Date.now() < end) await sleep(100);
  await sleep(REST_MS);
  const shown = written;
  child.stdin.write('q');
  await once(child, 'close');
  return shown;
}

async function terminalPicture(scene: Scene, browser: Browser): Promise<void> {
  const text = await terminalOutput(scene);
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 }, deviceScaleFactor: 1.5 });
  await page.setContent(
    '<body style="margin:0"><div id="terminal" style="display:inline-block;padding:10px;background:#16181d">',
  );
  await page.addStyleTag({ path: modules.resolve('@xterm/xterm/css/xterm.css') });
  await page.addScriptTag({ path: modules.resolve('@xterm/xterm/lib/xterm.js') });
  // Runs in the page, as text: nothing of it is part of this program.
  await page.evaluate(`new Promise((done) => {
    const terminal = new Terminal({
      cols: ${TERMINAL.columns}, rows: ${TERMINAL.rows}, fontSize: 14, cursorInactiveStyle: 'none',
      fontFamily: 'DejaVu Sans Mono, Menlo, monospace', theme: { background: '#16181d', foreground: '#d8dbe2' },
    });
    terminal.open(document.getElementById('terminal'));
    terminal.write(${JSON.stringify(text)}, done);
  })`);
  await sleep(REST_MS);
  keep('watch', await page.locator('#terminal').screenshot());
  await page.close();
}

mkdirSync(images, { recursive: true });
const begun = execFileSync(process.execPath, [telec, 'demo', '--keep', '--json', '--quiet'], { encoding: 'utf8' });
const { kept, ok } = JSON.parse(begun) as DemoView;
if (!ok || !kept) throw new Error('the demo did not end as it should');
const scene = new Scene(kept);
try {
  await moreWork(scene);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: SWITCHES });
  try {
    await terminalPicture(scene, browser);
    await webPictures(scene, browser);
  } finally {
    await browser.close();
  }
} finally {
  scene.close();
}
