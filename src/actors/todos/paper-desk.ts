/**
 * `telec todo draft`, `gate`, `set-deps`, `validate` and `demo`: the papers of the work items of one work tree. What
 * only reads asks nobody; what writes is admitted first (contract 8) and writes only what its command names.
 */
import type { CommandContext } from '../client.ts';
import {
  checkDemo,
  createDemo,
  type DemoBeat,
  type DemoCheckView,
  type DemoCreateView,
  type DemoRow,
  type DemoRunView,
  listDemos,
  runDemo,
} from './demos.ts';
import { type DraftView, draft } from './draft.ts';
import { type GateRequest, type GateView, gate } from './gate.ts';
import { type RoadmapChange, type RoadmapDesk, roadmapDesk } from './roadmap-desk.ts';
import { type ValidationView, validate } from './validate.ts';
import { type Admission, alone, findWorkTree } from './work-tree.ts';

/** All throw BAD_SLUG (2) and UNSAFE_PATH (2); what writes throws NOT_INITIALIZED (6). */
export interface TodoPapers {
  /** Writes the papers that are missing, of one work item or of all on the roadmap; overwrites none. */
  draft(slug: string | null): Promise<DraftView>;
  /** Records a verdict. Thrown: OWN_DRAFT, PERMISSION_DENIED (6), VERDICT_REFUSED (2 or 1) with every problem, NOT_FOUND (1). */
  gate(slug: string, request: GateRequest): Promise<GateView>;
  /** Replaces what the slug waits for; none clears. Thrown: NOT_PLANNED, WAITING_REFUSED (1). */
  setDeps(slug: string, after: string[]): Promise<RoadmapChange>;
  /** Finds what is wrong; with `fix` removes what holds no data. Thrown: NOT_FOUND (1). */
  validate(slug: string | null, fix: boolean): Promise<ValidationView>;
  demos(): Promise<DemoRow[]>;
  /** Thrown: NOT_FOUND (1). */
  demo(slug: string): Promise<DemoCheckView>;
  /** Runs what the file says, as the person who asks. Thrown: NOT_FOUND, DEMO_INVALID (1). */
  runDemo(
    slug: string,
    limits: { timeoutMs: number; signal: AbortSignal },
    tell: (beat: DemoBeat) => void,
  ): Promise<DemoRunView>;
  /** Thrown: NOT_FOUND (1). */
  createDemo(slug: string): Promise<DemoCreateView>;
}

const now = (): string => new Date().toISOString();

export function todoPapers(context: CommandContext, admit: () => Promise<Admission>): TodoPapers {
  const tree = findWorkTree(context, admit);
  return {
    draft: (slug) => alone(tree, () => draft(tree, slug, now())),
    gate: (slug, request) => alone(tree, () => gate(tree, slug, request, now())),
    setDeps: (slug, after) => roadmapOf(context, admit).deps(slug, after),
    validate: (slug, fix) => (fix ? alone(tree, () => validate(tree, slug, fix)) : validate(tree, slug, fix)),
    demos: () => listDemos(tree),
    demo: (slug) => checkDemo(tree, slug),
    runDemo: (slug, limits, tell) => runDemo(tree, slug, limits, tell),
    createDemo: (slug) => alone(tree, () => createDemo(tree, slug)),
  };
}

export function roadmapOf(context: CommandContext, admit: () => Promise<Admission>): RoadmapDesk {
  const tree = findWorkTree(context, admit);
  const desk = roadmapDesk(tree, () => now().slice(0, 10));
  return {
    list: (more) => desk.list(more),
    add: (slug, row) => alone(tree, () => desk.add(slug, row)),
    deps: (slug, after) => alone(tree, () => desk.deps(slug, after)),
    move: (slug, place) => alone(tree, () => desk.move(slug, place)),
    remove: (slug, force) => alone(tree, () => desk.remove(slug, force)),
    deliver: (slug, commit) => alone(tree, () => desk.deliver(slug, commit)),
    freeze: (slug) => alone(tree, () => desk.freeze(slug)),
    unfreeze: (slug) => alone(tree, () => desk.unfreeze(slug)),
  };
}
