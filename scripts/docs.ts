/**
 * Writes the pages that are made from the program: `npm run docs`. With `--check` it writes nothing and ends with 1
 * when a page is not what the program says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { EXIT_MEANINGS } from '../src/cli/exit.ts';
import { buildProgram } from '../src/cli/program.ts';
import { EXAMPLES } from '../src/cli/table/entry.ts';
import { CONFIG_KEYS } from '../src/io/config.ts';
import { render as acceptancePage } from './docs/acceptance.ts';
import { chartFiles } from './docs/charts.ts';
import { render as machinesPage } from './docs/machines.ts';
import { meterTables } from './docs/metrics.ts';
import { render as protocolPage } from './docs/protocol.ts';
import { sessionTables } from './docs/sessions.ts';
import { shapes as answers } from './examples.ts';
import { watched } from './live-examples.ts';

const root = new URL('../', import.meta.url);

/** A text inside a table cell. */
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');

const rows = (heading: string[], body: string[][]) =>
  [heading, heading.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');

const fence = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\``;

function pathOf(command: Command): string {
  return command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

const shapes: Record<string, unknown> = { ...answers, watch: watched };

function section(command: Command): string {
  const path = pathOf(command);
  const parts = [`### telec ${path}`, `${capital(command.description())}`];
  const usage = `telec ${path} ${command.usage()}`.replace('[options] ', '').replace('[options]', '').trim();
  parts.push(fence('text', usage));
  const table = [
    ...command.registeredArguments.map((argument) => [`\`${cell(argument.name())}\``, cell(argument.description)]),
    ...command.options.map((option) => [`\`${cell(option.flags).replaceAll('&lt;', '<')}\``, cell(option.description)]),
  ];
  if (table.length > 0) parts.push(rows(['Argument or option', 'Meaning'], table));
  parts.push(fence('sh', (EXAMPLES.get(command) ?? []).join('\n')));
  const shape = shapes[path];
  if (shape !== undefined) parts.push('`--json`:', fence('json', JSON.stringify(shape, null, 2)));
  return parts.join('\n\n');
}

/** Sentences of the help begin small, as terminals like it; a page begins them large. */
const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/([^.])(\n\n|$)/, '$1.$2');

function leaves(command: Command): Command[] {
  return command.commands.flatMap((child) => (child.name() === 'help' ? [] : [child, ...leaves(child)]));
}

function cliPage(): string {
  const program = buildProgram(() => async () => undefined);
  const commands = leaves(program).filter(
    (command) => command.commands.length === 0 || shapes[pathOf(command)] !== undefined,
  );
  return `${[
    '<!-- Made by `npm run docs` from the program; edit the program, not this page. -->',
    '# The command line',
    'stdout is the answer, stderr the talk. `--json` works on every command: one document, or one object a line for streams. ' +
      'Field names and exit statuses are stable; new fields may come.',
    '## Options of every command',
    rows(
      ['Option', 'Meaning'],
      program.options.map((option) => [`\`${option.flags}\``, cell(option.description)]),
    ),
    'Colours are left out where stdout is no terminal, with `NO_COLOR` and with `TERM=dumb`.',
    '## Exit statuses',
    statusTable(),
    'An error is `error: <one sentence>` and `hint: <next step>` on stderr, with one line for each problem between them; ' +
      'with `--json` also `{"error": {"code", "message", "hint", "problems"?}}` on stdout.',
    '## Configuration',
    "`telec.yaml` in the repository; every key is optional, an unknown one is an error. `integration` is read from main's own file, " +
      "so that a branch cannot loosen the rules it lands by; if main has no file, and for all other keys, from the main work tree's. " +
      'The environment beats the file.',
    configurationTable(),
    'State lies in `$TELEC_HOME/<repo_id>/`, for this user alone; without `TELEC_HOME` in `$XDG_STATE_HOME/telec/<repo_id>/`, and without ' +
      'that in `~/.local/state/telec/<repo_id>/`.',
    '## Commands',
    ...commands.map(section),
  ].join('\n\n')}\n`;
}

function configurationTable(): string {
  return rows(
    ['Key', 'Default', 'Environment', 'Meaning'],
    CONFIG_KEYS.map(({ key, fallback, env, meaning }) => [
      `\`${key}\``,
      `\`${typeof fallback === 'object' ? JSON.stringify(fallback) : fallback}\``,
      `\`${env}\``,
      cell(meaning),
    ]),
  );
}

function statusTable(): string {
  return rows(
    ['Status', 'Meaning'],
    EXIT_MEANINGS.map(([status, meaning]) => [String(status), meaning]),
  );
}

/** README.md with its tables made anew between their marks; the rest of it is written by hand. */
function readmePage(): string {
  return between('README.md', [
    ['configuration', configurationTable()],
    ['exit statuses', statusTable()],
  ]);
}

/** The page with its tables made anew between their marks; the rest of it stays. */
function between(path: string, tables: [string, string][]): string {
  return tables.reduce((text, [name, table]) => {
    const [open, close] = [`<!-- ${name}: made by npm run docs -->\n`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(open) + open.length, text.indexOf(close)];
    if (from < open.length || to < from) throw new Error(`${path} has lost its marks of ${name}`);
    return `${text.slice(0, from)}${table}\n${text.slice(to)}`;
  }, textOf(path) ?? '');
}

/** Every generated page: path from the root, and its text. */
const pages: [string, () => string][] = [
  ['docs/cli.md', cliPage],
  ['docs/machines.md', machinesPage],
  ['docs/acceptance.md', acceptancePage],
  ['docs/protocol.md', protocolPage],
  ['docs/sessions-and-roles.md', () => between('docs/sessions-and-roles.md', sessionTables())],
  ['docs/metrics.md', () => between('docs/metrics.md', meterTables())],
  ['README.md', readmePage],
  ...(await chartFiles()).map(([path, text]): [string, () => string] => [path, () => text]),
];

function textOf(path: string): string | null {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return null;
  }
}

const stale = pages
  .map(([path, render]) => ({ path, text: render() }))
  .filter(({ path, text }) => textOf(path) !== text);
if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    process.stderr.write(`not up to date: ${stale.map(({ path }) => path).join(', ')}; run npm run docs\n`);
    process.exitCode = 1;
  }
} else {
  for (const { path, text } of stale) writeFileSync(new URL(path, root), text);
}
