/** One thing in full over the lists, and the last line of the screen, which asks, tells, or names the keys. */
import { Box, Text } from 'ink';
import type { Notice } from './acts.ts';
import { Row, Tint, useLook } from './look.tsx';
import type { Asking, Over } from './reader.ts';

/** Lines in full, wrapped at the edge and scrolled by lines as they were given. */
export function LinesPane({ over, width, height }: { over: Over; width: number; height: number }) {
  const { signs } = useLook();
  const { title, lines, offset } = over;
  const rest = Math.max(0, width - title.length - 2);
  return (
    <Box flexDirection="column" width={width} height={height} overflow="hidden">
      <Row
        cells={[
          { text: ` ${title} `, width: title.length + 2, strong: true, inverse: true },
          { text: signs.bar.repeat(rest), tone: 'dim' },
        ]}
      />
      {lines.slice(offset, offset + height - 1).map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text are told apart by their place alone
        <Box key={offset + place} flexShrink={0} width={width}>
          <Text wrap="wrap">{line === '' ? ' ' : line}</Text>
        </Box>
      ))}
    </Box>
  );
}

interface FootProps {
  asking: Asking | null;
  notice: Notice | null;
  hint: string;
}

export function Foot({ asking, notice, hint }: FootProps) {
  if (!asking) {
    const { text, tone } = notice ?? { text: hint, tone: 'dim' as const };
    return <Row cells={[{ text, tone, strong: notice !== null }]} />;
  }
  return (
    <Box height={1} flexShrink={0} overflow="hidden">
      <Tint tone="warn" strong>
        {asking.kind === 'yes' ? `${asking.text} [y/N]` : `${asking.text} `}
      </Tint>
      {asking.kind === 'text' && (
        <Box flexGrow={1} flexBasis={0} minWidth={10} overflow="hidden">
          <Text wrap="truncate-start">{`${asking.typed}_`}</Text>
        </Box>
      )}
    </Box>
  );
}
