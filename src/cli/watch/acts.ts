/**
 * What a person does from the view: the same acts as the commands, through the same client and under the same rights.
 * Each answers one line that says what came of it; a refusal is such a line too.
 */
import type { TelecClient } from '../../actors/client.ts';
import { TelecError } from '../../errors.ts';
import { authorize } from '../authority.ts';
import type { Call } from '../call.ts';
import { candidateDetailText } from '../messages.ts';
import { type Paint, plainLines, type Tone } from '../output.ts';
import { nameOf, shown } from './words.ts';

export interface Notice {
  text: string;
  tone: Tone;
}

export interface Acts {
  hold(reason: string): Promise<Notice>;
  /** A halt wants the reason. */
  unhold(reason: string | null): Promise<Notice>;
  /** `key`: of the candidate. */
  resume(key: string): Promise<Notice>;
  seen(ids: string[]): Promise<Notice>;
  /** The lines of a candidate with its history, painted. */
  candidate(key: string): Promise<string[]>;
}

/** Lines of a detail; more are left out with a word. */
const DETAIL_LINES_MAX = 400;

const good = (text: string): Notice => ({ text, tone: 'good' });

/** `client`: the one of now. */
export function actsOf(call: Pick<Call, 'context'>, client: () => TelecClient, paint: Paint): Acts {
  const act = async (command: string, args: string[], run: () => Promise<Notice>): Promise<Notice> => {
    try {
      await authorize(command, { ...call, args, options: {} });
      return await run();
    } catch (error) {
      return { text: faultText(error), tone: 'bad' };
    }
  };
  return {
    hold: (reason) =>
      act('hold', [], async () => {
        await client().hold({ reason, forMs: null, mainBusy: false });
        return good('merging is on hold');
      }),
    unhold: (reason) =>
      act('unhold', [], async () => {
        await client().unhold({ reason });
        return good('merging is free');
      }),
    resume: (key) =>
      act('resume', [key], async () => {
        const row = await client().resume({ slug: key, force: false, reason: null });
        return good(`${nameOf(row)} is ${row.state}`);
      }),
    seen: (ids) =>
      act('notifications seen', ids, async () => {
        const rows = await client().markNotifications(ids, 'seen');
        return good(
          rows.length === 1 ? `${shown(rows[0]?.id ?? '')} is seen` : `${rows.length} notifications are seen`,
        );
      }),
    async candidate(key) {
      try {
        const text = candidateDetailText(await client().candidate(key), paint);
        return text.split('\n').slice(0, DETAIL_LINES_MAX);
      } catch (error) {
        return plainLines(faultText(error));
      }
    },
  };
}

/** A fault in one line, with what to do instead. */
function faultText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const hint = error instanceof TelecError && error.hint ? ` (${error.hint})` : '';
  return shown(text + hint);
}
