/**
 * Cutting evidence to fit. Output of git, checks and remotes has no bound, an event has; a blocked candidate must never
 * stay unrecorded because its evidence was long. Owns how much is kept. Invariant: what was left out is said, and the
 * identity of the candidate is never cut.
 */
import type { PayloadOf } from './catalogue.ts';
import { byteLength, LIST_ITEMS_MAX, STRING_BYTES_MAX } from './problems.ts';

/** Bytes of JSON the payload may take; the rest of an entry's limit is left to the envelope around it. */
const PAYLOAD_BYTES_MAX = 192 * 1024;
/** No text is cut below this: every id, slug, branch and sha is shorter. */
const STRING_BYTES_LEAST = 512;

type Failed = PayloadOf<'deployment.failed'>;

/**
 * The payload of a `deployment.failed`, cut so that it fits an event: texts keep their beginning (`output_tail` its
 * end), lists their first items. Unchanged when it fits as it is.
 */
export function capEvidence(payload: Failed): Failed {
  let stringMax = STRING_BYTES_MAX;
  let listMax = LIST_ITEMS_MAX;
  for (;;) {
    const cut = capped(payload, stringMax, listMax);
    if (byteLength(JSON.stringify(cut)) <= PAYLOAD_BYTES_MAX) return cut;
    // Texts first: the number of findings says more than the length of each.
    if (stringMax > STRING_BYTES_LEAST) stringMax = Math.max(STRING_BYTES_LEAST, stringMax >> 1);
    else if (listMax > 1) listMax >>= 1;
    else return cut;
  }
}

function capped(payload: Failed, stringMax: number, listMax: number): Failed {
  const notes: string[] = [];
  const walk = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return cutText(value, stringMax, path.endsWith('output_tail'), path, notes);
    if (Array.isArray(value)) {
      if (value.length > listMax) notes.push(`${path}: ${value.length - listMax} of ${value.length} left out`);
      return value.slice(0, listMax).map((item, index) => walk(item, `${path}.${index}`));
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, walk(item, path === '' ? name : `${path}.${name}`)]),
    );
  };
  const cut = walk(payload, '') as Failed;
  if (notes.length === 0) return cut;
  const said = notes.length <= 20 ? notes : [...notes.slice(0, 20), `${notes.length - 20} more cuts`];
  if (cut.evidence) return { ...cut, evidence: { ...cut.evidence, cut: said } };
  return {
    ...cut,
    diagnostics: [...cut.diagnostics.slice(0, Math.max(1, listMax - 1)), `cut to fit: ${said.join('; ')}`],
  };
}

function cutText(text: string, bytesMax: number, keepEnd: boolean, path: string, notes: string[]): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = byteLength(text);
  if (bytes <= bytesMax) return text;
  const mark = (left: number) => `[… ${left} bytes left out …]`;
  // The mark is plain but for its dots; 64 bytes hold it for any count.
  const kept = keepEnd ? endWithin(text, bytesMax - 64) : startWithin(text, bytesMax - 64);
  const left = bytes - byteLength(kept);
  notes.push(`${path}: ${left} of ${bytes} bytes left out`);
  return keepEnd ? mark(left) + kept : kept + mark(left);
}

/** Longest beginning of `text` of at most `bytesMax` bytes, no character split. */
function startWithin(text: string, bytesMax: number): string {
  let low = 0;
  let high = Math.min(text.length, bytesMax);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (byteLength(text.slice(0, middle)) <= bytesMax) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, splitsPair(text, low) ? low - 1 : low);
}

function endWithin(text: string, bytesMax: number): string {
  let low = Math.max(0, text.length - bytesMax);
  let high = text.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byteLength(text.slice(middle)) <= bytesMax) high = middle;
    else low = middle + 1;
  }
  return text.slice(splitsPair(text, low) ? low + 1 : low);
}

/** True when a cut before `index` would part the two halves of one character. */
function splitsPair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
