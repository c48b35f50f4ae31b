/**
 * One look at the log of a running embedded server: how far it goes, and who holds the lease. Speaks the few lines of
 * the protocol it needs by itself, since loading a client library takes longer than everything else of the answer.
 * Reads only; no server, or anything unexpected, is null.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { repositoryKeys, surfaceStatesKey } from './keys.ts';
import type { LeaseRecord } from './lease.ts';

const ANSWER_MS = 1000;

export interface LogGlance {
  logId: string;
  /** Newest entry; '0' in an empty log. */
  lastId: string;
  length: number;
  dead: number;
  lease: { record: Omit<LeaseRecord, 'leaseToken'> | null; now: number };
  /** How each surface is, by its name. */
  surfaces: Record<string, string>;
}

type Reply = string | number | null | Error | Reply[];

/** What the embedded server of the state folder says of the log; null when it cannot be had at once. */
export async function glanceAtLog(stateFolder: string, repoId: string): Promise<LogGlance | null> {
  const socket = socketOf(stateFolder);
  if (socket === null) return null;
  const keys = repositoryKeys(repoId);
  const fields = ['owner_session_id', 'fence', 'acquired_at', 'renewed_at', 'expires_at'];
  const replies = await ask(socket, [
    ['GET', keys.logId],
    ['XREVRANGE', keys.log, '+', '-', 'COUNT', '1'],
    ['XLEN', keys.log],
    ['XLEN', keys.dead],
    ['HMGET', keys.lease, ...fields],
    ['TIME'],
    ['HGET', keys.archive, 'entries'],
    ['HGETALL', surfaceStatesKey(repoId)],
  ]);
  if (replies === null || replies.some((reply) => reply instanceof Error)) return null;
  const [logId, newest, length, dead, record, time, archived, states] = replies;
  if (typeof logId !== 'string' || !Array.isArray(newest) || !Array.isArray(record) || !Array.isArray(time))
    return null;
  if (!Array.isArray(states)) return null;
  const [entry] = newest;
  const [owner, fence, acquired, renewed, expires] = record;
  return {
    logId,
    lastId: Array.isArray(entry) ? String(entry[0]) : '0',
    length: Number(length) + Number(archived ?? 0),
    dead: Number(dead),
    lease: {
      record:
        typeof owner === 'string'
          ? {
              ownerSessionId: owner,
              fence: Number(fence),
              acquiredAt: Number(acquired),
              renewedAt: Number(renewed),
              expiresAt: Number(expires),
            }
          : null,
      now: Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000),
    },
    surfaces: Object.fromEntries(
      states.flatMap((name, at) => (at % 2 === 0 ? [[name, textOf(states[at + 1])]] : [])),
    ) as Record<string, string>,
  };
}

/** Replies are read one character a byte. */
const textOf = (reply: Reply | undefined): string => Buffer.from(String(reply), 'latin1').toString('utf8');

function socketOf(stateFolder: string): string | null {
  try {
    const { socket } = JSON.parse(readFileSync(join(stateFolder, 'redis.json'), 'utf8')) as { socket?: unknown };
    return typeof socket === 'string' ? socket : null;
  } catch {
    return null;
  }
}

function ask(path: string, commands: string[][]): Promise<Reply[] | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    const settle = (replies: Reply[] | null) => {
      socket.destroy();
      resolve(replies);
    };
    socket.setEncoding('latin1');
    socket.setTimeout(ANSWER_MS, () => settle(null));
    socket.on('error', () => settle(null));
    socket.on('close', () => settle(null));
    socket.on('data', (chunk) => {
      text += chunk;
      const replies = parseReplies(text, commands.length);
      if (replies) settle(replies);
    });
    socket.write(commands.map(encode).join(''));
  });
}

const encode = (words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** `count` replies at the start of `text`, one character a byte; null while they are not all there. */
export function parseReplies(text: string, count: number): Reply[] | null {
  let at = 0;
  const line = (): string => {
    const end = text.indexOf('\r\n', at);
    if (end < 0) throw INCOMPLETE;
    const found = text.slice(at, end);
    at = end + 2;
    return found;
  };
  const reply = (): Reply => {
    const head = line();
    const rest = head.slice(1);
    switch (head[0]) {
      case '+':
        return rest;
      case ':':
        return Number(rest);
      case '-':
        return new Error(rest);
      case '$': {
        const length = Number(rest);
        if (length < 0) return null;
        if (text.length < at + length + 2) throw INCOMPLETE;
        const value = text.slice(at, at + length);
        at += length + 2;
        return value;
      }
      case '*':
        return Number(rest) < 0 ? null : Array.from({ length: Number(rest) }, reply);
      default:
        return new Error('the server does not speak the protocol');
    }
  };
  try {
    return Array.from({ length: count }, reply);
  } catch (error) {
    if (error === INCOMPLETE) return null;
    throw error;
  }
}

const INCOMPLETE = new Error('incomplete');
