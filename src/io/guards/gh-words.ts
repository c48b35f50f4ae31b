/**
 * Reads the words of a gh command as far as they may move main on GitHub: a merge of a pull request, a call of the
 * API that writes, the sync of a repository. Pure; what it cannot tell it says so. `owner/name` are compared without
 * regard to case.
 */

/**
 * What a gh command may do to main. `pull`: merges the pull request with that number, address or branch (null: the one
 * of the branch checked out); its base must be asked. `moves`: moves main itself. `untold`: nobody can say.
 */
export type GhAct =
  | { kind: 'harmless' }
  | { kind: 'alias' }
  | { kind: 'pull'; pull: string | null; repo: string | null }
  | { kind: 'moves'; repo: string | null }
  | { kind: 'untold'; why: string; repo: string | null };

const HARMLESS: GhAct = { kind: 'harmless' };

/** Words with their options read; an option takes a value when `valued` names it. */
interface GhWords {
  plain: string[];
  /** Values by option, as typed (`-f`, `--field`); '' for a switch. */
  options: Map<string, string[]>;
}

function read(words: readonly string[], valued: ReadonlySet<string>): GhWords {
  const plain: string[] = [];
  const options = new Map<string, string[]>();
  const note = (name: string, value: string) => options.set(name, [...(options.get(name) ?? []), value]);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      plain.push(...words.slice(at + 1));
      break;
    }
    const [, long, value] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (long !== undefined) {
      if (value !== undefined || !valued.has(long)) note(long, value ?? '');
      else {
        at += 1;
        note(long, words[at] ?? '');
      }
    } else if (/^-./.test(word)) {
      for (let place = 1; place < word.length; place += 1) {
        const name = `-${word[place]}`;
        if (!valued.has(name)) {
          note(name, '');
          continue;
        }
        const rest = word.slice(place + 1).replace(/^=/, '');
        if (rest === '') at += 1;
        note(name, rest === '' ? (words[at] ?? '') : rest);
        break;
      }
    } else plain.push(word);
  }
  return { plain, options };
}

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));
const MERGE_VALUED = set('-R --repo -b --body -F --body-file -t --subject -A --author-email --match-head-commit');
const API_VALUED = set(
  '-X --method -f --raw-field -F --field -H --header --input -q --jq -t --template --hostname -p --preview --cache',
);
const SYNC_VALUED = set('-b --branch -s --source');
/** Commands of gh that cannot move a branch, or whose moving ones are told above. */
const KNOWN = set(
  'accessibility agent-task alias attestation auth browse cache codespace completion config extension gist gpg-key help issue label licenses org pr preview project release repo ruleset run search secret ssh-key status variable version workflow',
);

const one = ({ options }: GhWords, ...names: string[]): string | null =>
  names.flatMap((name) => options.get(name) ?? []).at(-1) ?? null;
const has = ({ options }: GhWords, ...names: string[]): boolean => names.some((name) => options.has(name));

/**
 * What the words may do to `main` (without refs/heads/). `file` gives the text of a file named by an option, null when it
 * cannot be read; stdin is never read, it belongs to the real command.
 */
export function readGhWords(words: readonly string[], main: string, file: (path: string) => string | null): GhAct {
  const at = words.findIndex((word) => !word.startsWith('-'));
  const command = words[at];
  if (command === undefined) return HARMLESS;
  const rest = words.slice(at + 1);
  if (command === 'api') return readApi(read(rest, API_VALUED), main, file);
  if (!KNOWN.has(command)) return { kind: 'alias' };
  if (command === 'pr') return readPull(read(rest, MERGE_VALUED));
  if (command === 'repo') return readRepo(read(rest, SYNC_VALUED), main);
  return HARMLESS;
}

function readPull(words: GhWords): GhAct {
  const [verb, pull = null] = words.plain;
  if (verb !== 'merge' || has(words, '--disable-auto', '--help', '-h')) return HARMLESS;
  return { kind: 'pull', pull, repo: one(words, '-R', '--repo') };
}

/** Without a destination it is the local repository that is brought up to date. */
function readRepo(words: GhWords, main: string): GhAct {
  const [verb, destination] = words.plain;
  if (verb !== 'sync' || destination === undefined || has(words, '--help', '-h')) return HARMLESS;
  const branch = one(words, '-b', '--branch');
  return branch === null || branch === main ? { kind: 'moves', repo: destination } : HARMLESS;
}

const MERGING =
  /\b(?:mergePullRequest|enablePullRequestAutoMerge|enqueuePullRequest|updateRefs?\b|mergeBranch|createCommitOnBranch)\b/;
/** Mutations that name the branch they move; all others go by ids that say nothing. */
const NAMING = /\b(?:updateRefs|mergeBranch|createCommitOnBranch)\b/;
const BY_ID =
  /\b(?:mergePullRequest|enablePullRequestAutoMerge|enqueuePullRequest|updateRef)\b|\bbranch\s*:\s*\{\s*id\b/;

function readApi(words: GhWords, main: string, file: (path: string) => string | null): GhAct {
  const [endpoint = ''] = words.plain;
  if (has(words, '--help', '-h')) return HARMLESS;
  const input = one(words, '--input');
  const fields = fieldsOf(words, file);
  const body = input === null ? '' : input === '-' ? null : file(input);
  if (endpoint === 'graphql') return readGraph(fields, body, main);
  const method = (one(words, '-X', '--method') ?? (fields.size > 0 || input !== null ? 'POST' : 'GET')).toUpperCase();
  if (method === 'GET' || method === 'HEAD') return HARMLESS;
  const path = decode(
    endpoint
      .replace(/^https?:\/\/[^/]+\/(?:api\/v3\/)?/, '')
      .replace(/^\/+/, '')
      .replace(/[?#].*$/s, ''),
  );
  const [, owner, name, tail = ''] = /^repos\/([^/]+)\/([^/]+)\/(.*?)\/*$/s.exec(path) ?? [];
  if (owner === undefined || name === undefined) return HARMLESS;
  const repo = /[{:]/.test(owner + name) ? null : `${owner}/${name}`;
  const query = new URLSearchParams(/\?([^#]*)/s.exec(endpoint)?.[1] ?? '');
  const value = (key: string): string | null | undefined => {
    if (fields.has(key)) return fields.get(key) ?? null;
    if (input === null) return query.get(key) ?? undefined;
    return body === null ? null : textIn(body, key);
  };
  const byName = (key: string, absent: boolean): GhAct => {
    const said = value(key);
    if (said === null) return { kind: 'untold', why: `what ${key} is stands in an input that is not read`, repo };
    const branch = said?.replace(/^refs\/heads\//, '');
    return (said === undefined && absent) || branch === main ? { kind: 'moves', repo } : HARMLESS;
  };
  const pull = /^pulls\/([^/]+)\/merge$/.exec(tail)?.[1];
  if (pull !== undefined) return { kind: 'pull', pull, repo };
  if (tail === 'merges') return byName('base', false);
  if (tail === 'merge-upstream') return byName('branch', false);
  if (tail.startsWith('contents/') || tail === 'contents') return byName('branch', true);
  if (/^git\/refs?\/(?:heads\/refs|tags\/refs|telec)\//.test(tail)) return { kind: 'moves', repo };
  if (/^git\/refs?\/heads\/(?:\{branch\}|:branch)/.test(tail))
    return { kind: 'untold', why: 'the branch checked out is named by a placeholder', repo };
  if (/^git\/refs?\/heads\//.test(tail))
    return tail.replace(/^git\/refs?\/heads\//, '') === main ? { kind: 'moves', repo } : HARMLESS;
  if (tail === `branches/${main}/rename`) return { kind: 'moves', repo };
  if (tail === 'git/refs') {
    const ref = value('ref');
    if (ref === null) return { kind: 'untold', why: 'the ref to be made stands in an input that is not read', repo };
    const guarded = ref === `refs/heads/${main}` || /^refs\/(?:telec|heads\/refs|tags\/refs)\//.test(ref ?? '');
    return guarded ? { kind: 'moves', repo } : HARMLESS;
  }
  return HARMLESS;
}

/** Fields of a call by name; null where the value is not read. */
function fieldsOf({ options }: GhWords, file: (path: string) => string | null): Map<string, string | null> {
  const fields = new Map<string, string | null>();
  for (const name of ['-f', '--raw-field', '-F', '--field']) {
    for (const pair of options.get(name) ?? []) {
      const equals = pair.indexOf('=');
      const text = pair.slice(equals + 1);
      const typed = name === '-F' || name === '--field';
      const value = typed && text.startsWith('@') ? (text === '@-' ? null : file(text.slice(1))) : text;
      if (equals >= 0) fields.set(pair.slice(0, equals), value);
    }
  }
  return fields;
}

function readGraph(fields: ReadonlyMap<string, string | null>, body: string | null, main: string): GhAct {
  const texts = [...fields.values(), body];
  if (texts.includes(null)) return { kind: 'untold', why: 'the query stands in an input that is not read', repo: null };
  const all = texts.join('\n');
  if (!/\bmutation\b/.test(all) || !MERGING.test(all)) return HARMLESS;
  if (!NAMING.test(all) || BY_ID.test(all))
    return { kind: 'untold', why: 'the query names what it merges or moves by an id', repo: null };
  const values = [...all.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text);
  const named = [...values, ...fields.values()].some((text) => text?.replace(/^refs\/heads\//, '') === main);
  return named ? { kind: 'moves', repo: null } : HARMLESS;
}

/** A text of a JSON object; undefined when it has none of that name, null when it is no object. */
function textIn(body: string, key: string): string | null | undefined {
  try {
    const value: unknown = (JSON.parse(body) as Record<string, unknown>)[key];
    return value === undefined ? undefined : String(value);
  } catch {
    return null;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
