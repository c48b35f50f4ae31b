/**
 * `demos/<slug>/snapshot.json`: what was shown when a work item was delivered. Keeps whatever its author wrote there and
 * adds what the delivery knows; invents nothing. Pure: texts in, texts out.
 */
import type { Problem } from '../../errors.ts';
import { readYaml } from './yaml-text.ts';

/** What a delivery knows of its demo; null where it does not. */
export interface DemoFacts {
  slug: string;
  title: string;
  version: string | null;
  /** `YYYY-MM-DD`, UTC. */
  delivered: string;
  /** 12 hex digits of the merge commit. */
  commit: string;
  /** Counted by the work item itself: review rounds and the like. */
  metrics: Record<string, number>;
}

/** The text of the snapshot; `before` is the one that stands there, null for none. */
export function withDemoFacts(
  name: string,
  before: string | null,
  facts: DemoFacts,
): { text: string; problems: Problem[] } {
  const old = before === null || before.trim() === '' ? {} : readObject(before);
  if (old === null) return { text: before ?? '', problems: problemsOf(name, before ?? '') };
  const { metrics } = old;
  const counted = { ...facts.metrics, ...(isObject(metrics) ? metrics : {}) };
  const snapshot = {
    // What the author of the demo wrote about it stands before what can be guessed.
    slug: facts.slug,
    title: facts.title,
    ...(facts.version === null ? {} : { version: facts.version }),
    ...old,
    delivered: facts.delivered,
    commit: facts.commit,
    ...(Object.keys(counted).length === 0 ? {} : { metrics: counted }),
  };
  return { text: `${JSON.stringify(snapshot, null, 2)}\n`, problems: [] };
}

function readObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** JSON is YAML nearly to the letter, and that reader knows lines. */
function problemsOf(name: string, text: string): Problem[] {
  const reading = readYaml(name, text);
  return reading.kind === 'broken' ? reading.problems : [{ path: name, message: 'is no JSON object' }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
