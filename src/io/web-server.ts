/**
 * Where the second door listens: a loopback address and a port, the next free one when the wished one is taken.
 * Nothing but loopback, whatever it is given. Knows nothing of routes and rules.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loopbackAddress } from './loopback.ts';

/** Ports tried one after the other. */
export const PORTS_TRIED = 100;
const PORT_MAX = 65_535;

/** Where the door is, or why it is nowhere. */
export type WebPlace = { port: number; fault: null } | { port: null; fault: string };

/** Listens on `host` at `port` (0: any) or the next free one. Throws nothing: a place that cannot be had is told. */
export async function listenOnLoopback(server: Server, host: string, port: number): Promise<WebPlace> {
  const address = loopbackAddress(host);
  if (address === null) return { port: null, fault: `${host} is no loopback address` };
  const last = port === 0 ? 0 : Math.min(port + PORTS_TRIED - 1, PORT_MAX);
  for (let wished = port; wished <= last; wished++) {
    const fault = await tryPort(server, address, wished);
    if (fault === null) return { port: (server.address() as AddressInfo).port, fault: null };
    if (fault.code !== 'EADDRINUSE') return { port: null, fault: `${host}:${wished} cannot be had (${fault.code})` };
  }
  return { port: null, fault: `the ports ${port} to ${last} of ${host} are taken` };
}

function tryPort(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const refused = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening);
      resolve(error);
    };
    const listening = () => {
      server.off('error', refused);
      resolve(null);
    };
    server.once('error', refused);
    server.once('listening', listening);
    server.listen({ host, port, exclusive: true });
  });
}
