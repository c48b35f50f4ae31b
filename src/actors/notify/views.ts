/** How a surface is, as `telec status` and `telec doctor` tell it. Types only; instants are RFC 3339. */

/**
 * `ok`: it takes what it is told. `standby`: another daemon tells it. `limited`: it asked for a pause. `failing`: it could not
 * be reached lately. `gone`: it refuses for good. `closed`: its secret is missing or no address, so it was never opened.
 */
export type SurfaceState = 'ok' | 'standby' | 'limited' | 'failing' | 'gone' | 'closed';

export interface SurfaceView {
  surface: string;
  state: SurfaceState;
  /** What it said; null while nothing is wrong. */
  detail: string | null;
  /** Since when it is so. */
  since: string;
}
