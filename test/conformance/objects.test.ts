/** Objects are written as they were given, however many stores of one process write at a time. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { closedEnvironment } from '../../src/io/git/environment.ts';
import { ObjectStore } from '../../src/io/git/objects.ts';
import { initBare, scratch } from '../support/git-repo.ts';

test('two stores of one process on one repository do not write each other’s objects', async () => {
  const { dir, remove } = scratch('telec-objects-');
  onTestFinished(remove);
  const repository = initBare(join(dir, 'git'));
  const stores = [1, 2, 3].map(() => new ObjectStore(repository, closedEnvironment(repository)));
  onTestFinished(async () => {
    for (const store of stores) await store.close();
  });
  const texts = Array.from({ length: 30 }, (_, at) => stores.map((_, which) => `store ${which} writes ${at}`)).flat();
  const ids = await Promise.all(
    texts.map((text, at) => (stores[at % stores.length] as ObjectStore).write('blob', text)),
  );
  const expected = texts.map((text) => createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex'));
  expect(ids).toEqual(expected);
  expect(readdirSync(join(repository, 'scratch'))).toEqual([]);
});
