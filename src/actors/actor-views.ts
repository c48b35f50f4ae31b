/** Machines and their running actors as the command line and programs see them. Types only. */

export interface ActorRow {
  id: string;
  machine: string;
  /** State path joined by dots. */
  value: string;
  since: string | null;
  /** Event types that change something now. */
  accepts: string[];
}

export interface ActorDetailView extends ActorRow {
  context: Record<string, unknown>;
  /** Chart with the current state marked. */
  mermaid: string;
}

export interface MachineView {
  name: string;
  description: string;
  states: { name: string; description: string; kind: string; accepts: string[] }[];
  edges: { from: string; to: string; event: string; guard: string | null }[];
  mermaid: string;
}
