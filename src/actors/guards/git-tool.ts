/**
 * What a git command would move of the guarded refs, before it runs. Most pushes are told by their words alone; where
 * they do not say, the pre-push hook meets the push anyway, and where that is not in force git is asked to push dry.
 */
import {
  dryRunWords,
  type PushWords,
  type Refspec,
  readGitWords,
  readPushWords,
  readRefspec,
  readSendPack,
  splitAlias,
} from '../../io/guards/git-words.ts';
import type { GuardFile } from '../../io/guards/guard-file.ts';
import { meets } from '../../io/guards/hook-file.ts';
import { readDryRun } from '../../io/guards/push-lines.ts';
import { aliasOf, commitAt, dryRun, type GitPlace, hookOf, mapsNames, pushUrls } from '../../io/guards/user-git.ts';
import { plain } from '../../io/plain-text.ts';
import { type GuardMove, isGuardedRef, mayBeGuarded } from '../../machines/guard.ts';
import { type Ground, groundOf, isOurs, mainRefOf, type Sought, seek } from './sought.ts';

/** An alias may name another one; git itself refuses those that go in circles. */
const ALIASES_MAX = 20;

export async function soughtByGit(
  words: readonly string[],
  file: GuardFile,
  { cwd, env }: Omit<GitPlace, 'globals'>,
  depth = 0,
): Promise<Sought | null> {
  const { globals, command, rest } = readGitWords(words);
  const at = { cwd, env, globals };
  switch (command) {
    case null:
      return null;
    case 'push':
      return ofPush(at, rest, file);
    case 'send-pack':
    case 'http-push':
      return ofSendPack(at, rest, file);
    default: {
      const text = depth < ALIASES_MAX ? await aliasOf(at, command) : null;
      // What an alias of the shell does, only the hook sees.
      const meant = text === null || text.startsWith('!') ? null : splitAlias(text);
      return meant && soughtByGit([...globals, ...meant, ...rest], file, { cwd, env }, depth + 1);
    }
  }
}

/** How much a refspec says: it moves a guarded ref, it moves none, or that depends on what git makes of it. */
type Reading = { kind: 'guarded'; from: string; to: string } | { kind: 'free' } | { kind: 'open' };

function readingOf({ from, to, pattern }: Refspec, main: string, mapped: boolean): Reading {
  if (pattern) return { kind: 'open' };
  const target = to === null || to === '' ? from : to;
  const full = target.startsWith('refs/') ? target : `refs/heads/${target.replace(/^heads\//, '')}`;
  if (to !== null && isGuardedRef(full, main)) return { kind: 'guarded', from, to: full };
  if (mayBeGuarded(target, main)) return { kind: 'open' };
  if (to !== null) return { kind: 'free' };
  // A name alone: git may send it elsewhere, and names like HEAD or HEAD~ are no names of branches.
  const named = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(from) && from !== 'HEAD';
  return named && !mapped ? { kind: 'free' } : { kind: 'open' };
}

/** Refspecs of a push; `tag x` is short for a tag, and what is to be deleted is named alone. */
function specsOf({ names, options }: PushWords): Refspec[] {
  const specs: Refspec[] = [];
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] ?? '';
    if (name === 'tag' && at + 1 < names.length) {
      at += 1;
      specs.push({ from: `refs/tags/${names[at]}`, to: `refs/tags/${names[at]}`, pattern: false });
    } else if (options.has('delete')) specs.push({ from: '', to: name, pattern: false });
    else specs.push(readRefspec(name));
  }
  return specs;
}

async function ofPush(at: GitPlace, rest: string[], file: GuardFile): Promise<Sought | null> {
  const main = mainRefOf(file);
  const push = readPushWords(rest);
  const { remote, names, options } = push;
  if (options.has('dry-run') || options.has('help')) return null;
  const specs = specsOf(push);
  const mapped = specs.some(({ to, pattern }) => to === null && !pattern) && (await mapsNames(at));
  const readings = specs.map((spec) => readingOf(spec, main, mapped));
  const wide = names.length === 0 || ['all', 'branches', 'mirror', 'tags', 'prune'].some((name) => options.has(name));
  if (!wide && readings.every(({ kind }) => kind === 'free')) return null;
  const ground = await groundOf(file, at);
  const leadsHere = (url: string) => isOurs(file, url, ground.top);
  const urls = remote === null ? null : await pushUrls(at, remote);
  if (urls && !urls.some(leadsHere)) return null;
  const guarded = readings.flatMap((reading) => (reading.kind === 'guarded' ? [reading] : []));
  if (guarded.length > 0 && (urls ?? [remote ?? '']).some(leadsHere)) return seek(ground, await movesOf(at, guarded));
  const hook = options.has('no-verify') ? null : await hookOf(at);
  if (hook !== null && meets(hook, file.repo_id, ground.commonDir)) return null;
  return byDryRun(at, rest, { ground, main, leadsHere });
}

function movesOf(at: GitPlace, readings: { from: string; to: string }[]): Promise<GuardMove[]> {
  const shaOf = async (from: string) => (from === '' ? null : commitAt(at, from));
  return Promise.all(readings.map(async ({ from, to }) => ({ ref: to, sha: await shaOf(from) })));
}

interface DryRun {
  ground: Ground;
  main: string;
  leadsHere(url: string): boolean;
}

async function byDryRun(at: GitPlace, rest: string[], { ground, main, leadsHere }: DryRun): Promise<Sought | null> {
  const { ok, lines, said } = await dryRun(at, dryRunWords(rest));
  if (ok) {
    const guarded = readDryRun(lines).filter(({ url, to }) => isGuardedRef(to, main) && leadsHere(url));
    return seek(ground, await movesOf(at, guarded));
  }
  // What git cannot even try moves nothing. In a clone of ours it was made to pass the hook by, and may work the next time.
  if (!ground.registered) return null;
  return seek(ground, [], `what this push would move cannot be told without its hook: ${plain(said.trim(), 300)}`);
}

/** The plumbing below push: no hook is run for it, and it takes a URL as it stands. */
async function ofSendPack(at: GitPlace, rest: string[], file: GuardFile): Promise<Sought | null> {
  const main = mainRefOf(file);
  const { url, names, blind } = readSendPack(rest);
  if (url === null) return null;
  const ground = await groundOf(file, at);
  if (!isOurs(file, url, ground.top)) return null;
  const readings = names.map((name) => {
    const { from, to, pattern } = readRefspec(name);
    return readingOf({ from, to: to ?? from, pattern }, main, false);
  });
  const guarded = readings.flatMap((reading) => (reading.kind === 'guarded' ? [reading] : []));
  if (guarded.length > 0) return seek(ground, await movesOf(at, guarded));
  if (!blind && readings.every(({ kind }) => kind === 'free')) return null;
  return seek(ground, [], 'what this would move cannot be told from its words; name the branches, or use git push');
}
