// Makes a checkout ready: the right node, git, redis-server (or valkey-server), the packages, with `--build` a fresh
// dist, and with `--browser` a Chromium for the tests of the web page. Does nothing and says nothing where all is there. Plain JavaScript without packages, since it brings them.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE_LEAST = [20, 19];
const GIT_LEAST = [2, 38]; // merge-tree --write-tree

/** Ends with a sentence and what to do. */
function fail(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(1);
}

/** Runs a program without a shell; its output is shown only when it fails. */
function run(program, args, options = {}) {
  return spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options });
}

function must(program, args, hint, options) {
  const { status, stdout, stderr, error } = run(program, args, options);
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? error?.message ?? ''}\n`);
  fail(`${options?.what ?? `${program} ${args[0] ?? ''}`} failed`, hint);
}

function has(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const below = (version, least) => version[0] < least[0] || (version[0] === least[0] && version[1] < least[1]);

/** Whether a browser of the Chromium family is there; `TELEC_BROWSER` names another one. */
const browser = () => Boolean(process.env.TELEC_BROWSER) || ['chromium', 'chromium-browser', 'google-chrome'].some(has);

/** A browser draws boxes for the signs that no font has; these have all that the page writes. */
const hasFonts = () =>
  process.platform !== 'linux' ||
  ['dejavu', 'liberation', 'noto'].some((name) => existsSync(`/usr/share/fonts/truetype/${name}`));

/** The way to act as root: nothing to add, `sudo -n`, or null. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return has('sudo') && run('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : null;
}

// The package would start a server of the system that nobody asked for, now and after each boot: for the moment of the
// installation its policy file forbids the first, and what was there before is put back; the second is switched off.
const APT = `set -e
policy=/usr/sbin/policy-rc.d
kept=
restore() {
  rm -f "$policy"
  if [ -n "$kept" ]; then mv "$kept" "$policy"; fi
}
trap restore EXIT
trap 'exit 1' INT TERM HUP
if [ -e "$policy" ]; then kept="$policy.telec-kept"; mv "$policy" "$kept"; fi
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends "$@"
if command -v systemctl > /dev/null; then systemctl disable redis-server > /dev/null 2>&1 || true; fi
`;

/** Where Homebrew has other names. */
const BREW = { 'redis-server': 'redis' };

function install(missing) {
  const names = missing.join(' and ');
  const say = () => process.stderr.write(`installing ${names}\n`);
  if (process.platform === 'darwin' && has('brew')) {
    say();
    must(
      'brew',
      ['install', '--quiet', ...missing.filter((name) => !name.startsWith('fonts-')).map((name) => BREW[name] ?? name)],
      `install ${names} yourself`,
    );
    return;
  }
  const prefix = has('apt-get') ? rootPrefix() : null;
  if (prefix === null)
    fail(`found no ${names}`, `install ${names} with the package manager of this system, then run this again`);
  say();
  const [program, ...args] = [...prefix, 'sh', '-c', APT, 'sh', ...missing];
  must(program, args, `install ${names} yourself, then run this again`, { what: `installing ${names} by apt-get` });
}

/** Newest modification below a folder, ms. */
function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { recursive: true }))
    latest = Math.max(latest, statSync(join(folder, String(entry))).mtimeMs);
  return latest;
}

function packagesAreThere() {
  const marker = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(marker)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(marker, 'utf8')).packages;
  // What another platform needs stands in the lock file and is rightly absent here.
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
  );
}

const node = process.versions.node.split('.').map(Number);
if (below(node, NODE_LEAST))
  fail(`node ${process.versions.node} is too old`, `install node ${NODE_LEAST.join('.')} or newer`);

const missing = [];
if (!has('git')) missing.push('git');
if (!has('redis-server') && !has('valkey-server')) missing.push('redis-server');
// Signs fences, where they are to be signed; the tests do.
if (!has('ssh-keygen')) missing.push('openssh-client');
if (process.argv.includes('--browser') && !browser())
  missing.push('chromium', ...(hasFonts() ? [] : ['fonts-dejavu-core']));
if (missing.length > 0) install(missing);

const git = /(\d+)\.(\d+)/.exec(run('git', ['--version']).stdout ?? '');
if (!git || below([Number(git[1]), Number(git[2])], GIT_LEAST))
  fail(`git ${git?.[0] ?? ''} is too old`, `install git ${GIT_LEAST.join('.')} or newer`);

if (!packagesAreThere()) {
  process.stderr.write('installing packages\n');
  must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'look at the message above; npm ci says more');
}
if (process.argv.includes('--build')) {
  const built = join(root, 'dist/cli/telec.js');
  const sources = Math.max(newest(join(root, 'src')), statSync(join(root, 'package.json')).mtimeMs);
  if (!existsSync(built) || statSync(built).mtimeMs < sources)
    must(process.execPath, ['scripts/build.js'], 'mend what the compiler says');
}
