/**
 * The closed environment every git process of the private repository runs in. Nothing of the caller's `GIT_*`, of the
 * system's or of the user's configuration comes through, except the transport settings passed on purpose to the
 * commands that talk to the remote. Pure: environment in, environment out.
 */
import { shelter } from './credentials.ts';

/** What the user's git would use to talk to one remote; found by `transportSettings` in clone.ts. */
export interface TransportSettings {
  /** Where to read: after insteadOf, local paths absolute. */
  url: string;
  /** Where to write, when that is another place. */
  pushUrl?: string;
  /** Configuration as git knows it, in its order: `credential.*`, `core.sshCommand`, `http.*` and the like. */
  config: [key: string, value: string][];
  /** Environment: home, agent socket, proxies. */
  env: Record<string, string>;
  /** The user's `safe.directory` values; a remote on this machine may belong to another account. */
  safeDirectories: string[];
}

/** Name under which the remote is known inside one process; never written to a file. */
export const REMOTE = 'telec';

/** Passed on to every process: enough to find programs and temporary space. */
const PLAIN = ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot'];

/** Passed on to processes that talk to the remote. */
export const TRANSPORT_ENV = [
  'HOME',
  'USER',
  'LOGNAME',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'SSH_AUTH_SOCK',
  'KRB5CCNAME',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
];

const CLOSED_CONFIG: [string, string][] = [
  ['core.hooksPath', '/dev/null'],
  ['core.attributesFile', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.askPass', ''],
  ['core.logAllRefUpdates', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['push.followTags', 'false'],
  ['fetch.writeCommitGraph', 'false'],
  ['log.showSignature', 'false'],
  ['protocol.ext.allow', 'never'],
];

/** Puts configuration into the environment, where (unlike in argv) no other account can read it. */
export function configEnvironment(config: [string, string][]): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(config.length) };
  config.forEach(([key, value], index) => {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return env;
}

/**
 * Environment for commands that stay on this machine and inside `gitDir`. `inherited` is where PATH comes from. No
 * transport is allowed: a promisor or a submodule cannot reach out.
 */
export function closedEnvironment(
  gitDir: string,
  inherited: Record<string, string | undefined> = process.env,
): Record<string, string> {
  return {
    ...pick(inherited, PLAIN),
    ...closedBasics(gitDir),
    GIT_ALLOW_PROTOCOL: '',
    ...configEnvironment(CLOSED_CONFIG),
  };
}

/**
 * Environment for the commands that talk to the remote (known as `REMOTE`): closed too, but with the user's transport
 * settings and exactly the one transport its URL uses; a password in the URL becomes a helper. `globalConfig` is a file telec wrote (safe directories only).
 */
export function transportEnvironment(
  gitDir: string,
  remote: TransportSettings,
  globalConfig: string,
  inherited: Record<string, string | undefined> = process.env,
): Record<string, string> {
  const [read, write] = [shelter(remote.url), remote.pushUrl === undefined ? null : shelter(remote.pushUrl)];
  const config: [string, string][] = [...CLOSED_CONFIG, ...remote.config, [`remote.${REMOTE}.url`, read.url]];
  if (write !== null) config.push([`remote.${REMOTE}.pushurl`, write.url]);
  config.push(...read.config, ...(write?.config ?? []));
  const protocols = new Set([...protocolsOf(remote.url), ...protocolsOf(remote.pushUrl ?? remote.url)]);
  return {
    ...pick(inherited, PLAIN),
    ...remote.env,
    ...read.env,
    ...write?.env,
    ...closedBasics(gitDir),
    GIT_CONFIG_GLOBAL: globalConfig,
    GIT_ALLOW_PROTOCOL: [...protocols].join(':'),
    ...configEnvironment(config),
  };
}

function closedBasics(gitDir: string): Record<string, string> {
  return {
    GIT_DIR: gitDir,
    LC_ALL: 'C',
    LANGUAGE: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_PROTOCOL_FROM_USER: '0',
  };
}

/** The transports a URL needs, as `GIT_ALLOW_PROTOCOL` names them. `ext::` runs any command, so it never counts. */
function protocolsOf(url: string): string[] {
  const helper = /^([A-Za-z0-9][A-Za-z0-9+.-]*)::/.exec(url)?.[1]?.toLowerCase();
  if (helper !== undefined) return helper === 'ext' ? [] : [helper];
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return isLocalPath(url) ? ['file'] : ['ssh'];
  if (scheme === 'http' || scheme === 'https') return ['http', 'https'];
  if (scheme === 'git+ssh' || scheme === 'ssh+git') return ['ssh'];
  return scheme === 'ext' ? [] : [scheme];
}

/** True for what git takes as a path: no scheme, and no `host:` before the first slash. */
export function isLocalPath(url: string): boolean {
  if (/^[A-Za-z0-9][A-Za-z0-9+.-]*::?\/\//.test(url) || /^[A-Za-z0-9][A-Za-z0-9+.-]*::/.test(url)) return false;
  const colon = url.indexOf(':');
  const slash = url.indexOf('/');
  return colon < 0 || (slash >= 0 && slash < colon);
}

export function pick(from: Record<string, string | undefined>, names: string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
