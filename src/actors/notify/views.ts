/** Notifications and the surfaces that tell them, as they are shown. Types only; instants are RFC 3339. */

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

export interface NotificationRow {
  id: string;
  family: string;
  slug: string | null;
  event: string;
  level: number | string;
  human_status: 'unseen' | 'seen';
  agent_status: 'none' | 'claimed' | 'in_progress' | 'resolved';
  text: string;
  created_at: string;
  updated_at: string;
  /** Where the web view shows it: what stands behind the address of its door. */
  link: string;
}
