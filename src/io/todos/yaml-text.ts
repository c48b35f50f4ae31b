/**
 * YAML files that people write by hand, edited by a program: read with every problem named, changed so that comments,
 * order and spelling of what was not meant stay as they are.
 */
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import type { Problem } from '../../errors.ts';

/** Characters; far above any honest file of this kind. */
const LENGTH_MAX = 4 * 1024 * 1024;
/** Aliases resolved at most: a file that says more is an attack. */
const ALIAS_MAX = 20;

/** `value` is plain data, null for an empty file; with problems there is none. `path` is where in the file, `line N`. */
export type YamlReading =
  | { kind: 'read'; document: Document.Parsed; value: unknown }
  | { kind: 'broken'; problems: Problem[] };

/** Some editors begin a text with it; it is no part of what the text says. */
export const BYTE_ORDER_MARK = '\uFEFF';

/** A line that git leaves where it could not merge, with which a comment or a text may yet be valid YAML. */
const MARKER = /^(<{7}|>{7}|\|{7}) .*$/m;

/** Texts read last: an edit is read again to be made sure of, and is what the next edit begins with. */
const recent = new Map<string, YamlReading>();
const RECENT_MAX = 8;

/** As `readYaml`; the answer is shared with who asked before, so neither its value nor its document may be changed. */
export function readShared(name: string, text: string): YamlReading {
  const key = `${name}\0${text}`;
  const reading = recent.get(key) ?? readYaml(name, text);
  recent.delete(key);
  recent.set(key, reading);
  for (const oldest of recent.keys()) {
    if (recent.size <= RECENT_MAX) break;
    recent.delete(oldest);
  }
  return reading;
}

/** Reads one document. Never throws; a merge marker or a tab is a problem with its line. */
export function readYaml(name: string, text: string): YamlReading {
  if (text.length > LENGTH_MAX) return broken([{ path: name, message: `is longer than ${LENGTH_MAX} characters` }]);
  const marker = MARKER.exec(text);
  if (marker) {
    const line = text.slice(0, marker.index).split('\n').length;
    return broken([{ path: `${name} line ${line}`, message: `is a merge marker: ${marker[0].slice(0, 40)}` }]);
  }
  const lines = new LineCounter();
  const said = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const document = parseDocument(said, { lineCounter: lines, prettyErrors: false, keepSourceTokens: true });
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0) {
    return broken(wrong.map(({ message, pos }) => ({ path: `${name} line ${lines.linePos(pos[0]).line}`, message })));
  }
  try {
    return { kind: 'read', document, value: document.toJS({ maxAliasCount: ALIAS_MAX }) ?? null };
  } catch (error) {
    return broken([{ path: name, message: (error as Error).message }]);
  }
}

/** The text of a changed document: long lines stay whole, and a list keeps the indentation it has. */
export function writeYaml(document: Document): string {
  let indented = true;
  visit(document, {
    Seq(_key, node) {
      const column = node.srcToken?.type === 'block-seq' ? node.srcToken.indent : null;
      if (column === 0) indented = false;
      return column === null ? undefined : visit.BREAK;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: indented, flowCollectionPadding: false });
}

function broken(problems: Problem[]): YamlReading {
  return { kind: 'broken', problems };
}
