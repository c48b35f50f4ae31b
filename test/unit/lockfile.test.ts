/** What a fresh checkout installs: `npm ci` refuses a lock file that names a package and does not hold it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  version?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, Locked>;
};

/** Where node would find `name` from the package at `path`. */
function found(path: string, name: string): Locked | undefined {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const locked = packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`];
    if (locked || at === '') return locked;
  }
}

test('the lock file holds every package it names, those of other platforms too', () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies = {}, optionalDependencies = {} }]) =>
    [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]
      .filter((name) => !found(path, name)?.version)
      .map((name) => `${path} -> ${name}`),
  );
  expect(missing).toEqual([]);
});
