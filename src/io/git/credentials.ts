/**
 * Secrets on the way to a remote. Git hands a URL on to its transport programs as an argument, where every user of the
 * machine can read it; so a password in a URL is taken out and given by a credential helper from the environment, and
 * what a remote says is shown without the secrets that are known here. Pure but for the runner it wraps.
 */
import { createHash } from 'node:crypto';
import { scrubber, secretsOf } from '../secrets.ts';
import type { TransportSettings } from './environment.ts';
import type { GitRunner } from './launcher.ts';

/** A user's name is shown; what is longer or stranger is a token in its place. */
const PLAIN_USER = /^[A-Za-z0-9._-]{1,15}$/;
/** Shorter words of a header are its scheme or a setting. */
const HEADER_SECRET_MIN = 8;

/** A URL without what is secret in it, and what gives it back to git alone. */
export interface Sheltered {
  url: string;
  config: [key: string, value: string][];
  env: Record<string, string>;
}

/** Takes user and password out of a URL of http or https; any other URL, and a plain user alone, stays as it is. */
export function shelter(url: string): Sheltered {
  const bare: Sheltered = { url, config: [], env: {} };
  const parts = /^(https?:\/\/)([^/?#]*)@([^/?#@]*)([\s\S]*)$/i.exec(url);
  if (!parts) return bare;
  const [, scheme = '', userinfo = '', host = '', rest = ''] = parts;
  const colon = userinfo.indexOf(':');
  const user = decoded(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = colon < 0 ? null : decoded(userinfo.slice(colon + 1));
  // A line end would be a second answer of the helper.
  if (/[\0\r\n]/.test(user + (password ?? ''))) return bare;
  const where = `credential.${scheme}${host}`;
  if (password === null) {
    if (PLAIN_USER.test(user)) return bare;
    return { url: `${scheme}${host}${rest}`, config: [[`${where}.username`, user]], env: {} };
  }
  const mark = createHash('sha256').update(url).digest('hex').slice(0, 8).toUpperCase();
  const [userName, passwordName] = [`TELEC_REMOTE_USER_${mark}`, `TELEC_REMOTE_PASSWORD_${mark}`];
  // Only names stand in the helper's text; git runs it with a shell, whose printf starts no process.
  const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$${userName}" "$${passwordName}"; }; f`;
  return {
    // Not the user either: the transport would try that name with an empty password first.
    url: `${scheme}${host}${rest}`,
    // The empty one sends away other helpers: none is asked for what is known, or told to keep it.
    config: [
      [`${where}.helper`, ''],
      [`${where}.helper`, helper],
    ],
    env: { [userName]: user, [passwordName]: password },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Values that nothing said about this remote may show: passwords and tokens of its URLs, its headers and its proxies. */
export function secretsOfTransport({ url, pushUrl = url, config, env }: TransportSettings): string[] {
  const urls = [url, pushUrl, ...config.map(([, value]) => value), ...Object.values(env)];
  const named = Object.fromEntries(urls.map((value, at) => [`url ${at}`, value]));
  const headers = config.filter(([key]) => /\.extraheader$/i.test(key)).map(([, value]) => value);
  const words = headers.flatMap((header) => header.slice(header.indexOf(':') + 1).split(/\s+/));
  return [...secretsOf(named), ...words.filter((word) => word.length >= HEADER_SECRET_MIN)];
}

/** A runner whose git says nothing on stderr that is secret about this remote. */
export function discreet(run: GitRunner, settings: TransportSettings): GitRunner {
  const scrub = scrubber(secretsOfTransport(settings));
  return async (asked) => {
    const result = await run(asked);
    return { ...result, stderr: scrub(result.stderr) };
  };
}
