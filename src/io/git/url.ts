/**
 * Which repository a URL means. One repository has many spellings (scheme, user, port, `.git`), and all of them give
 * one id. Pure: paths come in absolute and real.
 */
import { createHash } from 'node:crypto';
import { isLocalPath } from './environment.ts';

const DEFAULT_PORTS = new Set([
  'ssh:22',
  'git+ssh:22',
  'ssh+git:22',
  'git:9418',
  'http:80',
  'https:443',
  'ftp:21',
  'ftps:990',
]);
const ID_LENGTH_MAX = 64;
const DIGEST_LENGTH = 12;

/**
 * `<last name>-<12 hex>` for a fetch URL as git uses it (after insteadOf). Scheme, user, password, default port,
 * `.git` and trailing slashes do not count; `user@host:path` is `ssh://host/path`, `file://` is a path.
 */
export function repoIdFromUrl(url: string): string {
  const place = canonicalPlace(url);
  const digest = createHash('sha256').update(place).digest('hex').slice(0, DIGEST_LENGTH);
  const last = place.slice(place.lastIndexOf('/') + 1);
  const name = last
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, ID_LENGTH_MAX - DIGEST_LENGTH - 1);
  return `${name || 'repository'}-${digest}`;
}

/** The path of a URL that names a folder of this machine, else null. */
export function localPathOf(url: string): string | null {
  const file = /^file:\/\/(?:localhost)?(\/.*)$/is.exec(url)?.[1];
  if (file !== undefined) return decode(file);
  return isLocalPath(url) ? url : null;
}

/** `host[:port]/path` or `/path`: the same for every spelling of one repository. */
export function canonicalPlace(url: string): string {
  const path = localPathOf(url);
  if (path !== null) return trimPath(path) || '/';
  const parsed = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^/:]*)(?::(\d*))?(\/.*)?$/s.exec(url);
  if (parsed !== null) {
    const [, scheme = '', host = '', port = '', rest = ''] = parsed;
    const kept = port === '' || DEFAULT_PORTS.has(`${scheme.toLowerCase()}:${Number(port)}`) ? '' : `:${Number(port)}`;
    return `${host.toLowerCase()}${kept}/${trimPath(decode(rest)).replace(/^\/+/, '')}`;
  }
  const scp = /^(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*):(.*)$/s.exec(url);
  if (scp !== null) return `${(scp[1] ?? '').toLowerCase()}/${trimPath(scp[2] ?? '').replace(/^\/+/, '')}`;
  return trimPath(url);
}

function trimPath(path: string): string {
  return path
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/\/+$/, '')
    .replace(/\/{2,}/g, '/');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
