/** Questions of the guard to the real gh, with the user's own sign-in. Reads only. */
import { execFile } from 'node:child_process';

const QUESTION_MS = 30_000;

export interface GhPlace {
  cwd: string;
  env: Record<string, string>;
}

/** What gh printed, without its last line end; `failed` says why there is no answer. */
export function askGh(place: GhPlace, args: readonly string[]): Promise<{ text: string } | { failed: string }> {
  return new Promise((resolve) => {
    const options = {
      cwd: place.cwd,
      env: { ...place.env, GH_PROMPT_DISABLED: '1', NO_COLOR: '1' },
      timeout: QUESTION_MS,
    };
    execFile('gh', [...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve({ text: stdout.replace(/\n$/, '') });
      resolve({ failed: stderr.trim().split('\n').at(-1) || error.message });
    });
  });
}

/** The branch a pull request is merged into. */
export function baseOf(place: GhPlace, pull: string | null, repo: string | null): ReturnType<typeof askGh> {
  const named = pull === null ? [] : ['--', pull];
  const of = repo === null ? [] : ['--repo', repo];
  return askGh(place, ['pr', 'view', ...of, '--json', 'baseRefName', '--jq', '.baseRefName', ...named]);
}

/** What an alias stands for; null when there is none of that name. */
export async function ghAlias(place: GhPlace, name: string): Promise<string | null> {
  const answer = await askGh(place, ['alias', 'list']);
  if ('failed' in answer) return null;
  const line = answer.text.split('\n').find((each) => each.startsWith(`${name}:`));
  const text = line?.slice(name.length + 1).trim();
  if (!text) return null;
  // The list is YAML: a text with unusual characters stands in quotes.
  const [, single, double] = /^(?:'(.*)'|"(.*)")$/.exec(text) ?? [];
  return single?.replaceAll("''", "'") ?? double?.replaceAll('\\"', '"') ?? text;
}
