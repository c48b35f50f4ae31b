/** Addresses of what the web view shows: written, read back, and what is no address. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BRANCH_LENGTH_MAX, branchProblem, SLUG_LENGTH_MAX } from '../../src/machines/identity.ts';
import { type Link, linkOf, readLink } from '../../src/machines/links.ts';

const SHA = 'a'.repeat(40);

test.each<[Link, string]>([
  [{ kind: 'candidate', key: `add-login/feature/one@${SHA}` }, `#/candidate/add-login%2Ffeature%2Fone%40${SHA}`],
  [{ kind: 'event', id: '1730000000000-0' }, '#/event/1730000000000-0'],
  [{ kind: 'moment', id: '1730000000000-12' }, '#/moment/1730000000000-12'],
  [{ kind: 'moment', id: '0' }, '#/moment/0'],
  [{ kind: 'notification', id: 'deployment/add-login' }, '#/notification/deployment%2Fadd-login'],
  [{ kind: 'notification', id: 'system/DEAD_LETTER' }, '#/notification/system%2FDEAD_LETTER'],
  [{ kind: 'notification', id: 'own/(a)/*b*' }, '#/notification/own%2F%28a%29%2F%2Ab%2A'],
])('%j is %s, and back', (link, fragment) => {
  expect(linkOf(link)).toBe(fragment);
  expect(readLink(fragment)).toEqual(link);
});

describe('a link', () => {
  test('leads back to every candidate there can be, and a chat or a shell finds nothing of its own in it', () => {
    const branch = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((name) => branchProblem(name) === null);
    fc.assert(
      fc.property(branch, (name) => {
        const link: Link = { kind: 'candidate', key: `one/${name}@${SHA}` };
        expect(linkOf(link)).toMatch(/^#\/candidate\/[A-Za-z0-9%._-]+$/);
        expect(readLink(linkOf(link))).toEqual(link);
      }),
    );
  });

  test('can be made of any name a program put into an event', () => {
    expect(linkOf({ kind: 'notification', id: 'own/\ud800' })).toBe('#/notification/own%2F%EF%BF%BD');
  });

  test('has room for the longest slug and branch', () => {
    const branch = 'é'.repeat(BRANCH_LENGTH_MAX / 2);
    expect(branchProblem(branch)).toBeNull();
    const link: Link = { kind: 'candidate', key: `${'s'.repeat(SLUG_LENGTH_MAX)}/${branch}@${'b'.repeat(64)}` };
    expect(readLink(linkOf(link))).toEqual(link);
  });

  test.each([
    '',
    '#',
    '#/',
    '#/event',
    '#/event/',
    '#/event/1',
    '#/event/0',
    '#/event/1-0/',
    '#/event/1-0/more',
    '#/Event/1-0',
    '#/toString/1-0',
    '#/__proto__/1-0',
    'event/1-0',
    '/event/1-0',
    '#/moment/1',
    '#/moment/-1',
    '#/candidate/one',
    '#/candidate/one%2Ffeature',
    '#/candidate/one%2Ffeature%40abc',
    `#/candidate/one/feature@${SHA}`,
    `#/candidate/%2Ffeature%40${SHA}`,
    `#/candidate/${'s'.repeat(101)}%2Ffeature%40${SHA}`,
    '#/notification/one',
    '#/notification/one%2F',
    '#/notification/%2Fone',
    '#/candidate/%E0%A4%A',
    '#/event/%',
    `#/candidate/one%2F${'x'.repeat(4096)}%40${SHA}`,
    '#enter=0123',
  ])('%j is none', (fragment) => {
    expect(readLink(fragment)).toBeNull();
  });
});
