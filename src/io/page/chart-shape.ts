/**
 * A chart as it is drawn: where each state and each move of a machine stands. Types only. All lengths are units of the
 * drawing, one of which is a pixel where nothing is scaled; (0, 0) is the corner at the top left.
 */

/** `any` stands for the machine itself: what leaves it may be taken in every state that is not final. */
export type ChartNodeKind = 'atomic' | 'compound' | 'parallel' | 'final' | 'history' | 'any' | 'start';

export interface Area {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface ChartNode extends Area {
  /** Path of the state joined by dots; of what is no state of the machine a name that begins with `#`. */
  id: string;
  /** The state it lies in; null at the top. */
  parent: string | null;
  kind: ChartNodeKind;
  title: string;
  /** Where its inner states are drawn; null when it has none. */
  box: Area | null;
  /** What the state is, in the words of the machine. */
  description: string;
  /** What ends it, in the words of the machine; empty where nothing does. */
  endsBy: string;
  /** Names of the effects that run while it is active. */
  effects: string[];
  /** What is taken note of without leaving it: cause, guard and actions. */
  stays: string[];
}

/** One edge of the machine. */
export interface ChartMove {
  from: string;
  to: string;
  /** Type of the event that causes it; null where the end of an effect, a delay or a guard alone does. */
  event: string | null;
  /** Cause and guard as the machine names them. */
  label: string;
}

export interface ChartEdge {
  /** Nodes it is drawn between. A move out of a box is drawn from the box. */
  from: string;
  to: string;
  /**
   * Corners of the line as `x, y` pairs, the arrow at the last. None where there is no line: back to a state that many
   * go back to leads a word at the foot of the state it leaves.
   */
  points: [number, number][];
  /** What stands at it; `x` and `y` are the corner at the top left of the text. Null where words would not fit. */
  label: (Area & { lines: string[] }) | null;
  /** The moves it stands for; none at the mark of a first state. */
  moves: ChartMove[];
}

export interface Chart {
  machine: string;
  description: string;
  width: number;
  height: number;
  /** Boxes before what lies in them. */
  nodes: ChartNode[];
  edges: ChartEdge[];
}

/**
 * One machine for three widths. `wide` has words at its edges; `medium`, for a panel beside others, and `narrow`, for a
 * phone, leave them to the text beside the chart where they do not fit.
 */
export interface ChartShapes {
  wide: Chart;
  medium: Chart;
  narrow: Chart;
}
