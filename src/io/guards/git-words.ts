/**
 * Reads the words of a git command as git does: options in front of the command, the options of a push with their
 * abbreviations, refspecs. Pure; asks no repository. What it cannot tell it says so.
 */

export interface GitWords {
  /** Options in front of the command, as typed. */
  globals: string[];
  command: string | null;
  rest: string[];
}

const WITH_VALUE = new Set([
  '-C',
  '-c',
  '--git-dir',
  '--work-tree',
  '--namespace',
  '--super-prefix',
  '--config-env',
  '--attr-source',
]);

export function readGitWords(words: readonly string[]): GitWords {
  let at = 0;
  while (at < words.length && words[at]?.startsWith('-')) at += WITH_VALUE.has(words[at] ?? '') ? 2 : 1;
  return { globals: words.slice(0, at), command: words[at] ?? null, rest: words.slice(at + 1) };
}

/** Words of an alias, split as git splits them; null when quotes do not close. */
export function splitAlias(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\\' && quote !== "'") {
      at += 1;
      word = (word ?? '') + (text[at] ?? '');
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return quote === '' ? words : null;
}

/** What a push was told. `names` are its refspecs as typed. */
export interface PushWords {
  /** Remote or URL as typed; null: git chooses. */
  remote: string | null;
  names: string[];
  options: ReadonlySet<string>;
}

/** Long options of push; those in the second list take a value, in the same word or the next. */
const SWITCHES =
  'all atomic branches delete dry-run follow-tags force force-if-includes force-with-lease ipv4 ipv6 mirror porcelain progress prune quiet set-upstream signed tags thin verbose verify';
const VALUED = 'exec push-option receive-pack recurse-submodules repo';
const LONG = new Map<string, boolean>([
  ...SWITCHES.split(' ').map((name) => [name, false] as const),
  ...VALUED.split(' ').map((name) => [name, true] as const),
]);
const SHORT: Readonly<Record<string, string>> = { d: 'delete', f: 'force', n: 'dry-run', u: 'set-upstream', o: '' };

/** The option a word means, abbreviations included; `no-` in front when it is taken back. */
function longOption(word: string): { name: string; valued: boolean; value: string | null } {
  const [, text = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const negative = text.startsWith('no-');
  const asked = negative ? text.slice(3) : text;
  const fits = LONG.has(asked) ? [asked] : [...LONG.keys()].filter((name) => asked !== '' && name.startsWith(asked));
  const [name = asked] = fits;
  return { name: negative ? `no-${name}` : name, valued: !negative && LONG.get(name) === true, value: value ?? null };
}

/** The words of `git push`. */
export function readPushWords(words: readonly string[]): PushWords {
  const plain: string[] = [];
  const options = new Set<string>();
  let repo: string | null = null;
  const note = (name: string) => {
    options.add(name);
    options.delete(name.startsWith('no-') ? name.slice(3) : `no-${name}`);
  };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--' || word === '--end-of-options') {
      plain.push(...words.slice(at + 1));
      break;
    }
    if (word.startsWith('--')) {
      const { name, valued, value } = longOption(word);
      note(name);
      if (valued && value === null) at += 1;
      if (name === 'repo') repo = value ?? words[at] ?? null;
    } else if (/^-./.test(word)) {
      for (let place = 1; place < word.length; place += 1) {
        const letter = word[place] ?? '';
        const name = SHORT[letter];
        if (name) note(name);
        if (letter !== 'o') continue;
        // Its value is the rest of the word, else the next one.
        if (place === word.length - 1) at += 1;
        break;
      }
    } else plain.push(word);
  }
  const [remote = repo, ...names] = plain;
  return { remote: remote ?? null, names, options };
}

/** The words with which the same push only shows what it would move. */
export function dryRunWords(words: readonly string[]): string[] {
  const kept = words.filter((word) => !/^--(?:no-dr|no-po|verif)/.test(word));
  return ['--dry-run', '--porcelain', '--no-verify', ...kept];
}

/** The words of `git send-pack` and `git http-push`; `blind`: the refs are not among them. */
export function readSendPack(words: readonly string[]): { url: string | null; names: string[]; blind: boolean } {
  const plain = words.filter((word) => !word.startsWith('-'));
  const blind = words.some((word) => /^--(?:al|mi|std)/.test(word));
  const [url = null, ...names] = plain;
  return { url, names, blind: blind || names.length === 0 };
}

/** A refspec. `to` null: git derives it from `from`. `pattern`: it stands for several refs. */
export interface Refspec {
  from: string;
  to: string | null;
  pattern: boolean;
}

export function readRefspec(name: string): Refspec {
  const text = name.replace(/^\+/, '');
  const colon = text.lastIndexOf(':');
  const from = colon < 0 ? text : text.slice(0, colon);
  const to = colon < 0 ? null : text.slice(colon + 1);
  return { from, to, pattern: text.includes('*') || text === ':' || text.startsWith('^') };
}
