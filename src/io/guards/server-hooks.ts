/**
 * The two hooks of a bare repository that guard main where it lies, as texts in POSIX sh. They ask the fence ref of the
 * repository they stand in and nothing else; a push that touches neither main nor telec's refs starts no process in
 * them. Owns what they refuse; how they get into a repository is `server-install.ts`'s.
 *
 * `reference-transaction` is the one that holds: main moves only forward, and only together with the next fence. It
 * runs for packing, too, which it lets through. `update` runs for pushes alone, before anything is touched, so what it
 * refuses is reported ref by ref; it keeps refs away that git would confuse with main, and says early and in a friendly
 * way what the other would refuse without a report.
 */

/** What the texts are made for. */
export interface ServerRules {
  /** Name of the main branch, without refs/heads/. */
  main: string;
  /** Each fence must be signed by a key of the file `signers` beside the hooks. */
  signed: boolean;
  /** The file system takes names that differ in the case of letters for one. */
  ignoreCase: boolean;
}

export const SERVER_HOOKS = ['update', 'reference-transaction'] as const;
export type ServerHook = (typeof SERVER_HOOKS)[number];

/** Folder below that of the hooks which holds what belongs to telec. */
export const GUARD_FOLDER = 'telec-guard';
/** In it: the public keys that may sign a fence. */
export const SIGNERS_FILE = 'signers';
/** First words of the second line, by which a hook of telec is known. */
export const HOOK_SIGN = '# telec guard:';
/** The marker that each refusal prints first. */
export const SERVER_MARKER = 'TELEC_SERVER_MAIN_GUARD_BLOCK';

const FENCE_REF = 'refs/telec/fence';
const EMPTY_TREE = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};
/** Trailers as they are read, each behind the letter that keeps an empty one on a line of its own. */
const FIELDS = [
  ['f', 'Telec-Fence'],
  ['s', 'Telec-Seq'],
  ['m', 'Telec-Main'],
  ['r', 'Telec-Repo'],
  ['p', 'Telec-Permit'],
  ['u', 'Telec-Permit-Until'],
  ['b', 'Telec-Books'],
] as const;
/** Lines of one commit: its id, tree and parents before the trailers. */
const LINES = FIELDS.length + 3;

/** The whole text of one hook. */
export function serverHook(name: ServerHook, rules: ServerRules): string {
  const head = [
    '#!/bin/sh',
    `${HOOK_SIGN} ${name}. Written by: telec guard install --server. Taken away by: telec guard uninstall --server.`,
    `main=${quoted(rules.main)}`,
    `main_ref=${quoted(`refs/heads/${rules.main}`)}`,
    '',
  ].join('\n');
  return `${head}${name === 'update' ? update(rules) : referenceTransaction(rules)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The ref as a pattern of `case`; letters in both cases where the file system does not tell them apart. */
function pattern(ref: string, ignoreCase: boolean): string {
  if (!ignoreCase) return quoted(ref);
  return [...ref]
    .map((letter) => {
      const [low, high] = [letter.toLowerCase(), letter.toUpperCase()];
      return low !== high && low.length === 1 && high.length === 1 ? `[${low}${high}]` : quoted(letter);
    })
    .join('');
}

const COMMON = `
refuse() {
  printf '%s\\n' 'GUARDRAIL_MARKER: ${SERVER_MARKER}' 'ERROR: MAIN_GUARDRAIL_BLOCKED' "$@" >&2
  exit 1
}

# Which replacements and settings of the caller git would follow must not decide what a fence says.
ask() { LC_ALL=C GIT_NO_REPLACE_OBJECTS=1 command git -c trailer.separators=: "$@" 2>/dev/null; }

is_none() { case $1 in *[!0]*) return 1 ;; esac; }

is_number() { case $1 in '' | 0* | *[!0123456789]* | ????????????????*) return 1 ;; esac; }

# The value of a full ref, nothing when it does not exist. By its whole name: git would look elsewhere otherwise.
value_of() { ask show-ref --verify --hash "$1" || :; }

# Calls "$1" with what the commits say, ${LINES} words for each; fails when one is no commit.
with_facts() {
  then_do=$1
  shift
  facts=$(ask rev-list --no-walk=unsorted --format='t%T%np%P%n${FIELDS.map(
    ([letter, key]) => `${letter}%(trailers:key=${key},valueonly,unfold,separator=%x2C)`,
  ).join('%n')}' "$@" --) || return 1
  kept_ifs=$IFS
  set -f
  IFS='
'
  set -- $facts
  IFS=$kept_ifs
  set +f
  "$then_do" "$@"
}

take() {
  [ $# -ge ${LINES} ] || return 1
  id=\${1#commit } tree=\${2#t} parents=\${3#p}
  ${FIELDS.map(([letter], at) => `${letter}=\${${at + 4}#${letter}}`).join(' ')}
}
`;

const PERMIT = `
# Whether the fence as it is lets main be brought to $1 by hand, until its time is over.
is_permitted() {
  at=$(value_of ${FENCE_REF})
  [ -n "$at" ] && with_facts take "$at" && [ "$p" = "$1" ] && is_number "$u" && [ "$(date +%s)" -lt "$u" ]
}
`;

const signed = `
is_signed() {
  case $0 in */${GUARD_FOLDER}/*) signers=\${0%/*}/${SIGNERS_FILE} ;; *) signers=\${0%/*}/${GUARD_FOLDER}/${SIGNERS_FILE} ;; esac
  # A signature of another kind would be judged by whatever keys the caller has.
  ask -c gpg.format=ssh -c gpg.ssh.program=ssh-keygen -c gpg.ssh.allowedSignersFile="$signers" \\
    -c gpg.openpgp.program=false -c gpg.program=false -c gpg.x509.program=false \\
    -c gpg.minTrustLevel=fully verify-commit "$1"
}
`;

function update({ main, signed: withKey, ignoreCase }: ServerRules): string {
  const ref = pattern(`refs/heads/${main}`, ignoreCase);
  const own = (text: string) => pattern(text, ignoreCase);
  return `case $1 in
  ${ref} | ${own('refs/telec/')}* | ${own('refs/heads/refs/')}* | ${own('refs/tags/refs/')}*) ;;
  *) exit 0 ;;
esac
ref=$1 new=$3
${COMMON}${PERMIT}${withKey ? signed : ''}
if is_none "$new"; then
  case $ref in
    "$main_ref" | ${FENCE_REF}) ;;
    # In the way of main or of the fence: taking it away is the mend.
    ${own('refs/heads/refs/')}* | ${own('refs/tags/refs/')}* | ${own(`${FENCE_REF}/`)}*) exit 0 ;;
  esac
  refuse "$ref is not to be deleted: main and the fence belong to telec."
fi
case $ref in
  "$main_ref") ;;
  ${FENCE_REF})${withKey ? '\n    is_signed "$new" || refuse "The fence must be signed with the key of the integrator." "Where the integrator runs: telec guard install --server --key <its key>"' : ''}
    exit 0
    ;;
  ${ref}) refuse "$ref is the same file as $main_ref here." 'Choose another name for the branch.' ;;
  ${own(`${FENCE_REF}/`)}*) ;;
  ${own('refs/telec/')}*) refuse "$ref is not for pushing: what is below refs/telec/ belongs to telec." ;;
esac
case $ref in
  "$main_ref") ;;
  *) refuse "$ref is a name that git confuses with main or the fence." "Choose another name for it." ;;
esac
# What an integrator brings names its fence. Whether the fence moves with it is seen by reference-transaction.
looks_brought() {
  take "$@" || return 1
  brought=$f
  [ -n "$b" ] && return 0
  shift ${LINES}
  take "$@" && is_number "$brought" && is_number "$f" && [ "$brought" -ge "$f" ]
}
with_facts looks_brought "$new" ${FENCE_REF} && exit 0
is_permitted "$new" && exit 0
refuse "$main is moved by telec's integrator alone." 'Hand your branch over instead: telec submit' \\
  'A person may be let through once: telec guard allow <commit> --reason "..."'
`;
}

function referenceTransaction({ main, signed: withKey, ignoreCase }: ServerRules): string {
  const ref = pattern(`refs/heads/${main}`, ignoreCase);
  return `[ "$1" = prepared ] || exit 0
main_old='' main_new='' fence_old='' fence_new=''
while read -r old new ref; do
  case $ref in
    ${ref}) main_old=$old main_new=$new ;;
    ${pattern(FENCE_REF, ignoreCase)}) fence_old=$old fence_new=$new ;;
  esac
done
[ -n "$main_new$fence_new" ] || exit 0
${COMMON}${PERMIT}${withKey ? signed : ''}
# Sets now to the old value of ref $1: $2 as the transaction names it, else as it is, since git names none where none
# was asked for.
look_before() {
  now=$2
  if is_none "$now"; then now=$(value_of "$1"); fi
}

# Packing writes a ref into one file and then takes the loose one away. Whoever deletes leaves it in neither.
is_packed() {
  is_none "$2" && return 1
  packed=$(ask rev-parse --git-path packed-refs) && command grep -q -x -F -e "$2 $1" "$packed" 2>/dev/null
}

# What is wrong with the new fence, in why; read from it and the one before in one go.
judge() {
  [ "$#" -eq ${LINES} ] || [ "$#" -eq ${2 * LINES} ] || return 1
  take "$@"
  case $\{#id} in 40) empty=${EMPTY_TREE[40]} ;; *) empty=${EMPTY_TREE[64]} ;; esac
  why='The fence is malformed.'
  [ "$id" = "$fence_new" ] && [ "$tree" = "$empty" ] && is_number "$f" && is_number "$s" && [ "$m" = "$main" ] && [ -n "$r" ] || return 1
  why='The fence does not follow the one that is here.'
  [ "$parents" = "$fence_now" ] || return 1
  if [ -n "$fence_now" ]; then
    new_f=$f new_s=$s new_r=$r
    shift ${LINES}
    take "$@" || return 1
    is_number "$f" && is_number "$s" || return 1
    why='The fence is older than the one that is here.'
    [ "$new_f" -ge "$f" ] || return 1
    why='The fence is out of its sequence.'
    [ "$new_s" -eq "$((s + 1))" ] || return 1
    why='The fence belongs to another repository.'
    [ "$new_r" = "$r" ] || return 1
  fi
  why=''
}

check_fence() {
  why='The fence is no commit.'
  with_facts judge "$fence_new" $fence_now || refuse "$why" 'Only an integrator that holds the lease moves the fence.'
${withKey ? `  is_signed "$fence_new" || refuse 'The fence is not signed with the key of the integrator.'\n` : ''}}

fence_moves=''
if [ -n "$fence_new" ]; then
  look_before ${FENCE_REF} "$fence_old"
  fence_now=$now
  if is_none "$fence_new"; then
    is_packed ${FENCE_REF} "$fence_old" || refuse '${FENCE_REF} is not to be deleted.'
  elif [ "$fence_new" != "$fence_now" ]; then
    check_fence
    fence_moves=1
  fi
fi
[ -n "$main_new" ] || exit 0
if is_none "$main_new"; then
  is_packed "$main_ref" "$main_old" || refuse "$main is not to be deleted."
  exit 0
fi
look_before "$main_ref" "$main_old"
[ "$main_new" != "$now" ] || exit 0
[ -n "$fence_moves" ] || is_permitted "$main_new" ||
  refuse "$main moves only together with the next fence, by telec's integrator." 'Hand your branch over instead: telec submit'
[ -z "$now" ] || ask merge-base --is-ancestor "$now" "$main_new" || refuse "$main is never rewound."
exit 0
`;
}
