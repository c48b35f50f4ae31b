/**
 * What a push came to, judged in one place from how git ended, its `--porcelain` lines and whether a pack was started.
 * Pure. Where git has no flag for a reason, its untranslated words are read here and nowhere else; a remote's own words
 * are never believed when they say that nothing happened after the sending began.
 */
import { maskSecrets } from '../secrets.ts';
import type { PushOutcome } from './port.ts';
import type { GitResult } from './run.ts';

const FENCE_REF = 'refs/telec/fence';

export interface PushEvidence {
  result: Pick<GitResult, 'ended' | 'status' | 'stderr'> & { stdout: Buffer | string };
  /** False only when git's own trace shows that it ended in order and never began to send. */
  sent: boolean;
  /** Full name of the main ref when it was pushed, null for a push of the fence alone. */
  mainRef: string | null;
}

/** `ask`: nothing happened, and only the refs of the remote tell why. */
export type PushVerdict = PushOutcome | { kind: 'ask'; detail: string };

interface StatusLine {
  flag: string;
  to: string;
  /** `[rejected]`, `[remote rejected]`, `[up to date]` or the range of ids. */
  summary: string;
  reason: string;
}

export function classifyPush(evidence: PushEvidence): PushVerdict {
  const { result, sent, mainRef } = evidence;
  const detail = describe(result);
  if (result.ended === 'unstarted') return { kind: 'transient', detail };
  if (result.ended !== 'exited') return { kind: 'unknown', detail };
  const lines = readPorcelain(result.stdout.toString('utf8'));
  const expected = mainRef === null ? [FENCE_REF] : [mainRef, FENCE_REF];
  const stray = lines.find((line) => !expected.includes(line.to));
  if (stray !== undefined) return { kind: 'planted', detail: `git took another ref for ours: ${stray.to}` };
  const accepted = lines.filter((line) => [' ', '+', '*', '='].includes(line.flag)).map((line) => line.to);
  if (result.status === 0)
    return expected.every((ref) => accepted.includes(ref)) ? { kind: 'pushed' } : { kind: 'unknown', detail };
  const rejected = lines.filter((line) => line.flag === '!');
  // Some refs accepted although the whole failed: the answer was cut off, or the remote is not atomic after all.
  if (lines.some((line) => [' ', '+', '*'].includes(line.flag))) return { kind: 'unknown', detail };
  // The fence of this very push is there already: it landed before, whatever became of main since.
  if (lines.some((line) => line.flag === '=' && line.to === FENCE_REF)) return { kind: 'ask', detail };
  if (rejected.length > 0) return classifyRejection(rejected, mainRef, result.stderr, detail);
  return sent ? { kind: 'unknown', detail } : classifyUnsent(result.stderr, detail);
}

function classifyRejection(
  rejected: StatusLine[],
  mainRef: string | null,
  stderr: string,
  detail: string,
): PushVerdict {
  // The client gave up waiting for an answer: it may have happened.
  if (rejected.some((line) => line.summary === '[remote failure]')) return { kind: 'unknown', detail };
  const fence = rejected.find((line) => line.to === FENCE_REF);
  if (fence?.summary === '[rejected]' && LOST_LEASE.has(fence.reason)) return { kind: 'fence_moved', detail };
  const main = rejected.find((line) => line.to === mainRef);
  if (main?.summary === '[rejected]' && NOT_FORWARD.has(main.reason)) return { kind: 'main_moved', detail };
  const remote = rejected.filter((line) => line.summary === '[remote rejected]' && !FOLLOWS.test(line.reason));
  if (remote.some((line) => line.reason === 'unpacker error' || line.reason.startsWith('unpack')))
    return REFUSED_PACK.test(stderr) ? { kind: 'refused', detail } : { kind: 'transient', detail };
  if (remote.length > 0 && !remote.some((line) => CONTENDED.test(line.reason))) return { kind: 'refused', detail };
  return { kind: 'ask', detail };
}

/** Nothing was sent: the words only tell what to do next, never whether something happened. */
function classifyUnsent(stderr: string, detail: string): PushVerdict {
  if (/the receiving end does not support --atomic push/.test(stderr)) return { kind: 'unsupported', detail };
  if (/The requested URL returned error: 403\b/.test(stderr)) return { kind: 'refused', detail };
  if (/matches more than one$/m.test(stderr)) return { kind: 'ask', detail };
  return { kind: 'transient', detail };
}

const LOST_LEASE = new Set(['stale info', 'remote ref updated since checkout']);
const NOT_FORWARD = new Set(['non-fast-forward', 'fetch first', 'needs force']);
/** The ref fell with another one of the same atomic push. */
const FOLLOWS = /^atomic (push failed|push failure)$/;
const CONTENDED =
  /^(atomic transaction failed|failed to (update|lock|write)|cannot lock ref|could not lock|incorrect old value|reference already exists|transaction failed)/;
const REFUSED_PACK = /exceeds maximum allowed size|fsck error|object of unexpected type|missing (tree|blob|commit)/;

/** Lines `<flag>\t<from>:<to>\t<summary> (<reason>)`. */
export function readPorcelain(stdout: string): StatusLine[] {
  const lines: StatusLine[] = [];
  for (const text of stdout.split('\n')) {
    const match = /^([ +\-*!=])\t([^\t]*)\t(.*)$/.exec(text);
    if (match === null) continue;
    const [, flag = '', refs = '', rest = ''] = match;
    const bracket = /^(\[[^\]]*\])(?: \((.*)\))?$/.exec(rest);
    lines.push({
      flag,
      to: refs.slice(refs.lastIndexOf(':') + 1),
      summary: bracket?.[1] ?? rest,
      reason: bracket?.[2] ?? '',
    });
  }
  return lines;
}

/** For people: how git ended and the end of what it and the remote said, without what is secret by its form. */
export function describe(result: Pick<GitResult, 'ended' | 'status' | 'stderr'>): string {
  const how = result.ended === 'exited' ? `git ended with ${result.status}` : `git was ended (${result.ended})`;
  const said = result.stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('hint:'))
    .join('; ');
  const shown = maskSecrets(said).slice(-2000);
  return shown === '' ? how : `${how}: ${shown}`;
}
