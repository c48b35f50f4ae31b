/** What counts as an address of this machine alone. Pure; no name is ever looked up. */

const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';

/** Hosts a door may be bound to. */
export const LOOPBACK = new RegExp(`^(127(\\.${OCTET}){3}|::1|localhost)$`);

/** The address to listen on, or null; `localhost` could be looked up to anything, so it is the usual address by definition. */
export function loopbackAddress(host: string): string | null {
  if (!LOOPBACK.test(host)) return null;
  return host === 'localhost' ? '127.0.0.1' : host;
}

/** The names, `host:port` in small letters, under which a server bound to `host` and `port` may be called. */
export function loopbackNames(host: string, port: number): string[] {
  const address = loopbackAddress(host) ?? host;
  const own = address.includes(':') ? `[${address}]` : address;
  const names = address === '127.0.0.1' || address === '::1' ? [own, 'localhost'] : [own];
  // A client leaves out the port it takes for granted.
  return names.flatMap((name) => (port === 80 ? [`${name}:80`, name] : [`${name}:${port}`]));
}
