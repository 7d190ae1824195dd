import { allOptions, shownCommands, takesPrograms } from "../args.ts";
import { type Command, common, type Options, type Tool } from "../command.ts";
import { HOSTS_COMMAND, PROGRAMS_COMMAND } from "./hidden-commands.ts";
import { hostOptions, valuedOptions } from "./valued-options.ts";

/**
 * For bash 4.2 or later; it needs nothing else, not even the package bash-completion. Bash also splits words at
 * `=` and `:`: what is contiguous on the line is one word to us, and only what follows the last of
 * these is returned.
 */
export function renderBash(tool: Tool): string {
  const { name } = tool;
  const valued = valuedOptions(tool);
  const hosts = hostOptions(tool);
  return `# Completion of ${name} for bash, as "${name} completion bash" prints it.

_${name}() {
  local -a words=()
  local rest=\${COMP_LINE:0:COMP_POINT} before part index
  for ((index = 0; index <= COMP_CWORD; index++)); do
    before=$rest
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    part=\${COMP_WORDS[index]}
    [[ $index == "$COMP_CWORD" ]] && part=$rest
    if [[ $index != 0 && $before == "$rest" ]]; then
      words[\${#words[@]}-1]+=$part
    else
      words+=("$part")
    fi
    rest=\${rest#"$part"}
  done
  local word=\${words[\${#words[@]}-1]} previous= command= config= plain= taken=$'\\n'
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    part=\${words[index]}
    case $plain$part in
      --) plain=1 ;;
      -c | --config) config=\${words[index + 1]} ;;
      --config=*) config=\${part#*=} ;;
    esac
    case $plain$part in
      ${valued.join(" | ")})
        ((++index))
        previous=$part
        ;;
      -*) ;;
      *)
        if [[ $plain && $part == -- ]]; then continue; fi
        if [[ $command ]]; then taken+=$(_${name}_plain "$part")$'\\n'; else command=$part; fi
        ;;
    esac
  done
  # What stands before the word, if that is the value of it.
  [[ $index == "\${#words[@]}" ]] || previous=
  local options wanted= last=
  case $command in
    '') ${settings(
      allOptions(tool),
      shownCommands(tool).map((one) => one.name),
    )} ;;
${shownCommands(tool)
  .map(
    (one) =>
      `    ${one.name}) ${settings({ ...one.options, ...common }, wantedBy(one))}${lastOf(one)} ;;`,
  )
  .join("\n")}
    *) options= ;;
  esac
  COMPREPLY=()
  local prefix= reply
  if [[ $previous ]]; then
    wanted=files
${hosts.length > 0 ? `    case $previous in ${hosts.join(" | ")}) wanted=hosts ;; esac\n` : ""}\
  elif [[ ! $plain && $word == --*=* ]]; then
    prefix=\${word%%=*}= wanted=files
${hosts.length > 0 ? `    case \${prefix%=} in ${hosts.join(" | ")}) wanted=hosts ;; esac\n` : ""}\
  elif [[ ! $plain && $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    wanted=
  fi
  case $wanted in
    '') ;;
    files)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "\${word#"$prefix"}")
      COMPREPLY=("\${COMPREPLY[@]/#/$prefix}")
      ;;
${takesPrograms(tool) ? programsCase(name) : ""}${hosts.length > 0 ? hostsCase(name) : ""}    *) mapfile -t COMPREPLY < <(compgen -W "$wanted" -- "$word") ;;
  esac
  # What bash takes for words before this one is on the line already.
  local break
  prefix=
  for break in = : @; do
    [[ $COMP_WORDBREAKS == *$break* && $word == *$break* ]] || continue
    part=\${word%"\${word##*$break}"}
    # This one begins a word, and is part of it.
    [[ $break == @ ]] && part=\${part%@}
    ((\${#part} > \${#prefix})) && prefix=$part
  done
  [[ $prefix && $word != [\\"\\']* ]] && COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
  return 0
}

# A word without what quotes it; nothing in it is executed.
_${name}_plain() {
  printf %s "\${1//[\\\\\\'\\"]/}"
}

${takesPrograms(tool) ? askFunction(name) : ""}complete -F _${name} ${name}
`;
}

function programsCase(name: string): string {
  return `    programs)
      local typed
      typed=$(_${name}_plain "$word")
      while IFS= read -r reply; do
        [[ $reply == "$typed"* && $taken != *$'\\n'"$reply"$'\\n'* ]] || continue
        [[ $word == [\\"\\']* ]] || printf -v reply %q "$reply"
        COMPREPLY+=("$reply")
      done < <(
        echo all
        _${name}_ask ${PROGRAMS_COMMAND}
        [[ $last && $taken != $'\\n' ]] && printf '%s\\n' $last
      )
      ;;
`;
}

/** Hosts are separated by commas; no blank follows, since one more may. */
function hostsCase(name: string): string {
  return `    hosts)
      local given
      part=$(_${name}_plain "\${word#"$prefix"}")
      given=\${part%"\${part##*,}"}
      part=\${part##*,}
      while IFS= read -r reply; do
        [[ $reply == "$part"* && ,$given != *,"$reply",* ]] && COMPREPLY+=("$prefix$given$reply")
      done < <(_${name}_ask ${HOSTS_COMMAND})
      compopt -o nospace 2>/dev/null
      ;;
`;
}

function askFunction(name: string): string {
  return `# The names of programs or hosts, from the command that is on the line.
_${name}_ask() {
  local program file
  program=$(_${name}_plain "\${words[0]}")
  file=$(_${name}_plain "$config")
  "\${program/#~\\//$HOME/}" "$1" \${file:+-c "\${file/#~\\//$HOME/}"} 2>/dev/null
}

`;
}

/** Assignments to `options` and `wanted`. */
function settings(options: Options, wanted: string | readonly string[]): string {
  const names = Object.keys(options).map((name) => `--${name}`);
  const words = typeof wanted === "string" ? wanted : wanted.join(" ");
  return `options='${names.join(" ")}' wanted='${words}'`;
}

/** What may follow the names of programs. */
function lastOf({ arguments: wanted }: Command): string {
  const last = wanted?.kind === "programs" ? wanted.last : undefined;
  return last === undefined ? "" : ` last='${last.words.join(" ")}'`;
}

function wantedBy({ arguments: wanted }: Command): string | readonly string[] {
  if (wanted === undefined) return "";
  if (wanted.kind === "word") return wanted.what === "file" ? "files" : "";
  return wanted.kind === "choice" ? wanted.words : wanted.kind;
}
