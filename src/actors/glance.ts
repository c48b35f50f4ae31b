/**
 * The short way to `telec status` without a daemon: the summary beside the snapshot, when the log has nothing newer,
 * and the lease as it is. Whatever does not fit exactly is left to the long way. Loads no machine and no Redis client.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepsToShadow } from '../io/acting.ts';
import { glanceAtLog } from '../io/redis/glance.ts';
import { atomicWrite } from '../io/state.ts';
import { telecVersion } from '../io/version.ts';
import type { Standing } from '../machines/standing.ts';
import type { CommandContext, StatusView } from './client.ts';
import { guardsGlance } from './guards/glance.ts';
import { surfaceViews } from './notify/states.ts';
import { statusView } from './status.ts';
import { findPlace, redisUrl } from './workspace.ts';

/** Raised whenever the shape of what is stored changes, here or in the snapshot. */
export const SHAPE = 8;

/** The fold in brief, as of one entry. Valid for the telec that wrote it. */
export interface Summary {
  shape: number;
  version: string;
  logId: string;
  lastId: string;
  counts: StatusView['counts'];
  tests: StatusView['tests'];
  standing: Standing;
}

const pathIn = (folder: string): string => join(folder, 'summary.json');

export function saveSummary(folder: string, summary: Omit<Summary, 'version' | 'shape'>): void {
  atomicWrite(pathIn(folder), JSON.stringify({ shape: SHAPE, version: telecVersion(), ...summary }));
}

function loadSummary(folder: string): Summary | null {
  try {
    const summary = JSON.parse(readFileSync(pathIn(folder), 'utf8')) as Summary;
    return summary.shape === SHAPE && summary.version === telecVersion() ? summary : null;
  } catch {
    return null;
  }
}

/** The status when it can be had cheaply, else null. For a repository without a daemon and with the embedded server. */
export async function glance(context: CommandContext): Promise<StatusView | null> {
  const place = findPlace(context);
  const summary = place && loadSummary(place.folder);
  if (!place || !summary || (await redisUrl(place, context.env)) !== null) return null;
  const seen = await glanceAtLog(place.folder, place.repoId);
  if (seen?.logId !== summary.logId || seen.lastId !== summary.lastId) return null;
  const { lastId, length, dead, lease } = seen;
  return statusView({
    repo_id: place.repoId,
    standing: summary.standing,
    narrowed: keepsToShadow(context.env),
    counts: summary.counts,
    tests: summary.tests,
    session: null,
    daemon: { running: false, pid: null, since: null, web: null },
    guards: guardsGlance(place.folder),
    surfaces: surfaceViews(seen.surfaces),
    stale: null,
    lease,
    log: { last_id: lastId, applied_id: lastId, length, dead, state: 'intact' },
  });
}
