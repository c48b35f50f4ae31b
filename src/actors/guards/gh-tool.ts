/** What a gh command would do to main, before it runs: its words, and for a pull request the base that GitHub tells. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readGhWords } from '../../io/guards/gh-words.ts';
import { splitAlias } from '../../io/guards/git-words.ts';
import type { GuardFile } from '../../io/guards/guard-file.ts';
import { baseOf, type GhPlace, ghAlias } from '../../io/guards/user-gh.ts';
import { allUrls, placeOf } from '../../io/guards/user-git.ts';
import { plain } from '../../io/plain-text.ts';
import { groundOf, mainRefOf, type Sought, seek } from './sought.ts';

const ALIASES_MAX = 20;
const FILE_BYTES_MAX = 1024 * 1024;

export async function soughtByGh(
  words: readonly string[],
  file: GuardFile,
  at: GhPlace,
  depth = 0,
): Promise<Sought | null> {
  // A remote without a host is nothing that gh could reach.
  const hosted = file.places.filter((place) => !place.startsWith('/'));
  if (hosted.length === 0) return null;
  const act = readGhWords(words, file.main, (path) => textOf(resolve(at.cwd, path)));
  if (act.kind === 'harmless') return null;
  if (act.kind === 'alias') {
    const meant = depth < ALIASES_MAX ? await expanded(words, at) : null;
    return meant && soughtByGh(meant, file, at, depth + 1);
  }
  const git = { ...at, globals: [] };
  const ground = await groundOf(file, git);
  const address =
    act.kind === 'pull' ? /^https?:\/\/[^/]+\/([^/]+\/[^/]+)\/pull\//.exec(act.pull ?? '')?.[1] : undefined;
  const repo = address ?? act.repo ?? (at.env['GH_REPO'] || null);
  const ours =
    repo === null
      ? (await allUrls(git)).some((url) => file.places.includes(placeOf(url, ground.top)))
      : hosted.some((place) => tailOf(place) === tailOf(repo));
  if (!ours) return null;
  const main = { ref: mainRefOf(file), sha: null };
  if (act.kind === 'untold') return seek(ground, [], `it cannot be told whether this moves ${main.ref}: ${act.why}`);
  if (act.kind === 'moves') return seek(ground, [main]);
  const base = await baseOf(at, act.pull, address === undefined ? act.repo : null);
  if ('failed' in base) {
    return seek(ground, [], `the base of the pull request cannot be asked: ${plain(base.failed, 300)}`);
  }
  return base.text === file.main ? seek(ground, [main]) : null;
}

/** `owner/name` of an address, without regard to case and to the `.git` at its end. */
const tailOf = (address: string): string =>
  address
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(-2)
    .join('/');

/** The words with their alias put in; null when there is none, or it is one of the shell, whose gh is asked again. */
async function expanded(words: readonly string[], at: GhPlace): Promise<string[] | null> {
  const place = words.findIndex((word) => !word.startsWith('-'));
  const text = await ghAlias(at, words[place] ?? '');
  const meant = text === null || text.startsWith('!') ? null : splitAlias(text);
  if (!meant) return null;
  const rest = words.slice(place + 1);
  const used = new Set<number>();
  const filled = meant.map((word) =>
    word.replace(/\$(\d)/g, (_whole, digit: string) => {
      used.add(Number(digit) - 1);
      return rest[Number(digit) - 1] ?? '';
    }),
  );
  return [...words.slice(0, place), ...filled, ...rest.filter((_word, at) => !used.has(at))];
}

function textOf(path: string): string | null {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= FILE_BYTES_MAX ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}
