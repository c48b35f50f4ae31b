/**
 * What a command makes of a session: the work-flow commands with the kind and role each stands for, and how the text of
 * a command becomes the words a process is started with. Pure; nothing here is given to a shell.
 */
import { EXIT, TelecError } from '../errors.ts';
import type { Role } from './permissions.ts';
import type { SessionKind } from './self-end.ts';

/** Work-flow commands by name, with the kind of session that runs them. */
export const KIND_OF_COMMAND: Readonly<Record<string, SessionKind>> = {
  'next-prepare-draft': 'drafter',
  'next-prepare-gate': 'gate-checker',
  'next-build': 'builder',
  'next-review': 'reviewer',
  'next-review-build': 'reviewer',
  'next-fix-review': 'fixer',
  'next-finalize': 'finalizer',
  'next-prepare': 'orchestrator',
  'next-work': 'orchestrator',
  'next-integrate': 'integrator',
};

const ROLE_OF_KIND: Readonly<Record<SessionKind, Role | null>> = {
  builder: 'worker',
  reviewer: 'worker',
  fixer: 'worker',
  finalizer: 'worker',
  drafter: 'worker',
  'gate-checker': 'worker',
  orchestrator: 'orchestrator',
  integrator: 'integrator',
  utility: null,
};

/** The kind of a session of which only the role is known. */
export function kindOfRole(role: Role): SessionKind {
  return role === 'orchestrator' || role === 'integrator' ? role : 'utility';
}

/**
 * The words of a command, split at spaces; quotes and backslash keep words together as a shell would, nothing is
 * expanded. Thrown: INVALID_COMMAND (2).
 */
export function wordsOf(text: string): string[] {
  const refuse = (why: string): never => {
    throw new TelecError('INVALID_COMMAND', EXIT.usage, `the command ${why}`, {
      hint: 'give a program and its arguments, words with spaces in quotes',
    });
  };
  // A control character has no place in a word; in a line for people it could hide the rest.
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) refuse('has a control character');
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (quote !== "'" && letter === '\\') {
      at += 1;
      if (at === text.length) refuse('ends with a backslash');
      word = `${word ?? ''}${text[at]}`;
    } else if (quote !== '') {
      if (letter === quote) quote = '';
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = `${word ?? ''}${letter}`;
  }
  if (quote !== '') refuse('has a quote that does not end');
  if (word !== null) words.push(word);
  if (!words[0]) refuse('names no program');
  return words;
}

/** The kind that these words stand for: that of the work-flow command one of them begins with, else that of the role. */
export function kindOf(words: readonly string[], role: Role): SessionKind {
  for (const word of words) {
    const [first = ''] = word.trim().split(/\s/);
    const name = first.slice(first.lastIndexOf('/') + 1);
    if (Object.hasOwn(KIND_OF_COMMAND, name)) return KIND_OF_COMMAND[name] as SessionKind;
  }
  return kindOfRole(role);
}

/** Refuses a work-flow command in a role it is not for. Thrown: WRONG_ROLE (2). */
export function checkKind(kind: SessionKind, role: Role): void {
  const wanted = ROLE_OF_KIND[kind];
  if (wanted === null || wanted === role) return;
  throw new TelecError('WRONG_ROLE', EXIT.usage, `a ${kind} has the role ${wanted}, not ${role}`, {
    hint: `telec sessions start --role ${wanted} --command ...`,
  });
}
