/**
 * Who acts, as the environment says: the names under which a role, a session and the switches of a cutover are handed
 * to a process, telec's own first and those of the earlier system after them. Reads and makes environments; judges
 * nothing: what a role may is in `machines/permissions.ts`.
 */

type Env = Record<string, string | undefined>;

/** Names of the role, the first that is set counts. */
export const ROLE_NAMES = ['TELEC_ROLE', 'TELECLAUDE_SYSTEM_ROLE', 'TELECLAUDE_ROLE'] as const;
/** Names of the session, the first that is set counts. */
export const SESSION_NAMES = ['TELEC_SESSION_ID', 'TELECLAUDE_SESSION_ID'] as const;
const CUTOVER_NAMES = ['TELEC_INTEGRATOR_CUTOVER_ENABLED', 'TELECLAUDE_INTEGRATOR_CUTOVER_ENABLED'] as const;
const PARITY_NAMES = ['TELEC_INTEGRATOR_PARITY_EVIDENCE', 'TELECLAUDE_INTEGRATOR_PARITY_EVIDENCE'] as const;

/** A value, and the variable that gave it. */
export interface Declared {
  name: string;
  value: string;
}

function firstOf(env: Env, names: readonly string[]): Declared | null {
  const name = names.find((each) => env[each]);
  return name === undefined ? null : { name, value: env[name] ?? '' };
}

/** What a switch says: nothing, yes, or anything else, which counts as no. */
export type Switch = 'absent' | 'on' | 'off';

/** A switch only takes away, so both its names count: one that says no is enough. Empty counts as not set. */
function switchOf(env: Env, names: readonly string[], yes: RegExp): Switch {
  const said = names.flatMap((name) => env[name] || []);
  if (said.length === 0) return 'absent';
  return said.every((value) => yes.test(value)) ? 'on' : 'off';
}

/** The switch of the cutover: `1`, `true`, `yes` or `on`. */
export const cutoverSwitch = (env: Env): Switch => switchOf(env, CUTOVER_NAMES, /^(1|true|yes|on)$/i);

/** The switch of parity: `accepted`. */
export const paritySwitch = (env: Env): Switch => switchOf(env, PARITY_NAMES, /^accepted$/);

/** Whether a switch keeps sessions to shadow, whatever the log says. */
export const keepsToShadow = (env: Env): boolean => cutoverSwitch(env) === 'off' || paritySwitch(env) === 'off';

/** The role somebody declared, whatever it says; null when nobody did. Empty counts as not set. */
export const declaredRole = (env: Env): Declared | null => firstOf(env, ROLE_NAMES);

/** The session somebody declared; null when nobody did. */
export const declaredSession = (env: Env): string | null => firstOf(env, SESSION_NAMES)?.value ?? null;

/** The environment without who acts: for a process that acts for nobody but itself. */
export function withoutActor(env: Env): Env {
  const dropped: readonly string[] = [...ROLE_NAMES, ...SESSION_NAMES, ...PARITY_NAMES];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.includes(name)));
}

/**
 * What a session is given, by all names. `live`: the repository is integrated for real, so the switch of the cutover is
 * on. The acceptance of parity is the integrator's alone; null means that the variable must not be set. `narrowed`: who
 * starts the session is kept to shadow by its own switches, and so is what it starts.
 */
export function sessionEnvironment(session: {
  role: string;
  id: string;
  live: boolean;
  narrowed: boolean;
}): Record<string, string | null> {
  const given: Record<string, string | null> = {};
  for (const name of ROLE_NAMES) given[name] = session.role;
  for (const name of SESSION_NAMES) given[name] = session.id;
  const live = session.live && !session.narrowed;
  for (const name of CUTOVER_NAMES) given[name] = session.narrowed ? '0' : live ? '1' : null;
  for (const name of PARITY_NAMES) given[name] = live && session.role === 'integrator' ? 'accepted' : null;
  return given;
}

/** The environment of a daemon that `env` starts: the switch of the cutover as the log has it, unless `env` narrows. */
export function daemonEnvironment(env: Env, live: boolean): Env {
  if (cutoverSwitch(env) === 'off') return env;
  return { ...env, ...Object.fromEntries(CUTOVER_NAMES.map((name) => [name, live ? '1' : undefined])) };
}
