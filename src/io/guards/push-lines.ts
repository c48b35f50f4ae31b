/**
 * Reads what git says of a push: the lines a pre-push hook gets on stdin, and those of `git push --porcelain`. Pure.
 * A line that cannot be read is told, never passed over.
 */

/** One ref that a push would move; `sha` null: it would be deleted. */
export interface PushedRef {
  ref: string;
  sha: string | null;
}

/** `<local> <id> <ref> <id>`; only the first word may hold blanks and line ends, so it is read from the end. */
const HOOK_LINE = /(?:^| )([0-9a-f]{40,64}) (\S+) ([0-9a-f]{40,64})$/;

/** The refs of a hook's stdin. Lines that end in no ref belong to an odd first word of the line after them. */
export function readHookLines(text: string): PushedRef[] {
  return text.split('\n').flatMap((line) => {
    const [, id = '', ref] = HOOK_LINE.exec(line) ?? [];
    return ref === undefined ? [] : [{ ref, sha: /^0+$/.test(id) ? null : id }];
  });
}

/** One line of a dry run: what would be pushed (an expression, empty for a deletion), where to, and to which URL. */
export interface DryRunLine {
  url: string;
  from: string;
  to: string;
}

/** What a dry run would move; what is up to date there already is left out. */
export function readDryRun(text: string): DryRunLine[] {
  let url = '';
  const lines: DryRunLine[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('To ')) url = line.slice(3);
    const [flag, refs] = line.split('\t');
    if (refs === undefined || flag === undefined || !/^[ +\-*!]$/.test(flag)) continue;
    const colon = refs.lastIndexOf(':');
    if (colon >= 0) lines.push({ url, from: refs.slice(0, colon), to: refs.slice(colon + 1) });
  }
  return lines;
}
