/** How the view is painted: tones, the few signs it uses, and rows of cells that never break a line. Knows no data. */
import { Box, Text } from 'ink';
import { createContext, type ReactNode, useContext } from 'react';
import type { Tone } from '../output.ts';

export interface Signs {
  pick: string;
  work: string;
  wait: string;
  good: string;
  bad: string;
  info: string;
  on: string;
  off: string;
  bar: string;
}

const SIGNS: Signs = { pick: '›', work: '▶', wait: '·', good: '✔', bad: '✖', info: '•', on: '●', off: '○', bar: '─' };
const ASCII: Signs = { pick: '>', work: '*', wait: '.', good: '+', bad: '!', info: '-', on: '*', off: 'o', bar: '-' };

export interface Look {
  colour: boolean;
  signs: Signs;
}

/** The signs the terminal's locale can show; one that says nothing can show all. */
export function lookOf(colour: boolean, env: Record<string, string | undefined>): Look {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  const poor = /^(C|POSIX)$/.test(locale) || (/\./.test(locale) && !/utf-?8/i.test(locale));
  return { colour, signs: poor ? ASCII : SIGNS };
}

export const LookContext = createContext<Look>({ colour: false, signs: SIGNS });
export const useLook = (): Look => useContext(LookContext);

const COLOURS: Partial<Record<Tone, string>> = { good: 'green', bad: 'red', warn: 'yellow' };

export interface TintProps {
  tone?: Tone | null;
  strong?: boolean;
  inverse?: boolean;
  children: ReactNode;
}

/** One line of text in a tone; what is too long is cut. */
export function Tint({ tone = null, strong = false, inverse = false, children }: TintProps) {
  const { colour } = useLook();
  if (!colour) return <Text wrap="truncate-end">{children}</Text>;
  const name = tone === null ? undefined : COLOURS[tone];
  return (
    <Text
      wrap="truncate-end"
      {...(name ? { color: name } : {})}
      dimColor={tone === 'dim'}
      bold={strong || tone === 'strong'}
      inverse={inverse}
    >
      {children}
    </Text>
  );
}

export interface CellOf {
  text: string;
  tone?: Tone | null;
  strong?: boolean;
  inverse?: boolean;
  /** Columns; without it the cell takes what is left. */
  width?: number;
  right?: boolean;
}

/** Cells side by side in one line. It alone clips: of clips within clips ink obeys the innermost. */
export function Row({ cells }: { cells: readonly CellOf[] }) {
  return (
    <Box height={1} flexShrink={0} overflow="hidden">
      {cells.map(({ text, width, right, ...tint }, place) => (
        <Box
          // Cells have no identity beside their place.
          // biome-ignore lint/suspicious/noArrayIndexKey: the cells of a row never change places
          key={place}
          height={1}
          justifyContent={right ? 'flex-end' : 'flex-start'}
          {...(width === undefined ? { flexGrow: 1, flexBasis: 0, minWidth: 0 } : { width, flexShrink: 0 })}
        >
          <Tint {...tint}>{text}</Tint>
        </Box>
      ))}
    </Box>
  );
}
