/**
 * Questions to the running daemon: HTTP over its unix socket, JSON both ways, with a deadline. No daemon is an answer
 * (null), not an error. One question a connection in HTTP/1.0, whose answer ends with the connection: that needs no
 * more than a socket, and node's HTTP client takes as long to load as the rest of a question to answer.
 */
import { connect } from 'node:net';
import { EXIT, type Problem, TelecError } from '../errors.ts';

/** Bytes of an answer; a larger one is not the daemon's. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** Errors of connecting that mean: nobody listens there. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR']);

export interface Question {
  method?: 'GET' | 'POST';
  /** Path with query, already encoded. */
  path: string;
  body?: unknown;
  /** Role of who asks, for what takes a right. */
  role?: string;
  timeoutMs?: number;
}

/**
 * The daemon's answer, or null when none listens at `socket`.
 * Thrown: the error the daemon answered, as it is; DAEMON_SILENT (3) when it listens and does not answer in time.
 */
export function ask(socket: string, question: Question): Promise<{ value: unknown } | null> {
  const { timeoutMs = 10_000 } = question;
  return new Promise((resolve, reject) => {
    const silent = (cause?: unknown) =>
      reject(
        new TelecError('DAEMON_SILENT', EXIT.unreachable, 'the daemon does not answer', {
          hint: 'look at its log in the state folder, then `telec down` and `telec up`',
          retryable: true,
          cause,
        }),
      );
    const chunks: Buffer[] = [];
    let bytes = 0;
    const asked = connect(socket);
    const deadline = setTimeout(() => asked.destroy(new Error('too late')), timeoutMs);
    asked.on('connect', () => asked.write(requestText(question)));
    asked.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) asked.destroy(new Error('too long'));
      else chunks.push(chunk);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(null);
      else silent(error);
    });
    asked.on('close', () => clearTimeout(deadline));
    asked.on('end', () => {
      try {
        const value = readAnswer(Buffer.concat(chunks).toString('utf8'));
        const error = errorIn(value);
        if (error) reject(error);
        else resolve({ value });
      } catch (cause) {
        silent(cause);
      }
    });
  });
}

function requestText({ method = 'GET', path, body, role }: Question): string {
  // What is no plain word cannot be a role, and must not become a header.
  const acting = role !== undefined && /^[\w-]{1,40}$/.test(role) ? `Telec-Role: ${role}\r\n` : '';
  const head = `${method} ${path} HTTP/1.0\r\nHost: telec\r\n${acting}`;
  if (body === undefined) return `${head}\r\n`;
  const text = JSON.stringify(body);
  return `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** The JSON of an answer. Throws when it is cut short or none. */
function readAnswer(text: string): unknown {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || !text.startsWith('HTTP/1.')) throw new Error('no answer');
  return JSON.parse(text.slice(end + 4));
}

/** The fault an answer `{error: {...}}` stands for, or null when it is no error. */
function errorIn(value: unknown): TelecError | null {
  if (typeof value !== 'object' || value === null || !('error' in value)) return null;
  const { code, message, hint, problems, exit } = value.error as Record<string, unknown>;
  return new TelecError(String(code), typeof exit === 'number' ? exit : EXIT.unreachable, String(message), {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(Array.isArray(problems) ? { problems: problems as Problem[] } : {}),
  });
}
