/** Looks at the place where checks run without using it: whether it can be written to, how much room there is, what stands there. */
import { accessSync, constants, existsSync, lstatSync, readdirSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

export interface GroundSurvey {
  /** Why nothing could be made there; null when nothing stands in the way. */
  fault: string | null;
  freeBytes: number;
  /** Work trees kept for the next checks. */
  slots: number;
}

/** `folder` is that of the ground; it need not be there yet. Never throws for what it finds. */
export function surveyGround(folder: string): GroundSurvey {
  const there = existsSync(folder);
  const place = there ? folder : dirname(folder);
  try {
    const stat = lstatSync(place);
    if (!stat.isDirectory()) return { fault: `${place} is no folder`, freeBytes: 0, slots: 0 };
    accessSync(place, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(place);
    const slots = there ? readdirSync(place).filter((name) => /^\d+$/.test(name)).length : 0;
    return { fault: null, freeBytes: bavail * bsize, slots };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { fault: `nothing can be written to ${place} (${code})`, freeBytes: 0, slots: 0 };
  }
}
