/**
 * Questions to the running daemon: HTTP over its unix socket, JSON both ways, with a deadline. No daemon is an answer
 * (null), not an error. Loads `node:http` and nothing else, so that a question costs little more than starting node.
 */
import { request } from 'node:http';
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
  timeoutMs?: number;
}

/**
 * The daemon's answer, or null when none listens at `socket`.
 * Thrown: the error the daemon answered, as it is; DAEMON_SILENT (3) when it listens and does not answer in time.
 */
export function ask(socket: string, question: Question): Promise<{ value: unknown } | null> {
  const { method = 'GET', path, body, timeoutMs = 10_000 } = question;
  return new Promise((resolve, reject) => {
    const silent = (cause?: unknown) =>
      reject(
        new TelecError('DAEMON_SILENT', EXIT.unreachable, 'the daemon does not answer', {
          hint: 'look at its log in the state folder, then `telec down` and `telec up`',
          retryable: true,
          cause,
        }),
      );
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const asked = request(
      { socketPath: socket, method, path, headers, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) asked.destroy();
          else chunks.push(chunk);
        });
        response.on('error', silent);
        response.on('end', () => {
          try {
            const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
            const error = errorIn(value);
            if (error) reject(error);
            else resolve({ value });
          } catch (cause) {
            silent(cause);
          }
        });
      },
    );
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(null);
      else silent(error);
    });
    asked.end(text);
  });
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
