/**
 * Who may what: the roles, and one row for every command of the command line, as data. Asked in one place before a
 * command's code is loaded, again where a case shows only later (lifting a halt), and by the daemon for a question that
 * carries a role. Pure.
 *
 * Invariants: a declared role only narrows; where nobody declared one nothing is narrowed. Nothing here protects main:
 * the lease, the fence and the guards do, and they ask no role.
 */
import { EXIT, TelecError } from '../errors.ts';

export const ROLES = ['worker', 'orchestrator', 'integrator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What each role is for, as people read it. */
export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  worker: 'builds, reviews, mends and hands over one work item; pushes feature branches only',
  orchestrator: 'starts and ends the sessions of workers and consumes what they leave',
  integrator: 'brings what is ready to main, alone',
  admin: 'a person who decides; may everything',
};

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** The case of a command that a row is about; a row without one is about all the other cases. */
export type Case =
  | { option: string; value?: string }
  | { argument: string }
  /** Shows only when the state is known. */
  | { state: string };

export interface PermissionRow {
  /** Words of the command. */
  command: string;
  when?: Case;
  /** `reading`: needs no right, not even a proper role. */
  may: 'reading' | readonly Role[];
  /** What who may not do it does instead; for the hint. */
  instead?: string;
}

const ALL: readonly Role[] = ROLES;
const STEERING: readonly Role[] = ['orchestrator', 'integrator', 'admin'];
const WORKING: readonly Role[] = ['worker', 'orchestrator', 'admin'];
const INTEGRATING: readonly Role[] = ['integrator', 'admin'];
const ADMIN: readonly Role[] = ['admin'];

const reading = (...commands: string[]): PermissionRow[] => commands.map((command) => ({ command, may: 'reading' }));
const allowed = (may: readonly Role[], instead: string, ...commands: string[]): PermissionRow[] =>
  commands.map((command) => ({ command, may, instead }));

const PERSON = 'leave it to a person; say in your report what you found';
const OWN_SESSION =
  'do the step yourself in a session of your own: telec todo draft <slug>, telec todo gate <slug>; the record is the same';

/** All rows; of the rows of one command the first whose case fits counts. */
export const PERMISSIONS: readonly PermissionRow[] = [
  { command: 'todo validate', when: { option: 'fix' }, may: ALL },
  { command: 'guard install', when: { option: 'server' }, may: ADMIN, instead: PERSON },
  ...reading(
    'status',
    'doctor',
    'demo',
    'events tail',
    'events catalog',
    'events dead',
    'candidates',
    'candidate',
    'queue',
    'why',
    'radar',
    'checks',
    'checks log',
    'watch',
    'lease',
    'notifications',
    'replay',
    'simulate',
    'audit',
    'machine list',
    'machine show',
    'actors',
    'actor',
    'config show',
    'config schema',
    'completion',
    'sessions',
    'sessions list',
    'todo list',
    'todo show',
    'todo next',
    'todo validate',
    'todo demo list',
    'todo demo validate',
    'roadmap list',
    'cutover status',
    'shadow report',
    'rollout status',
    'rollout gate',
    'guard check',
    'guard env',
  ),
  ...allowed(
    ALL,
    '',
    'init',
    'up',
    'events emit',
    'resume',
    'hold',
    'notifications seen',
    'notifications claim',
    'notifications resolve',
    'todo create',
    'todo draft',
    'todo set-deps',
    'todo demo run',
    'todo demo create',
    'roadmap add',
    'roadmap deps',
    'roadmap move',
    'roadmap remove',
    'roadmap deliver',
    'roadmap freeze',
    'guard install',
  ),
  { command: 'down', when: { option: 'redis' }, may: ADMIN, instead: 'telec down, without --redis' },
  { command: 'down', may: ALL },
  { command: 'unhold', when: { state: 'halt' }, may: ADMIN, instead: PERSON },
  { command: 'unhold', may: ALL },
  ...allowed(
    WORKING,
    'leave it to the worker of the item: who brings to main neither judges nor hands over',
    'submit',
    'todo gate',
    'todo mark-phase',
    'todo finalize',
  ),
  ...allowed(INTEGRATING, 'hand over with telec submit; the integrator takes it from the queue by itself', 'integrate'),
  ...allowed(
    ADMIN,
    'the web view is for a person; telec status, telec candidates and telec why tell a session the same',
    'web',
  ),
  ...allowed(
    ADMIN,
    PERSON,
    'events archive',
    'lease break',
    'lease adopt',
    'cutover enable',
    'cutover rollback',
    'shadow restart',
    'guard uninstall',
    'guard allow',
  ),
  ...allowed(
    STEERING,
    'say in your report what should go first, and why; whoever started the session decides it',
    'priority',
  ),
  ...allowed(
    STEERING,
    'telec todo finalize <slug>, then stop: whoever started the session hands over',
    'todo handover',
  ),
  {
    command: 'rollout report',
    when: { option: 'write' },
    may: STEERING,
    instead: 'telec rollout report <slug>, without --write',
  },
  ...reading('rollout report'),
  ...reading('adopt').map((row) => ({ ...row, when: { option: 'dryRun' } })),
  ...allowed(STEERING, 'telec adopt --dry-run shows what there is; hand your own work over with telec submit', 'adopt'),
  ...(['orchestrator', 'admin'] as const).map((value) => ({
    command: 'sessions start',
    when: { option: 'role', value },
    may: ADMIN,
    instead: PERSON,
  })),
  {
    command: 'sessions start',
    when: { option: 'role', value: 'integrator' },
    may: INTEGRATING,
    instead: 'none is needed: the daemon starts the integrator when a candidate is ready (telec up)',
  },
  ...allowed(STEERING, OWN_SESSION, 'sessions start'),
  { command: 'sessions end', when: { argument: 'self' }, may: ALL },
  ...allowed(STEERING, 'say in your report that it may be ended; whoever started it ends it', 'sessions end'),
];

/** What was typed of a command, as far as rights depend on it. */
export interface Asked {
  options?: Readonly<Record<string, unknown>>;
  args?: readonly string[];
  /** What the command found the state to be, where a row asks for it. */
  state?: string;
}

function fits(when: Case | undefined, { options = {}, args = [], state }: Asked): boolean {
  if (when === undefined) return true;
  if ('argument' in when) return args.includes(when.argument);
  if ('state' in when) return state === when.state;
  const value = options[when.option];
  return when.value === undefined ? value !== undefined && value !== false : value === when.value;
}

/** The row that counts for what was asked; null for a command that has none. */
export function permissionFor(command: string, asked: Asked = {}): PermissionRow | null {
  return PERMISSIONS.find((row) => row.command === command && fits(row.when, asked)) ?? null;
}

/** The row as people write it: the command with the case it is about. */
export function rowName({ command, when }: PermissionRow): string {
  if (when === undefined) return command;
  if ('argument' in when) return `${command} ${when.argument}`;
  if ('state' in when) return `${command} (of a ${when.state})`;
  const flag = `--${when.option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return `${command} ${flag}${when.value === undefined ? '' : ` ${when.value}`}`;
}

/** True when somebody in that role may; no role declared may everything. */
export function isAllowed(row: PermissionRow, role: Role | null): boolean {
  return row.may === 'reading' || role === null || row.may.includes(role);
}

/** The role of that name. Thrown: INVALID_ROLE (2), naming all roles. */
export function roleOf(value: string, name: string): Role {
  if (isRole(value)) return value;
  const shown = value.length > 60 ? `${value.slice(0, 60)}...` : value;
  throw new TelecError('INVALID_ROLE', EXIT.usage, `${name} is ${JSON.stringify(shown)}, which is no role`, {
    hint: `set ${name} to one of ${ROLES.join(', ')}, or unset it`,
  });
}

const PLURALS: Readonly<Record<Role, string>> = {
  worker: 'workers',
  orchestrator: 'orchestrators',
  integrator: 'the integrator',
  admin: 'admins',
};

/** The sentence that says who may. */
export function whoMay(row: PermissionRow): string {
  if (row.may === 'reading' || row.may.length === ROLES.length) return 'everybody';
  const names = row.may.map((role) => PLURALS[role]);
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Refuses what the role may not. Thrown: PERMISSION_DENIED (6), saying who may and what to do instead. */
export function permit(row: PermissionRow, role: Role | null): void {
  if (isAllowed(row, role)) return;
  const said = `permission denied: telec ${rowName(row)} is for ${whoMay(row)}, and the role here is ${role}`;
  throw new TelecError('PERMISSION_DENIED', EXIT.refused, said, row.instead ? { hint: row.instead } : {});
}
