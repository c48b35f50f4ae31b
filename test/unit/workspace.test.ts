import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configText } from '../../src/actors/workspace.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('the configuration file of a work tree', () => {
  test('is its text, and null when there is none', () => {
    const folder = temporaryFolder();
    expect(configText(folder)).toBeNull();
    writeFileSync(join(folder, 'telec.yaml'), 'main: trunk\n');
    expect(configText(folder)).toBe('main: trunk\n');
  });

  test.each<[string, (path: string) => void]>([
    ['a folder', (path) => mkdirSync(path)],
    ['a pipe nobody writes to', (path) => execFileSync('mkfifo', [path])],
    ['a link to a device without an end', (path) => symlinkSync('/dev/zero', path)],
    ['a link to itself', (path) => symlinkSync('telec.yaml', path)],
    ['far too long', (path) => writeFileSync(path, '#'.repeat(1024 * 1024 + 1))],
  ])('%s is refused instead of taken for the defaults', (_what, make) => {
    const folder = temporaryFolder();
    make(join(folder, 'telec.yaml'));
    expect(() => configText(folder)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', exit: 2 }));
  });
});
