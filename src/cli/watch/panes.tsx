/** What lies over the lists: one thing in full, the keys, and the line at the foot that asks or tells. */
import { Box, Text, useInput } from 'ink';
import { useState } from 'react';
import { plain } from '../output.ts';
import type { Notice } from './acts.ts';
import { Row, Tint, useLook } from './look.tsx';

export const KEYS: readonly [string, string][] = [
  ['tab, left, right', 'the next or previous list'],
  ['up, down, j, k', 'the row above or below; page up, page down, g and G go further'],
  ['enter', 'the row in full: history, evidence, the next action; esc closes it'],
  ['h', 'freeze merging, with a reason; again: let it go on'],
  ['r', 'resume the blocked candidate of the row'],
  ['s, S', 'mark the notification as seen; all of them'],
  ['e', 'the log'],
  ['q, ctrl-c', 'leave; nothing stops by it'],
];

export interface LinesPaneProps {
  title: string;
  lines: readonly string[];
  width: number;
  height: number;
  /** Lines scrolled past. */
  offset: number;
}

/** Lines in full, wrapped at the edge. Scrolled by lines as they were given. */
export function LinesPane({ title, lines, width, height, offset }: LinesPaneProps) {
  const { signs } = useLook();
  const rest = Math.max(0, width - title.length - 4);
  const part = lines.slice(offset, offset + height - 1);
  return (
    <Box flexDirection="column" width={width} height={height} overflow="hidden">
      <Row cells={[{ text: `${signs.bar} ${title} ${signs.bar.repeat(rest)}`, strong: true }]} />
      {part.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text are told apart by their place alone
        <Box key={offset + place} flexShrink={0} width={width}>
          <Text wrap="wrap">{line === '' ? ' ' : line}</Text>
        </Box>
      ))}
    </Box>
  );
}

export function helpLines(): string[] {
  return KEYS.map(([keys, meaning]) => `  ${keys.padEnd(18)}${meaning}`);
}

export interface Question {
  text: string;
  /** What an empty answer does: takes it, or asks on. */
  emptyIsFine: boolean;
  answer(text: string): void;
}

/** Characters of a reason. */
const REASON_MAX = 500;
const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Asks for a line of text; Enter gives it, Esc takes the question back. */
export function Ask({ question, onCancel, onLeave }: { question: Question; onCancel(): void; onLeave(): void }) {
  const [text, setText] = useState('');
  useInput((input, key) => {
    if (key.ctrl && input === 'c') return onLeave();
    if (key.escape) return onCancel();
    if (key.backspace || key.delete) {
      setText(
        [...letters.segment(text)]
          .slice(0, -1)
          .map(({ segment }) => segment)
          .join(''),
      );
      return;
    }
    if (key.ctrl || key.meta) return;
    // What was typed ahead or pasted comes as one piece, its end included.
    const [typed = '', ...more] = input.split(/[\r\n]/);
    const now = (text + plain(typed)).slice(0, REASON_MAX);
    setText(now);
    const done = key.return || more.length > 0;
    if (done && (now.trim() !== '' || question.emptyIsFine)) question.answer(now.trim());
  });
  return (
    <Box height={1} overflow="hidden">
      <Tint tone="warn" strong>
        {question.text}{' '}
      </Tint>
      <Box flexGrow={1} flexBasis={0} minWidth={10} overflow="hidden">
        <Text wrap="truncate-start">{`${text}_`}</Text>
      </Box>
    </Box>
  );
}

/** Asks for a yes; anything else is none. */
export function Confirm(props: { text: string; onAnswer(yes: boolean): void; onLeave(): void }) {
  const { text, onAnswer, onLeave } = props;
  useInput((input, key) => {
    if (key.ctrl && input === 'c') return onLeave();
    onAnswer(/^y/i.test(input));
  });
  return (
    <Box height={1} overflow="hidden">
      <Tint tone="warn" strong>
        {`${text} [y/N] `}
      </Tint>
    </Box>
  );
}

/** The last line: what came of the last act, else the keys. */
export function Foot({ notice, hint }: { notice: Notice | null; hint: string }) {
  if (notice) return <Row cells={[{ text: notice.text, tone: notice.tone, strong: true }]} />;
  return <Row cells={[{ text: hint, tone: 'dim' }]} />;
}
