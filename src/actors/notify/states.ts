/** How surfaces are, read back from where their daemon noted it. Pure. */
import type { SurfaceView } from './views.ts';

/** The notes of `ToldStore.states` in the order of their names; one that another version wrote is left out. */
export function surfaceViews(notes: Readonly<Record<string, string>>): SurfaceView[] {
  return Object.keys(notes)
    .sort()
    .flatMap((surface) => {
      try {
        const { state, detail = null, since } = JSON.parse(notes[surface] ?? '') as SurfaceView;
        return typeof state === 'string' && typeof since === 'string' ? [{ surface, state, detail, since }] : [];
      } catch {
        return [];
      }
    });
}
