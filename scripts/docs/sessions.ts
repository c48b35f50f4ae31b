/** The tables of docs/sessions-and-roles.md, made from the data the program decides by. */
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';
import { ROLE_NAMES, SESSION_NAMES } from '../../src/io/acting.ts';
import { isAllowed, PERMISSIONS, ROLE_MEANINGS, ROLES, rowName } from '../../src/machines/permissions.ts';
import { SELF_END } from '../../src/machines/self-end.ts';
import { KIND_OF_COMMAND } from '../../src/machines/session-kinds.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const rows = (body: string[][]) => body.map((row) => `| ${row.join(' | ')} |`).join('\n');
const table = (heading: string[], body: string[][]) => rows([heading, heading.map(() => '---'), ...body]);

function commandsOf(command: Command, before = ''): string[] {
  const path = `${before}${command.name()}`;
  return [path, ...command.commands.flatMap((child) => commandsOf(child, `${path} `))];
}

/** Name of each table between its marks, and the table. */
export function sessionTables(): [string, string][] {
  const known = new Set(buildProgram(() => async () => undefined).commands.flatMap((child) => commandsOf(child)));
  const rights = PERMISSIONS.filter(({ command, may }) => may !== 'reading' && known.has(command));
  return [
    [
      'roles',
      table(
        ['Role', 'What it is for'],
        ROLES.map((role) => [`\`${role}\``, ROLE_MEANINGS[role]]),
      ),
    ],
    [
      'environment',
      table(
        ['What', 'Variables'],
        [
          ['role', ROLE_NAMES.map((name) => `\`${name}\``).join(', ')],
          ['session', SESSION_NAMES.map((name) => `\`${name}\``).join(', ')],
        ],
      ),
    ],
    [
      'rights',
      table(
        ['Command', ...ROLES, 'Instead'],
        rights.map((row) => [
          `\`telec ${cell(rowName(row))}\``,
          ...ROLES.map((role) => (isAllowed(row, role) ? 'yes' : 'no')),
          ROLES.every((role) => isAllowed(row, role)) ? '' : cell(row.instead ?? ''),
        ]),
      ),
    ],
    [
      'kinds',
      table(
        ['Work-flow command', 'Kind'],
        Object.entries(KIND_OF_COMMAND).map(([name, kind]) => [`\`${name}\``, kind]),
      ),
    ],
    [
      'self-end',
      table(
        ['Kind', 'May end itself', 'Condition'],
        Object.entries(SELF_END).map(([kind, { may, condition }]) => [kind, may ? 'yes' : 'no', condition]),
      ),
    ],
  ];
}
