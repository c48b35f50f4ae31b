/**
 * The vocabulary of payload fields: one zod schema a kind of value, each with its meaning for people. Owns no type.
 * Nothing here transforms: what is validated is what is stored, so reading an entry gives back what was emitted.
 */
import { z } from 'zod';
import { branchProblem, parseInstant, SHA_PATTERN, SLUG_LENGTH_MAX, SLUG_PATTERN } from '../identity.ts';

const STREAM_ID = /^\d{1,20}-\d{1,20}$/;
const ULID = /^[0-9a-z]{26}$/i;
const CODE = /^[a-z][a-z0-9_]{0,63}$/;
const SHORT_TEXT_MAX = 500;

export const slug = (about = 'Work item') =>
  z
    .string()
    .max(SLUG_LENGTH_MAX, `is longer than ${SLUG_LENGTH_MAX} characters`)
    .regex(SLUG_PATTERN, 'is no slug: lower-case letters and digits in parts joined by single -')
    .describe(about);

export const branch = (about = 'Branch name without refs/heads/') =>
  z
    .string()
    .superRefine((name, context) => {
      const problem = branchProblem(name);
      if (problem) context.addIssue({ code: 'custom', message: `is no branch name: ${problem}` });
    })
    .describe(about);

export const sha = (about = 'Full commit id') =>
  z.string().regex(SHA_PATTERN, 'is no full object id: 40 or 64 lower-case hex digits').describe(about);

export const instant = (about: string) =>
  z
    .string()
    .refine((text) => parseInstant(text) !== null, 'is no RFC 3339 instant with an offset, as 2026-01-31T12:00:00.000Z')
    .describe(about);

/** Text of any length up to the envelope's limit, with something to read in it. */
export const text = (about: string) =>
  z
    .string()
    .refine((value) => value.trim() !== '', 'is empty')
    .describe(about);

/** A reason or remark that may be empty. */
export const note = (about: string) => z.string().describe(about);

/** One line: a name, a version, an actor. */
export const word = (about: string) =>
  z
    .string()
    .max(SHORT_TEXT_MAX, `is longer than ${SHORT_TEXT_MAX} characters`)
    .refine((value) => value.trim() !== '', 'is empty')
    .describe(about);

export const sessionId = (about = 'Session that wrote the event') => word(about);
export const actor = () => word('Who decided it');
export const commandId = () =>
  z.string().regex(ULID, 'is no ULID').describe('ULID made once per command or observation, kept on retries');
export const streamId = (about: string) =>
  z.string().regex(STREAM_ID, 'is no entry id of the log, as 1700000000000-0').describe(about);
export const code = (about: string) =>
  z.string().regex(CODE, 'is no code: lower-case words joined by _').describe(about);
export const count = (about: string, least = 0) =>
  z
    .int({ error: ({ input }) => (input === undefined ? undefined : 'is no whole number') })
    .min(least, `is below ${least}`)
    .describe(about);
export const fence = () => count('Fence of the lease the event was written under', 1);
export const flag = (about: string) => z.boolean().describe(about);

/** Slug, branch and sha: the identity of a candidate. */
export const triple = () => ({ slug: slug(), branch: branch(), sha: sha('Commit to deliver') });

/** What every fenced event about one candidate carries. */
export const fencedTriple = () => ({
  ...triple(),
  session_id: sessionId(),
  fence: fence(),
  attempt: count('Number of this dequeue of the candidate, counted over its whole life', 1),
});

/** What every fenced event of a session carries. */
export const fencedSession = () => ({ session_id: sessionId(), fence: fence() });
