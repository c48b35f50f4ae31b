/**
 * The faults telec reports. Outcomes that a machine can take are values, never thrown; what is thrown is either a
 * `TelecError` (use or set-up, with its mend) or an `InvariantViolation` (a bug, exit 70).
 */

/** Exit statuses of the command line; see docs/cli.md. */
export const EXIT = { done: 0, domain: 1, usage: 2, unreachable: 3, busy: 4, timeout: 5, refused: 6, bug: 70 } as const;

/** One problem found in an input: where (dotted path, '' for the whole) and what. */
export interface Problem {
  path: string;
  message: string;
}

export interface TelecErrorOptions {
  /** The next command or act that mends it. */
  hint?: string;
  /** Every problem found, when there can be several. */
  problems?: Problem[];
  /** True when the same call may succeed later without any change by the user. */
  retryable?: boolean;
  cause?: unknown;
}

/** Thrown when a use or a set-up is at fault: stable `code` (UPPER_SNAKE), one sentence, an exit status, a hint. */
export class TelecError extends Error {
  override name = 'TelecError';
  readonly code: string;
  readonly exit: number;
  readonly hint: string | undefined;
  readonly problems: Problem[] | undefined;
  readonly retryable: boolean;

  constructor(code: string, exit: number, message: string, options: TelecErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exit = exit;
    this.hint = options.hint;
    this.problems = options.problems;
    this.retryable = options.retryable ?? false;
  }
}

/** Thrown when the program contradicts itself; nobody catches it but the top, which exits 70. */
export class InvariantViolation extends Error {
  override name = 'InvariantViolation';
}

/** Throws an `InvariantViolation` with `message` unless `condition` holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
