/** The command pages for agents: what they name, and that they ship. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { OUTCOME_STATUS } from '../../src/cli/commands/integrate.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}agents/next-integrate.md`, 'utf8');

test('S3-3.3n the page next-integrate runs telec integrate, and no other command', () => {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text]) => (text ?? '').trim());
  expect(blocks).toEqual(['telec integrate']);
  expect([...page.matchAll(/\btelec [a-z]+/g)].map(([words]) => words)).toEqual(['telec integrate']);
  expect(page).not.toMatch(/\b(git|gh|npm|make|sh|curl) /);
  expect(page).toContain('# next-integrate');
});

test('S3-3.3n the page says what to report of every status that telec integrate ends with', () => {
  const statuses = new Set(Object.values(OUTCOME_STATUS).map(({ exit }) => String(exit)));
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, status]) => status);
  expect(rows.sort()).toEqual([...statuses].sort());
});

test('S3-3.3n the package that is published contains it', () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const said = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [packed] = JSON.parse(said) as { files: { path: string }[] }[];
  expect(packed?.files.map(({ path }) => path)).toContain('agents/next-integrate.md');
});
