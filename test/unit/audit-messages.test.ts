/** What people read of an audit. */
import { expect, test } from 'vitest';
import { auditText } from '../../src/cli/audit-messages.ts';

const paint = (_tone: string, text: string) => text;
const clean = { to: 'b'.repeat(40), violations: [], remarks: [] };

test('before the first cutover there is nothing to account for, and none is claimed', () => {
  const text = auditText({ ...clean, from: null, commits: 0 }, paint);
  expect(text).toBe('nothing to audit: telec has not moved main here yet');
});

test('afterwards it names the range and how many commits were looked at', () => {
  const text = auditText({ ...clean, from: 'a'.repeat(40), commits: 2 }, paint);
  expect(text).toBe('main aaaaaaaaaaaa..bbbbbbbbbbbb, 2 commits: all accounted for');
});
