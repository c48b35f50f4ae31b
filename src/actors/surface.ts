/** What of the daemon can be reached, and whether by its owner alone: one row of the doctor. Reads files, asks nobody. */
import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { isPrivateFolder } from '../io/runtime-dir.ts';
import { readDaemonFile } from '../io/state.ts';
import { isPrivateFile, isWebTokenPrivate, metricsTokenFile, webTokenFile } from '../io/web-token.ts';
import type { DoctorRow } from './client.ts';

const ANEW = 'telec down, then telec up';

/** The row for the daemon of a state folder. */
export function surfaceRow(folder: string): Omit<DoctorRow, 'check'> {
  const file = readDaemonFile(folder);
  if (file === null) return { status: 'ok', detail: 'no daemon runs: nothing is open', mend: null };
  const faults = [...socketFaults(file.socket), ...tokenFaults(folder, file.web)];
  if (faults.length > 0) return { status: 'fail', detail: faults.join('; '), mend: ANEW };
  const socket = `socket ${file.socket} for this user alone`;
  if (file.web !== null) return { status: 'ok', detail: `${socket}; web ${file.web} by token`, mend: null };
  return {
    status: 'warn',
    detail: `${socket}; web closed: ${file.webFault ?? 'not told why'}`,
    mend: `set web.host and web.port to what is free; ${ANEW}`,
  };
}

function socketFaults(path: string): string[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isSocket()) return [`there is no socket at ${path}`];
  const faults: string[] = [];
  if ((stat.mode & 0o777) !== 0o600) faults.push(`the socket ${path} has mode ${octal(stat.mode)} instead of 0600`);
  if (!isPrivateFolder(dirname(path))) faults.push(`the folder ${dirname(path)} is open to others`);
  return faults;
}

function tokenFaults(folder: string, web: string | null): string[] {
  const closed = isWebTokenPrivate(folder);
  if (closed === false) return [`others may read the token in ${webTokenFile(folder)}`];
  const metrics = metricsTokenFile(folder);
  if (isPrivateFile(metrics) === false) return [`others may read the token for metrics in ${metrics}`];
  return closed === null && web !== null ? [`the token ${webTokenFile(folder)} is gone`] : [];
}

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, '0');
