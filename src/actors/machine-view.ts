/** A machine as data, as `telec machine show --json` prints it. Types only. */

export interface MachineView {
  name: string;
  description: string;
  states: { name: string; description: string; kind: string; accepts: string[] }[];
  edges: { from: string; to: string; event: string; guard: string | null }[];
  mermaid: string;
}
