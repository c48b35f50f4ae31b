/**
 * `todos/<slug>/state.yaml`: how far a work item is, as its own branch carries it. Reads it strictly where it speaks of
 * what telec decides by, keeps what it does not know, and edits it in place. Pure: texts in, texts out.
 */
import { isScalar } from 'yaml';
import { z } from 'zod';
import type { Problem } from '../../errors.ts';
import { readYaml, writeYaml } from './yaml-text.ts';

/** The eight gates of readiness, in their order. */
export const DOR_GATES = [
  'intent_and_success',
  'scope_and_size',
  'verification',
  'approach_known',
  'research_complete',
  'dependencies_and_preconditions',
  'integration_safety',
  'tooling_impact',
] as const;
export type DorGate = (typeof DOR_GATES)[number];

const text = () => z.string().min(1, 'is empty');
const slugs = () => z.array(text());

const gate = z.looseObject({
  name: z.enum(DOR_GATES),
  verdict: z.enum(['pass', 'fail']),
  reason: text(),
});

const blocker = z.looseObject({
  gate: z.enum(DOR_GATES).nullable().default(null),
  text: text(),
  remedy: text(),
});

const dor = z.looseObject({
  status: z.enum(['pass', 'needs_work', 'needs_decision']),
  /** Of 10. */
  score: z.int().min(0).max(10),
  assessed_at: text().nullable().default(null),
  /** Who judged it. */
  session_id: text().nullable().default(null),
  /** `dispatched`: in a session started for it; `direct`: where the right to dispatch one was missing. */
  via: z.enum(['dispatched', 'direct']).nullable().default(null),
  gates: z.array(gate).default([]),
  blockers: z.array(blocker).default([]),
});

const finding = z.looseObject({ id: text(), text: text() });

const followUp = z.looseObject({
  slug: text(),
  branch: text(),
  sha: text(),
  blocked_at: text(),
});

const rollout = z.looseObject({
  /** The slice that runs in shadow, and the one that makes telec the only way to main. */
  shadow: text().nullable().default(null),
  cutover: text().nullable().default(null),
  /** The document about the way back, as a path from the top of the repository. */
  rollback: text().nullable().default(null),
});

const stateSchema = z.looseObject({
  schema_version: z.literal(1).default(1),
  kind: z.enum(['todo', 'bug']).default('todo'),
  build: z.enum(['pending', 'started', 'complete']).default('pending'),
  review: z.enum(['pending', 'started', 'changes_requested', 'approved']).default('pending'),
  /** What is done about the findings of the last review, or about what kept it from main. */
  fix: z.enum(['pending', 'started', 'complete']).default('pending'),
  review_round: z.int().min(0).default(0),
  max_review_rounds: z.int().min(1).default(3),
  /** Commit that the last review looked at. */
  review_baseline_commit: text().nullable().default(null),
  unresolved_findings: z.array(finding).default([]),
  resolved_findings: z.array(finding).default([]),
  /** Who drafted its papers last, and the sessions that did so before. */
  draft: z
    .looseObject({ session_id: text(), drafted_at: text(), earlier: z.array(text()).optional() })
    .nullable()
    .default(null),
  dor: dor.nullable().default(null),
  /** Of a container: whether it was broken down, and into what. */
  breakdown: z.looseObject({ assessed: z.boolean().default(false), todos: slugs().default([]) }).prefault({}),
  /** Of a follow-up: the candidate it was opened for. */
  follow_up: followUp.nullable().default(null),
  /** Of a container whose slices bring telec to main step by step: who plays which part in that. */
  rollout: rollout.nullable().default(null),
  /** Of a work item that gathers evidence: the slice that waits for it. */
  evidence_for: text().nullable().default(null),
});

/** The state of a work item; field names as in the file. Keys that telec does not know are kept. */
export type TodoState = z.infer<typeof stateSchema>;

/** The state of a work item of which nothing is said yet. */
export const FRESH_STATE: TodoState = stateSchema.parse({});

/** The state in the text, null for a missing file; with problems (path: file and key) it is the fresh one. */
export function readState(name: string, content: string | null): { state: TodoState; problems: Problem[] } {
  if (content === null) return { state: FRESH_STATE, problems: [] };
  const reading = readYaml(name, content);
  if (reading.kind === 'broken') return { state: FRESH_STATE, problems: reading.problems };
  const parsed = stateSchema.safeParse(reading.value ?? {});
  if (parsed.success) return { state: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: [name, ...path.map(String)].join(' '),
    message,
  }));
  return { state: FRESH_STATE, problems };
}

/** The text with these top-level keys set; null for a missing file. Comments and the other keys stay. */
export function withState(name: string, content: string | null, changes: Partial<TodoState>): string {
  const reading = readYaml(name, content ?? '{}\n');
  if (reading.kind === 'broken') return content ?? '';
  const { document } = reading;
  if (content === null || reading.value === null) document.contents = document.createNode({}) as never;
  for (const [key, value] of Object.entries(changes)) {
    const node = document.get(key, true);
    // A word that is changed in place keeps the comment that stands behind it.
    if (isScalar(node) && (typeof value !== 'object' || value === null)) node.value = value;
    else document.set(key, document.createNode(value));
  }
  return writeYaml(document);
}
