/**
 * File names are bytes to git and text to telec. Shown: UTF-8 as it is, every other byte as `\xNN`. Pure.
 */

/** Text for people and events; bytes that are not UTF-8 become `\xNN`. */
export function showPath(path: Uint8Array): string {
  const bytes = Buffer.from(path.buffer, path.byteOffset, path.byteLength);
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  let shown = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const piece = bytes.subarray(at, at + length);
    const read = piece.toString('utf8');
    if (Buffer.from(read, 'utf8').equals(piece)) {
      shown += read;
      at += length;
    } else {
      shown += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    }
  }
  return shown;
}

/** The byte strings a shown path may stand for: itself, and with its `\xNN` read back. */
export function pathBytes(shown: string): Buffer[] {
  const literal = Buffer.from(shown, 'utf8');
  if (!/\\x[89a-f][0-9a-f]/.test(shown)) return [literal];
  const parts: Buffer[] = [];
  for (const part of shown.split(/(\\x[89a-f][0-9a-f])/)) {
    if (/^\\x[89a-f][0-9a-f]$/.test(part)) parts.push(Buffer.from([Number.parseInt(part.slice(2), 16)]));
    else parts.push(Buffer.from(part, 'utf8'));
  }
  return [literal, Buffer.concat(parts)];
}

function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
