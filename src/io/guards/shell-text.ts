/**
 * What hook and wrappers are made of: texts in plain sh. They decide only what needs no asking, so that work on branches
 * starts no further program; everything else goes to the guard program. All that is put into them is quoted; nothing in
 * them is evaluated.
 */

/** What is put into the texts. */
export interface ShellFacts {
  /** Repository id; a file may carry the guards of several. */
  repoId: string;
  /** Main branch without refs/heads/. */
  main: string;
  /** Words that start the guard program: node, and telec's own script. */
  program: readonly string[];
  /** The guards' file, see `guard-file.ts`. */
  guardFile: string;
}

export interface WrapperFacts extends ShellFacts {
  /** Folder the wrapper stands in. */
  bin: string;
}

export const WRAPPED = ['git', 'gh'] as const;
export type Wrapped = (typeof WRAPPED)[number];

/** A word as sh takes it literally. */
export const shellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

const words = (list: readonly string[]): string => list.map(shellWord).join(' ');

const GONE = 'the guard program of telec is gone or failed, so it cannot be asked who may move main';
const GONE_HINT = 'telec guard install puts it back; your own branch is not hindered';

const refusal = (marker: string): string =>
  [
    `printf '%s\\n' ${shellWord(`GUARDRAIL_MARKER: ${marker}`)} 'ERROR: MAIN_GUARDRAIL_BLOCKED' \\`,
    `      ${shellWord(`error: ${GONE}`)} ${shellWord(`hint: ${GONE_HINT}`)} >&2`,
  ].join('\n    ');

/** True in sh while all that starts the guard program is there. */
const isThere = (program: readonly string[]): string =>
  program.map((path, place) => `[ ${place === 0 ? '-x' : '-f'} ${shellWord(path)} ]`).join(' && ');

export const blockBegin = (repoId: string): string => `# >>> telec guard of ${repoId} >>>`;
export const blockEnd = (repoId: string): string => `# <<< telec guard of ${repoId} <<<`;

/**
 * The part of a pre-push hook that is telec's. It takes stdin, and gives it back to whatever stands behind it. A line
 * on stdin is `<local> <id> <ref> <id>`; the first word may hold blanks, so the text is searched, not split. Where the
 * hook is `shared` with other repositories, it asks only in clones that carry this repository's id.
 */
export function hookBlock({ repoId, main, program, guardFile }: ShellFacts, shared = false): string {
  const own = `telec_of=$(cat "$(git rev-parse --git-common-dir)/telec/repo_id" 2>/dev/null) || :
    if [ "$telec_of" != ${shellWord(repoId)} ]; then
      telec_status=0
    elif `;
  const guarded = [`refs/heads/${main} `, 'refs/telec/', 'refs/heads/refs/', 'refs/tags/refs/'];
  const patterns = guarded.map((ref) => `*${shellWord(` ${ref}`)}*`).join(' | ');
  return `${blockBegin(repoId)} (telec guard uninstall takes it out)
telec_refs=$(cat)
case $telec_refs in
  ${patterns})
    telec_status=70
    ${shared ? own : 'if '}${isThere(program)}; then
      telec_status=0
      printf '%s\\n' "$telec_refs" | ${words(program)} guard check --hook pre-push --from ${shellWord(guardFile)} -- "$@" || telec_status=$?
    fi
    case $telec_status in
      0) ;;
      1) exit 1 ;;
      *)
        ${refusal('TELEC_PRE_PUSH_MAIN_GUARD_BLOCK')}
        exit 1
        ;;
    esac
    ;;
esac
if [ -n "$telec_refs" ]; then
  exec <<TELEC_REFS
$telec_refs
TELEC_REFS
else
  exec </dev/null
fi
${blockEnd(repoId)}
`;
}

/** Where a hook that is no shell script is kept while telec's own stands in its place. */
export const KEPT = 'pre-push.telec-kept';

/** A hook of telec's own, around the blocks. */
export const OWN_HEAD = `#!/bin/sh
# Made by telec (telec guard install). A hook that was here before is kept beside it and called at the end.
`;
export const OWN_TAIL = `if [ -f "\${0%/*}/${KEPT}" ] && [ -x "\${0%/*}/${KEPT}" ]; then
  exec "\${0%/*}/${KEPT}" "$@"
fi
`;

/** First line of each wrapper, by which it is known. */
export const wrapperMark = (name: Wrapped, repoId: string): string =>
  `# telec guard: wrapper of ${name} for ${repoId}, made by telec guard install`;

/** Finds the real program: the first in PATH behind the wrapper's own folder, so that several wrappers end in it. */
const find = (name: Wrapped, bin: string): string => `telec_bin=${shellWord(bin)}
telec_real=
set -f
IFS=:
for telec_dir in $PATH; do
  [ -n "$telec_dir" ] || telec_dir=.
  if [ "$telec_dir" -ef "$telec_bin" ]; then
    telec_real=
  elif [ -z "$telec_real" ] && [ -f "$telec_dir/${name}" ] && [ -x "$telec_dir/${name}" ]; then
    telec_real=$telec_dir/${name}
  fi
done
if [ -z "$telec_real" ]; then
  for telec_dir in $PATH; do
    [ -f "$telec_dir/.telec-wrappers" ] && continue
    [ -f "$telec_dir/${name}" ] && [ -x "$telec_dir/${name}" ] && telec_real=$telec_dir/${name} && break
  done
fi
unset IFS
set +f
if [ -z "$telec_real" ]; then
  echo 'telec: there is no ${name} in PATH' >&2
  exit 127
fi
`;

/** Commands of git that neither push nor name an alias; git lets no alias hide one of its own commands. */
const HARMLESS_GIT =
  'add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore check-mailmap ' +
  'check-ref-format checkout checkout-index cherry cherry-pick clean clone column commit commit-graph commit-tree config ' +
  'count-objects credential describe diff diff-files diff-index diff-tree difftool fast-export fast-import fetch fetch-pack ' +
  'fmt-merge-msg for-each-ref format-patch fsck gc get-tar-commit-id grep hash-object help hook index-pack ' +
  'init init-db interpret-trailers log ls-files ls-remote ls-tree mailinfo mailsplit maintenance merge merge-base merge-file ' +
  'merge-index merge-tree mergetool mktag mktree multi-pack-index mv name-rev notes pack-objects pack-redundant pack-refs ' +
  'patch-id prune prune-packed pull range-diff read-tree rebase reflog remote repack replace rerere reset restore rev-list ' +
  'rev-parse revert rm shortlog show show-branch show-index show-ref sparse-checkout stash status stripspace switch ' +
  'symbolic-ref tag unpack-file unpack-objects update-index update-ref update-server-info upload-archive upload-pack var ' +
  'verify-commit verify-pack verify-tag version whatchanged worktree write-tree';

/** Commands of gh that move no branch; only those need none of its aliases looked up. */
const HARMLESS_GH =
  'accessibility agent-task alias attestation auth browse cache codespace completion config extension gist gpg-key help ' +
  'issue label licenses org preview project release ruleset run search secret ssh-key status variable version workflow';

const alternatives = (names: string): string => names.replaceAll(' ', ' | ');

const skipGit = `telec_word=
telec_skip=
for telec_arg do
  if [ -n "$telec_skip" ]; then
    telec_skip=
    continue
  fi
  case $telec_arg in
    -C | -c | --git-dir | --work-tree | --namespace | --super-prefix | --config-env | --attr-source) telec_skip=1 ;;
    -*) ;;
    *)
      telec_word=$telec_arg
      break
      ;;
  esac
done
case $telec_word in
  '' | ${alternatives(HARMLESS_GIT)}) exec "$telec_real" "$@" ;;
esac
`;

const skipGh = `telec_word=
telec_ask=
for telec_arg do
  case $telec_arg in
    -*) ;;
    *) [ -n "$telec_word" ] || telec_word=$telec_arg ;;
  esac
  case $telec_arg in
    merge | sync) telec_ask=1 ;;
  esac
done
case $telec_word in
  '' | ${alternatives(HARMLESS_GH)}) exec "$telec_real" "$@" ;;
  pr | repo) [ -n "$telec_ask" ] || exec "$telec_real" "$@" ;;
esac
`;

/** What may go on although nobody can be asked: what the hook meets too, and what only reads. */
const unasked: Readonly<Record<Wrapped, string>> = {
  git: `case "$telec_word $* \${GIT_CONFIG_PARAMETERS-}" in
    send-pack* | http-push* | *--no-v* | *[Hh][Oo][Oo][Kk][Ss][Pp][Aa][Tt][Hh]*) ;;
    *) [ -n "\${GIT_CONFIG_COUNT-}" ] || exec "$telec_real" "$@" ;;
  esac`,
  gh: `case "$telec_word $* " in
    api\\ *\\ -[XfF]* | api\\ *\\ --method* | api\\ *\\ --*field* | api\\ *\\ --input* | api\\ *graphql*) ;;
    api\\ *) exec "$telec_real" "$@" ;;
  esac`,
};

const MARKERS: Readonly<Record<Wrapped, string>> = {
  git: 'TELEC_GIT_PUSH_MAIN_GUARD_BLOCK',
  gh: 'TELEC_GH_MAIN_MERGE_GUARD_BLOCK',
};

/** The wrapper of one program: the real one is started once, in its place, or not at all. */
export function wrapperText(name: Wrapped, facts: WrapperFacts): string {
  const { program, guardFile, bin, repoId } = facts;
  return `#!/bin/sh
${wrapperMark(name, repoId)}
${find(name, bin)}${name === 'git' ? skipGit : skipGh}telec_status=70
if ${isThere(program)}; then
  telec_status=0
  ${words(program)} guard check --tool ${name} --from ${shellWord(guardFile)} -- "$@" </dev/null || telec_status=$?
else
  ${unasked[name]}
fi
case $telec_status in
  0) exec "$telec_real" "$@" ;;
  1) exit 1 ;;
esac
${refusal(MARKERS[name]).replace(/^ {4}/gm, '')}
exit 1
`;
}
