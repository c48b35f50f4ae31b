/**
 * Turns what a Redis server or its connection says into `TelecError`s, once, here. Foreign errors never travel on as
 * `cause`: they carry the arguments of the command, and with them passwords.
 */
import { EXIT, TelecError } from '../../errors.ts';

interface Known {
  code: string;
  exit: number;
  says: string;
  hint: string;
  retryable?: boolean;
}

/** Error words of a Redis server that have a meaning of their own, first match wins. */
const KNOWN: Record<string, Known> = {
  MISCONF: {
    code: 'REDIS_CANNOT_PERSIST',
    exit: EXIT.unreachable,
    says: 'cannot write its data to disk and refuses writes',
    hint: 'free disk space where its data lives, then try again',
    retryable: true,
  },
  OOM: {
    code: 'REDIS_OUT_OF_MEMORY',
    exit: EXIT.unreachable,
    says: 'has reached its memory limit and refuses writes',
    hint: 'raise maxmemory, or archive old events with: telec events archive',
    retryable: true,
  },
  READONLY: {
    code: 'REDIS_READ_ONLY',
    exit: EXIT.unreachable,
    says: 'is a read-only replica',
    hint: 'point TELEC_REDIS_URL at the primary',
    retryable: true,
  },
  LOADING: {
    code: 'REDIS_LOADING',
    exit: EXIT.unreachable,
    says: 'is still loading its data',
    hint: 'try again in a moment',
    retryable: true,
  },
  NOAUTH: {
    code: 'REDIS_AUTH',
    exit: EXIT.unreachable,
    says: 'asks for a password',
    hint: 'put user and password into TELEC_REDIS_URL',
  },
  WRONGPASS: {
    code: 'REDIS_AUTH',
    exit: EXIT.unreachable,
    says: 'refuses this user or password',
    hint: 'correct user and password in TELEC_REDIS_URL',
  },
  NOPERM: {
    code: 'REDIS_PERMISSION',
    exit: EXIT.unreachable,
    says: 'does not let this user run what telec needs',
    hint: 'allow the user the keys {telec:*} and the commands of strings, hashes, streams and scripting',
  },
  MOVED: {
    code: 'REDIS_CLUSTER',
    exit: EXIT.unreachable,
    says: 'is a cluster node that does not hold the keys of this repository',
    hint: 'point TELEC_REDIS_URL at the node that does, or at a single server',
  },
  WRONGTYPE: {
    code: 'REDIS_FOREIGN_DATA',
    exit: EXIT.unreachable,
    says: 'holds something else under a key of telec',
    hint: 'use a database of its own for telec',
  },
};

/** True for an error the server itself answered: the command reached it and did not take effect. */
export function isServerReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

/** The fault behind an error the server answered. `address` names the server without secrets. */
export function serverFault(error: Error, address: string): TelecError {
  // A script hands the word on, in older servers somewhere inside the message.
  const word = /(?:^|[\s:-])(MISCONF|OOM|READONLY|LOADING|NOAUTH|WRONGPASS|NOPERM|MOVED|WRONGTYPE)\s/.exec(
    error.message,
  );
  const known = KNOWN[word?.[1] ?? ''];
  if (known === undefined) {
    if (/invalid (username-password|password)/i.test(error.message)) {
      return serverFault(new Error('WRONGPASS of an older server'), address);
    }
    return new TelecError(
      'REDIS_ERROR',
      EXIT.unreachable,
      `Redis at ${address} answered: ${error.message.slice(0, 300)}`,
    );
  }
  return new TelecError(known.code, known.exit, `Redis at ${address} ${known.says}`, {
    hint: known.hint,
    retryable: known.retryable ?? false,
  });
}

/** The fault when no answer came. A write may or may not have taken effect; every write of telec is safe to repeat. */
export function unreachableFault(address: string, reason: string, hint: string): TelecError {
  return new TelecError('REDIS_UNREACHABLE', EXIT.unreachable, `cannot reach Redis at ${address} (${reason})`, {
    hint,
    retryable: true,
  });
}
