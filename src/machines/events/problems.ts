/**
 * Finding everything that is wrong with a value from outside, in one pass and without ever throwing. Owns the limits of
 * size and the rule that a payload is plain JSON. Invariants: all problems are reported together; no input crashes it.
 */
import type { z } from 'zod';
import type { Problem } from '../../errors.ts';

/** Bytes of UTF-8 in one string. */
export const STRING_BYTES_MAX = 64 * 1024;
/** Items in one list. */
export const LIST_ITEMS_MAX = 1000;
const DEPTH_MAX = 32;
/** Values looked at before a payload is called too large; also what ends the walk of a cyclic one. */
const VALUES_MAX = 100_000;
/** A wall of problems helps nobody; what is left out is said. */
const PROBLEMS_MAX = 200;

const utf8 = new TextEncoder();

/** Bytes of UTF-8 that a unit of a string takes at most. */
const BYTES_PER_UNIT_MAX = 3;

/** Whether all texts together are longer than `bytesMax` in UTF-8. Counts exactly only when it could be so. */
export function areLonger(texts: readonly string[], bytesMax: number): boolean {
  let units = 0;
  for (const text of texts) units += text.length;
  if (units * BYTES_PER_UNIT_MAX <= bytesMax) return false;
  return texts.reduce((sum, text) => sum + byteLength(text), 0) > bytesMax;
}

/** Length of `text` in bytes of UTF-8. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/** Every way in which `value` is no plain JSON within the limits. A property that is undefined counts as absent. */
export function jsonProblems(value: unknown): Problem[] {
  const problems: Problem[] = [];
  let seen = 0;
  const report = (path: readonly PropertyKey[], message: string) => problems.push({ path: dotted(path), message });
  const walk = (item: unknown, path: readonly PropertyKey[]): void => {
    seen += 1;
    if (seen > VALUES_MAX || problems.length >= PROBLEMS_MAX) return;
    if (path.length > DEPTH_MAX) report(path, `is nested deeper than ${DEPTH_MAX}`);
    else if (typeof item === 'string') {
      if (areLonger([item], STRING_BYTES_MAX)) report(path, `is longer than ${STRING_BYTES_MAX} bytes`);
    } else if (typeof item === 'number') {
      if (!Number.isFinite(item)) report(path, 'is no finite number');
    } else if (Array.isArray(item)) {
      if (item.length > LIST_ITEMS_MAX) report(path, `has more than ${LIST_ITEMS_MAX} items`);
      else for (const [index, entry] of item.entries()) walk(entry, [...path, index]);
    } else if (typeof item === 'object' && item !== null) {
      walkObject(item, path);
    } else if (item !== null && typeof item !== 'boolean') {
      report(path, `is no JSON value but ${typeof item}`);
    }
  };
  const walkObject = (item: object, path: readonly PropertyKey[]): void => {
    const prototype: unknown = Object.getPrototypeOf(item);
    if (prototype !== Object.prototype && prototype !== null) report(path, 'is no plain object');
    else {
      for (const [key, entry] of Object.entries(item)) {
        if (key === '__proto__') report([...path, key], 'is a name that no field may have');
        else if (entry !== undefined) walk(entry, [...path, key]);
      }
    }
  };
  walk(value, []);
  if (seen > VALUES_MAX) problems.push({ path: '', message: `has more than ${VALUES_MAX} values` });
  return problems;
}

/** Every way in which `value` does not fit `schema`; empty when it fits. Total: a schema that throws is itself a problem. */
export function schemaProblems(schema: z.ZodType, value: unknown): Problem[] {
  try {
    const result = schema.safeParse(value);
    return result.success ? [] : issuesAsProblems(result.error.issues);
  } catch (error) {
    return [{ path: '', message: `cannot be validated: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

function issuesAsProblems(issues: readonly z.core.$ZodIssue[]): Problem[] {
  const problems = issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: dotted([...issue.path, key]), message: 'is not a field of this type' }));
    return [{ path: dotted(issue.path), message: wording(issue) }];
  });
  if (problems.length <= PROBLEMS_MAX) return problems;
  const left = problems.length - PROBLEMS_MAX;
  return [...problems.slice(0, PROBLEMS_MAX), { path: '', message: `has ${left} more problems` }];
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    if (issue.message.endsWith('received undefined')) return 'is missing';
    return `is no ${issue.expected}`;
  }
  if (issue.code === 'invalid_value') return `is none of ${issue.values.map((value) => String(value)).join(', ')}`;
  return issue.message;
}

/** `['members', 0, 'sha']` -> `members.0.sha`. */
function dotted(path: readonly PropertyKey[]): string {
  return path.map((part) => String(part)).join('.');
}
