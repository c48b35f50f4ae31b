/** What people read about work items: harmless whatever files say, and the word of finalize exactly as it is looked for. */
import { expect, test } from 'vitest';
import { todoExamples } from '../../scripts/todo-examples.ts';
import { noPaint, openOutput } from '../../src/cli/output.ts';
import {
  createdText,
  finalizeText,
  handoverText,
  markedText,
  nextText,
  todosText,
  todoText,
} from '../../src/cli/todo-messages.ts';

const EVIL = 'x\u001b]0;pwned\u0007\n\u202e';

/** The value with every text of it made evil. */
function evil<T>(value: T): T {
  if (typeof value === 'string') return EVIL as T;
  if (Array.isArray(value)) return value.map(evil) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, evil(inner)])) as T;
}

test('what files, branches and reviewers say never reaches the terminal raw', () => {
  const { todo, detail, next, created, marked, finalized, handover } = todoExamples;
  const texts = [
    todosText([evil(todo)], noPaint),
    todoText(
      { ...evil(detail), not_buildable: [{ code: EVIL, text: EVIL }], problems: [{ path: EVIL, message: EVIL }] },
      noPaint,
    ),
    nextText(evil(next), noPaint),
    createdText(evil(created)),
    markedText(evil(marked), noPaint),
    finalizeText(evil(finalized)),
    handoverText(evil(handover), noPaint),
  ];
  for (const text of texts) {
    expect(text).toMatch(/pwned/);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});

test('S4-FR2.2 the word of finalize is the first line, whole and without colour', async () => {
  const lines: string[] = [];
  const stream = {
    write(text: string, done?: () => void) {
      lines.push(text);
      done?.();
      return true;
    },
  };
  const output = openOutput(stream, stream, { json: false, quiet: false, colour: true });
  await output.answer(todoExamples.finalized, finalizeText);
  expect(lines.join('').split('\n')[0]).toBe('FINALIZE_READY: login');
});

test('an empty list says how to begin', () => {
  expect(todosText([], noPaint)).toBe('no work items\nnext: telec todo create <slug>');
});
