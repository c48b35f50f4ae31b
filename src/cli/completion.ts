/**
 * Completion scripts for bash, zsh and fish, made by walking the command table. Completes what the table knows
 * (commands, options, choices); everything else is left to the shell's file names.
 */
import type { Command, Option } from 'commander';

/** One place in the command tree. `path` is the words after `telec`, joined by blanks. */
interface Place {
  path: string;
  commands: { name: string; about: string }[];
  options: { flags: string[]; about: string; takesValue: boolean; choices: readonly string[] }[];
  choices: readonly string[];
}

/** All places of the program, the top one first. */
function places(command: Command, path: string[] = [], inherited: readonly Option[] = []): Place[] {
  const options = [...command.options, ...inherited];
  const children = command.commands;
  const place: Place = {
    path: path.join(' '),
    commands: children.map((child) => ({ name: child.name(), about: child.summary() || child.description() })),
    options: options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      about: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
  return [place, ...children.flatMap((child) => places(child, [...path, child.name()], options))];
}

/** A single-quoted word of bash and zsh. */
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A case that sets `words` by place, shared by bash and zsh: `at` holds the path, `previous` the word before. */
function tree(all: Place[]): string {
  const values = all.flatMap((place) =>
    place.options
      .filter((option) => option.takesValue)
      .flatMap((option) => option.flags.map((flag) => [`${place.path}|${flag}`, option.choices.join(' ')] as const)),
  );
  const valueCases = values.map(([key, words]) => `    ${quote(key)}) words=${quote(words)}; return 0 ;;`);
  const placeCases = all.map((place) => {
    const words = [
      ...place.commands.map((child) => child.name),
      ...place.choices,
      ...place.options.flatMap((option) => option.flags),
      '--help',
    ];
    return `    ${quote(place.path)}) words=${quote(words.join(' '))} ;;`;
  });
  const paths = all.map((place) => quote(place.path)).filter((path) => path !== "''");
  const takers = [
    ...new Set(
      all
        .flatMap((place) => place.options)
        .filter((option) => option.takesValue)
        .flatMap((option) => option.flags),
    ),
  ];
  return `# Finds the command the words before the cursor name, skipping options and their values.
__telec_words() {
  local at='' previous='' word
  for word in "$@"; do
    case "$previous" in ${takers.map(quote).join('|')}) previous=''; continue ;; esac
    case "$word" in -*) previous="$word"; continue ;; esac
    case "\${at:+$at }$word" in ${paths.join('|')}) at="\${at:+$at }$word" ;; esac
    previous=''
  done
  words=''
  case "$at|$previous" in
${valueCases.join('\n')}
  esac
  case "$at" in
${placeCases.join('\n')}
  esac
}`;
}

function bash(all: Place[]): string {
  return `# telec completion for bash
${tree(all)}
__telec_complete() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  __telec_words "\${COMP_WORDS[@]:1:COMP_CWORD-1}"
  COMPREPLY=()
  local IFS=$' \\t\\n'
  while read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
}
complete -o default -F __telec_complete telec
`;
}

function zsh(all: Place[]): string {
  return `#compdef telec
# telec completion for zsh
${tree(all).replace('local at=', 'emulate -L zsh\n  local at=')}
_telec() {
  local current=$CURRENT typed=("\${(@)words[2,CURRENT-1]}")
  local found
  found=$(words=''; __telec_words "\${typed[@]}"; print -r -- "$words")
  if [[ -n "$found" ]]; then compadd -- \${=found}; else _files; fi
}
if [[ "$funcstack[1]" = _telec ]]; then _telec "$@"; else compdef _telec telec; fi
`;
}

function fish(all: Place[]): string {
  const lines = ['# telec completion for fish', 'complete -c telec -f'];
  const fishQuote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  for (const place of all) {
    const steps = place.path === '' ? [] : place.path.split(' ');
    const inside = steps.map((step) => `__fish_seen_subcommand_from ${step}`);
    const names = place.commands.map((child) => child.name).join(' ');
    const here = [...inside, ...(names ? [`not __fish_seen_subcommand_from ${names}`] : [])].join('; and ');
    const when = here ? ` -n ${fishQuote(here)}` : '';
    for (const child of place.commands)
      lines.push(`complete -c telec${when} -a ${child.name} -d ${fishQuote(child.about)}`);
    for (const choice of place.choices) lines.push(`complete -c telec${when} -a ${choice}`);
    for (const option of place.options) {
      if (steps.length > 0 && all[0]?.options.some((global) => global.flags[0] === option.flags[0])) continue;
      const flags = option.flags
        .map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
        .join(' ');
      const value = option.takesValue
        ? ` -r${option.choices.length > 0 ? ` -a ${fishQuote(option.choices.join(' '))}` : ''}`
        : '';
      const condition = steps.length === 0 ? '' : when;
      lines.push(`complete -c telec${condition} ${flags}${value} -d ${fishQuote(option.about)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The script for `shell`, which is one of those the program offers. */
export function completionScript(program: Command, shell: string): string {
  const all = places(program);
  if (shell === 'zsh') return zsh(all);
  return shell === 'fish' ? fish(all) : bash(all);
}
