/** Putting the hooks into a bare repository and taking them out again, beside hooks of all kinds that were there before. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openBare } from '../../src/io/guards/bare-repository.ts';
import { installServerHooks, standingHooks, uninstallServerHooks } from '../../src/io/guards/server-install.ts';
import { lockFile } from '../../src/io/lock.ts';
import { git, initBare, tryGit } from '../support/git-repo.ts';
import { type GuardedRemote, makeGuardedRemote } from '../support/guarded-remote.ts';

const RULES = { main: 'main', signed: false, ignoreCase: false };
const made: GuardedRemote[] = [];
afterEach(() => {
  for (const remote of made.splice(0)) remote.remove();
});

async function bareWith(hooks: Record<string, { text: string; mode?: number } | { link: string }> = {}) {
  const remote = await makeGuardedRemote({ hooks: false });
  made.push(remote);
  const folder = join(remote.remote, 'hooks');
  if (Object.keys(hooks).length > 0) fs.mkdirSync(folder, { recursive: true });
  for (const [name, hook] of Object.entries(hooks)) {
    if ('link' in hook) fs.symlinkSync(hook.link, join(folder, name));
    else {
      fs.writeFileSync(join(folder, name), hook.text, 'latin1');
      fs.chmodSync(join(folder, name), hook.mode ?? 0o755);
    }
  }
  return remote;
}

/** Every file below the repository that is no object: its path, mode and bytes. */
function contents(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(dir.length + 1);
    if (name.startsWith('objects') || name.startsWith('refs')) continue;
    const stat = fs.lstatSync(path);
    const what = stat.isSymbolicLink() ? fs.readlinkSync(path) : stat.isFile() ? fs.readFileSync(path, 'latin1') : '';
    found[name] = `${stat.mode.toString(8)} ${what}`;
  }
  return found;
}

const log = (remote: GuardedRemote): string => {
  const path = join(remote.remote, 'seen');
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '';
};

/** A hook that writes down how it was called, what it read, and what stands beside it. */
const noting = (shebang: string) => `${shebang}
# latin1: \xe9
. "\${0%/*}/words"
printf '%s|%s|%s|' "\${0##*/}" "$*" "$word" >> seen
cat >> seen
`;

describe('hooks that were there before go on running', () => {
  test.each([
    ['a script of sh', '#!/bin/sh'],
    ['a script of bash with options', '#!/usr/bin/env bash'],
    ['a script that ends at any fault', '#!/bin/sh -e'],
  ])('%s: under its own path, with its arguments and its input', async (_what, shebang) => {
    const hooks = {
      update: { text: noting(shebang) },
      'reference-transaction': { text: noting(shebang), mode: 0o755 },
      words: { text: 'word=beside\n', mode: 0o644 },
    };
    const remote = await bareWith(hooks);
    const [tip] = [remote.commit('a branch')];
    expect(remote.push('origin', `${tip}:refs/heads/one`).status).toBe(0);
    const without = log(remote);
    expect(without).toMatch(
      /^update\|refs\/heads\/one 0+ [0-9a-f]{40}\|beside\|reference-transaction\|prepared\|beside\|0+ /,
    );
    fs.rmSync(join(remote.remote, 'seen'));
    const before = contents(remote.remote);
    const { hooks: placed } = await installServerHooks(await openBare(remote.remote), RULES, null);
    expect(placed.map(({ how }) => how)).toEqual(['within', 'within']);
    expect(remote.push('origin', `${tip}:refs/heads/two`).status).toBe(0);
    expect(log(remote)).toBe(without.replaceAll('refs/heads/one', 'refs/heads/two'));
    const refused = remote.push('origin', `${tip}:refs/heads/main`);
    expect(refused.stderr).toContain('hook declined to update refs/heads/main');
    fs.rmSync(join(remote.remote, 'seen'));
    await uninstallServerHooks(await openBare(remote.remote));
    expect(contents(remote.remote)).toEqual(before);
  });

  test('another program, and a link to one: called by its name behind ours; both come back as they were', async () => {
    const text = `#!${process.execPath}
const { basename } = require('node:path');
const input = require('node:fs').readFileSync(0, 'utf8');
require('node:fs').appendFileSync('seen', basename(process.argv[1]) + '|' + process.argv.slice(2).join(' ') + '|' + input + '\\n');
`;
    const remote = await bareWith({ update: { text }, 'reference-transaction': { link: '../dispatch' } });
    fs.writeFileSync(join(remote.remote, 'dispatch'), text, { mode: 0o755 });
    const before = contents(remote.remote);
    const { hooks } = await installServerHooks(await openBare(remote.remote), RULES, null);
    expect(hooks.map(({ how }) => how)).toEqual(['before', 'before']);
    const tip = remote.commit('a branch');
    expect(remote.push('origin', `${tip}:refs/heads/two`).status).toBe(0);
    const [first, second, third] = log(remote).split('\n');
    expect(first).toBe(`update|refs/heads/two ${'0'.repeat(40)} ${tip}|`);
    expect(second).toContain(`|prepared|${'0'.repeat(40)} ${tip} refs/heads/two`);
    expect([second, third].map((line) => line?.split('|')[0])).toEqual(['reference-transaction', '']);
    expect(remote.push('origin', `${tip}:refs/heads/main`).stderr).toContain('hook declined');
    fs.rmSync(join(remote.remote, 'seen'));
    await uninstallServerHooks(await openBare(remote.remote));
    expect(contents(remote.remote)).toEqual(before);
  });

  test('one that says no still says no; one that git does not run is left out and comes back', async () => {
    const remote = await bareWith({
      update: { text: '#!/bin/sh\necho "by policy" >&2\nexit 1\n' },
      'reference-transaction': { text: '#!/bin/sh\nexit 1\n', mode: 0o644 },
    });
    const before = contents(remote.remote);
    const { hooks } = await installServerHooks(await openBare(remote.remote), RULES, null);
    expect(hooks.map(({ how }) => how)).toEqual(['within', 'own']);
    const answer = remote.push('origin', `${remote.first}:refs/heads/branch`);
    expect(answer.stderr).toContain('by policy');
    await uninstallServerHooks(await openBare(remote.remote));
    expect(contents(remote.remote)).toEqual(before);
  });
});

describe('putting in and taking out', () => {
  test('without hooks before: nothing is left behind, and no receive.* is set', async () => {
    const remote = await bareWith();
    const before = contents(remote.remote);
    const bare = await openBare(remote.remote);
    expect((await installServerHooks(bare, RULES, null)).changed).toBe(true);
    expect(standingHooks(bare)).toEqual(['update', 'reference-transaction']);
    expect(tryGit(remote.remote, ['config', '--local', '--get-regexp', '^receive\\.']).stdout.toString()).toBe('');
    expect(git(remote.remote, 'config', '--local', 'core.hooksPath')).toBe(join(remote.remote, 'hooks'));
    expect(fs.statSync(join(remote.remote, 'hooks', 'update')).mode & 0o777).toBe(0o755);
    const outcomes = await uninstallServerHooks(await openBare(remote.remote));
    expect(outcomes).toEqual(['update', 'reference-transaction'].map((name) => ({ name, how: 'own', left: false })));
    expect(contents(remote.remote)).toEqual(before);
    expect(await uninstallServerHooks(await openBare(remote.remote))).toBeNull();
  });

  test('again and again: the same; a newer text replaces an older one, and what was before is still known', async () => {
    const remote = await bareWith({ update: { text: '#!/bin/sh\n# theirs\n' } });
    const before = contents(remote.remote);
    await installServerHooks(await openBare(remote.remote), { ...RULES, main: 'older' }, null);
    expect((await installServerHooks(await openBare(remote.remote), RULES, null)).changed).toBe(true);
    const once = contents(remote.remote);
    expect((await installServerHooks(await openBare(remote.remote), RULES, null)).changed).toBe(false);
    expect(contents(remote.remote)).toEqual(once);
    expect(remote.push('origin', `${remote.commit('x')}:refs/heads/main`).stderr).toContain('hook declined');
    await uninstallServerHooks(await openBare(remote.remote));
    expect(contents(remote.remote)).toEqual(before);
  });

  test('into the folder that the repository names, and a setting that was there stays', async () => {
    const remote = await bareWith();
    git(remote.remote, 'config', 'core.hooksPath', 'own-hooks');
    const before = contents(remote.remote);
    await installServerHooks(await openBare(remote.remote), RULES, null);
    expect(fs.existsSync(join(remote.remote, 'own-hooks', 'update'))).toBe(true);
    expect(git(remote.remote, 'config', '--local', 'core.hooksPath')).toBe('own-hooks');
    expect(remote.push('origin', `${remote.commit('x')}:refs/heads/main`).stderr).toContain('hook declined');
    await uninstallServerHooks(await openBare(remote.remote));
    expect(contents(remote.remote)).toEqual(before);
  });

  test('what somebody changed meanwhile stays, without our part', async () => {
    const remote = await bareWith({ update: { text: '#!/bin/sh\n# theirs\n' } });
    await installServerHooks(await openBare(remote.remote), RULES, null);
    const [update, transaction] = ['update', 'reference-transaction'].map((name) => join(remote.remote, 'hooks', name));
    fs.appendFileSync(update ?? '', '# added\n');
    fs.writeFileSync(transaction ?? '', '#!/bin/sh\n# of somebody else\n');
    git(remote.remote, 'config', 'gc.auto', '0');
    const outcomes = await uninstallServerHooks(await openBare(remote.remote));
    expect(outcomes).toEqual([
      { name: 'update', how: 'within', left: true },
      { name: 'reference-transaction', how: 'own', left: true },
    ]);
    expect(fs.readFileSync(update ?? '', 'utf8')).toBe('#!/bin/sh\n# theirs\n# added\n');
    expect(fs.readFileSync(transaction ?? '', 'utf8')).toBe('#!/bin/sh\n# of somebody else\n');
    expect(git(remote.remote, 'config', '--local', 'gc.auto')).toBe('0');
    expect(tryGit(remote.remote, ['config', '--local', 'core.hooksPath']).status).toBe(1);
  });

  test('two at once: the second is told to come again', async () => {
    const remote = await bareWith();
    const folder = join(remote.remote, 'hooks', 'telec-guard');
    fs.mkdirSync(folder, { recursive: true });
    const lock = lockFile(join(folder, 'lock'));
    await expect(installServerHooks(await openBare(remote.remote), RULES, null)).rejects.toMatchObject({
      code: 'GUARD_BUSY',
      exit: 6,
    });
    lock?.release();
    expect((await installServerHooks(await openBare(remote.remote), RULES, null)).changed).toBe(true);
  });

  test('a folder that is no bare repository is refused', async () => {
    const remote = await bareWith();
    await expect(openBare(remote.clone)).rejects.toMatchObject({ code: 'NOT_BARE', exit: 2 });
    await expect(openBare(join(remote.dir, 'nothing'))).rejects.toMatchObject({ code: 'NOT_BARE' });
    await expect(openBare(remote.dir)).rejects.toMatchObject({ code: 'NOT_BARE' });
    const other = initBare(join(remote.dir, 'other.git'), 'sha256');
    expect((await openBare(other)).head).toBe('main');
  });
});
