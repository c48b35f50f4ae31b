/**
 * Puts the two hooks into a bare repository and takes them out again, byte for byte. A hook that is there already goes on
 * running behind ours; where it is a shell script it keeps its own path, so that what it asks of `$0` stays true. Sets no
 * option of `receive.*`: those would hit every branch. Decides nothing about who may.
 *
 * Invariants: a hook is replaced whole, so a push sees the old one or the new; what was there before is kept until it is
 * back in its place; what somebody changed meanwhile is never written over.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, TelecError } from '../../errors.ts';
import { lockFile } from '../lock.ts';
import { type BareRepository, ownerOf, setHooksPath } from './bare-repository.ts';
import {
  GUARD_FOLDER,
  HOOK_SIGN,
  SERVER_HOOKS,
  type ServerHook,
  type ServerRules,
  SIGNERS_FILE,
  serverHook,
} from './server-hooks.ts';

/** How a hook stands there: alone, within the file of a shell script, or in front of another program. */
export type HookPlace = 'own' | 'within' | 'before';

/** What a file was before; null: there was none. */
type Before = { mode: number } | { link: string } | null;

interface Kept {
  how: HookPlace;
  before: Before;
  /** Digest of what was written in its place. */
  written: string;
}

interface Manifest {
  hooks: Partial<Record<ServerHook, Kept>>;
  /** The folder of the hooks was made for them. */
  madeFolder: boolean;
  /** The repository's configuration; null while it was left alone. */
  config: Kept | null;
}

/** `left`: somebody changed it since, so that only telec's part was taken out, or nothing where that is gone. */
export interface HookOutcome {
  name: ServerHook;
  how: HookPlace;
  left: boolean;
}

const BLOCK_BEGIN = '# >>> telec guard >>> (telec guard uninstall --server takes it out)';
const BLOCK_END = '# <<< telec guard <<<';
const SHELL = /^#! *(\/\S*\/)?(env +)?(sh|bash|dash|ash|ksh|mksh|zsh)( +-[a-z]+)*\n/;

const CALL: Record<ServerHook, string> = {
  update: `"\${0%/*}/${GUARD_FOLDER}/update" "$@" || exit $?`,
  // What was read is handed on as it was.
  'reference-transaction': `if [ "$1" = prepared ]; then
  telec_lines=$(cat; printf x)
  printf %s "\${telec_lines%x}" | "\${0%/*}/${GUARD_FOLDER}/reference-transaction" "$@" || exit $?
  if [ "$telec_lines" = x ]; then
    exec </dev/null
  else
    exec <<TELEC_LINES
\${telec_lines%?x}
TELEC_LINES
  fi
  unset telec_lines
fi`,
};

const blockOf = (name: ServerHook): string => `${BLOCK_BEGIN}\n${CALL[name]}\n${BLOCK_END}\n`;
const guardFolder = (bare: BareRepository): string => join(bare.hooks, GUARD_FOLDER);
/** Where what was there before is kept; a program that is run behind ours keeps its name there. */
const asideOf = (bare: BareRepository, name: string): string => join(guardFolder(bare), 'before', name);
/** File of the public keys that may sign a fence. */
export const signersPath = (bare: BareRepository): string => join(guardFolder(bare), SIGNERS_FILE);

/** Whether fences have to be signed there. */
export const hasSigners = (bare: BareRepository): boolean => fs.existsSync(signersPath(bare));

/** Bytes as text of one character each, so that a script in any encoding comes out as it went in. */
const read = (path: string): string => fs.readFileSync(path, 'latin1');
const digest = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');

/** Replaces the file at once, with exactly that mode; whose it was, it stays. */
function write(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.new`;
  fs.writeFileSync(temporary, text, { encoding: 'latin1', mode: 0o600, flush: true });
  fs.chmodSync(temporary, mode);
  ownerOf(path)(temporary);
  fs.renameSync(temporary, path);
}

/** Texts are written as UTF-8, whatever a branch is called. */
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function isOurs(text: string): boolean {
  return text.includes(BLOCK_BEGIN) || (text.split('\n', 2)[1]?.startsWith(HOOK_SIGN) ?? false);
}

/** Puts the hooks in, or brings them up to date; without `signers` those that are there stay. Thrown: GUARD_BUSY (6), GUARD_FAILED (1). */
export async function installServerHooks(
  bare: BareRepository,
  rules: ServerRules,
  signers: string | null,
): Promise<{ hooks: HookOutcome[]; changed: boolean }> {
  const madeFolder = !fs.existsSync(bare.hooks);
  return exclusively(bare, async () => {
    const manifest = readManifest(bare) ?? { hooks: {}, madeFolder, config: null };
    const before = stateOf(bare);
    if (signers !== null) write(signersPath(bare), signers, 0o644);
    for (const name of SERVER_HOOKS) putIn(bare, manifest, name, utf8(serverHook(name, rules)));
    // A hooks path of the pusher's own configuration would lead away from these.
    if (bare.hooksPath === null) {
      const path = join(bare.dir, 'config');
      const kept = keepAside(bare, path, 'config');
      await setHooksPath(bare, bare.hooks);
      manifest.config = { how: 'own', before: kept, written: digest(read(path)) };
      writeManifest(bare, manifest);
    }
    const hooks = SERVER_HOOKS.map((name) => ({ name, how: manifest.hooks[name]?.how ?? 'own', left: false }));
    return { hooks, changed: stateOf(bare) !== before };
  });
}

/** One hook: fresh, or only its text where it stands already. What was there is written down before it is replaced. */
function putIn(bare: BareRepository, manifest: Manifest, name: ServerHook, text: string): void {
  const path = join(bare.hooks, name);
  const own = join(guardFolder(bare), name);
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  const there = stat?.isFile() ? read(path) : '';
  const known = manifest.hooks[name];
  if (isOurs(there)) {
    const how = known?.how ?? (there.includes(BLOCK_BEGIN) ? 'within' : 'own');
    write(how === 'own' ? path : own, text, 0o755);
    const written = how === 'own' ? digest(text) : digest(there);
    manifest.hooks[name] = known ? { ...known, written } : { how, before: null, written };
    writeManifest(bare, manifest);
    return;
  }
  // What git would not run is no hook, and comes back as it was.
  const runs = stat !== undefined && (stat.isSymbolicLink() || (stat.mode & 0o111) !== 0);
  const shebang = stat?.isFile() && !there.includes('\r\n') ? SHELL.exec(there)?.[0] : undefined;
  const how: HookPlace = !runs ? 'own' : shebang === undefined ? 'before' : 'within';
  const body = {
    own: text,
    within: `${shebang}${blockOf(name)}${there.slice(shebang?.length ?? 0)}`,
    before: `#!/bin/sh\n${blockOf(name)}exec "\${0%/*}/${GUARD_FOLDER}/before/${name}" "$@"\n`,
  }[how];
  manifest.hooks[name] = { how, before: keepAside(bare, path, name), written: digest(body) };
  writeManifest(bare, manifest);
  if (how !== 'own') write(own, text, 0o755);
  write(path, body, how === 'within' && stat ? stat.mode & 0o777 : 0o755);
}

/** Copies what is at `path` aside and tells what it is; it stays where it is until it is replaced. */
function keepAside(bare: BareRepository, path: string, name: string): Before {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  const aside = asideOf(bare, name);
  fs.rmSync(aside, { force: true });
  if (stat === undefined) return null;
  if (stat.isSymbolicLink()) {
    const link = fs.readlinkSync(path);
    // From the other folder a relative one would lead elsewhere.
    fs.symlinkSync(resolve(bare.hooks, link), aside);
    return { link };
  }
  const mode = stat.mode & 0o7777;
  write(aside, read(path), mode);
  return { mode };
}

/** Takes the hooks out; what was there before stands there again as it was. Null when there was nothing of ours. */
export async function uninstallServerHooks(bare: BareRepository): Promise<HookOutcome[] | null> {
  if (!fs.existsSync(guardFolder(bare)) && standingHooks(bare).length === 0) return null;
  const manifest = await exclusively(bare, async () => {
    const found = readManifest(bare) ?? { hooks: {}, madeFolder: false, config: null };
    const outcomes = SERVER_HOOKS.flatMap((name) => takeOut(bare, name, found.hooks[name]));
    if (found.config) {
      const path = join(bare.dir, 'config');
      if (digest(read(path)) === found.config.written) putBack(bare, path, 'config', found.config.before);
      else if (bare.hooksPath === bare.hooks) await setHooksPath(bare, null);
    }
    return { ...found, outcomes };
  });
  fs.rmSync(guardFolder(bare), { recursive: true, force: true });
  if (manifest.madeFolder && fs.readdirSync(bare.hooks).length === 0) fs.rmdirSync(bare.hooks);
  return manifest.outcomes;
}

function takeOut(bare: BareRepository, name: ServerHook, kept: Kept | undefined): HookOutcome[] {
  const path = join(bare.hooks, name);
  const there = fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() ? read(path) : '';
  if (kept && digest(there) === kept.written) {
    putBack(bare, path, name, kept.before);
    return [{ name, how: kept.how, left: false }];
  }
  if (there.includes(BLOCK_BEGIN) && kept?.how !== 'before') {
    const [head = '', rest = ''] = there.split(`${BLOCK_BEGIN}\n`);
    write(
      path,
      head + rest.slice(rest.indexOf(`${BLOCK_END}\n`) + BLOCK_END.length + 1),
      fs.statSync(path).mode & 0o7777,
    );
    return [{ name, how: 'within', left: true }];
  }
  // Copied by hand from what --print shows: nothing was there that is known.
  if (!kept && isOurs(there)) {
    fs.rmSync(path);
    return [{ name, how: 'own', left: false }];
  }
  return kept ? [{ name, how: kept.how, left: true }] : [];
}

function putBack(bare: BareRepository, path: string, name: string, before: Before): void {
  if (before === null) {
    fs.rmSync(path, { force: true });
  } else if ('mode' in before) {
    write(path, read(asideOf(bare, name)), before.mode);
  } else {
    const temporary = `${path}.${process.pid}.new`;
    fs.symlinkSync(before.link, temporary);
    fs.renameSync(temporary, path);
  }
}

/** The hooks of telec that git would run there now. */
export function standingHooks(bare: BareRepository): ServerHook[] {
  return SERVER_HOOKS.filter((name) => {
    const path = join(bare.hooks, name);
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() && (stat.mode & 0o111) !== 0 && isOurs(read(path)) && hookText(bare, name) !== null;
  });
}

/** The text that guards in the place of that hook, as it stands there; null when it is missing. */
export function hookText(bare: BareRepository, name: ServerHook): string | null {
  for (const path of [join(guardFolder(bare), name), join(bare.hooks, name)]) {
    const text = fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '';
    if (text.split('\n', 2)[1]?.startsWith(HOOK_SIGN)) return text;
  }
  return null;
}

/** Two at once would take each other's hooks for those that were there before. */
async function exclusively<T>(bare: BareRepository, work: () => Promise<T>): Promise<T> {
  for (const folder of [bare.hooks, guardFolder(bare), join(guardFolder(bare), 'before')]) {
    if (fs.existsSync(folder)) continue;
    fs.mkdirSync(folder, { recursive: true });
    // Whatever the umask says: the account that serves pushes has to get in.
    fs.chmodSync(folder, 0o755);
  }
  const path = join(guardFolder(bare), 'lock');
  const lock = lockFile(path);
  if (lock === null) {
    throw new TelecError('GUARD_BUSY', EXIT.refused, 'somebody else puts hooks into that repository just now', {
      hint: 'try again in a moment',
    });
  }
  try {
    return await work();
  } finally {
    fs.rmSync(path, { force: true });
    lock.release();
  }
}

function readManifest(bare: BareRepository): Manifest | null {
  const path = join(guardFolder(bare), 'installed.json');
  return fs.existsSync(path) ? (JSON.parse(fs.readFileSync(path, 'utf8')) as Manifest) : null;
}

function writeManifest(bare: BareRepository, manifest: Manifest): void {
  write(join(guardFolder(bare), 'installed.json'), utf8(`${JSON.stringify(manifest, null, 2)}\n`), 0o644);
}

/** All that an installation writes, as one digest. */
function stateOf(bare: BareRepository): string {
  const paths = [
    join(bare.dir, 'config'),
    signersPath(bare),
    ...SERVER_HOOKS.flatMap((name) => [join(bare.hooks, name), join(guardFolder(bare), name)]),
  ];
  return digest(paths.map((path) => (fs.existsSync(path) ? digest(read(path)) : '-')).join(' '));
}
