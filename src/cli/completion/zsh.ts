import { allOptions, shownCommands, takesPrograms } from "../args.ts";
import { type Command, common, type Option, type Options, type Tool } from "../command.ts";
import { HOSTS_COMMAND, PROGRAMS_COMMAND } from "./hidden-commands.ts";

/** For zsh 5.0 or later: a file of `$fpath`, or to be sourced after compinit. */
export function renderZsh(tool: Tool): string {
  const { name } = tool;
  const commands = shownCommands(tool);
  return `#compdef ${name}
# Completion of ${name} for zsh, as "${name} completion zsh" prints it.

_${name}() {
  local curcontext="$curcontext" context state state_descr line program=$words[1] config ret=1
  local -A opt_args
  _arguments -C -s -S -A "-*" \\
${specs(allOptions(tool), name)} \\
    '1:command:->command' \\
    '*::word:->word' && ret=0
  config=\${opt_args[-c]:-$opt_args[--config]}
  case $state in
    command)
      local -a commands=(
${commands.map((one) => `        ${quote(`${one.name}:${one.summary}`)}`).join("\n")}
      )
      _describe -t commands command commands && ret=0
      ;;
    word)
      curcontext="\${curcontext%:*:*}:${name}-$words[1]:"
      case $words[1] in
${commands.map((one) => indent(describeCommand(one, name))).join("\n")}
      esac
      ;;
  esac
  return ret
}

${takesPrograms(tool) ? askFunctions(name) : ""}if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
elif (( $+functions[compdef] )); then
  compdef _${name} ${name}
fi
`;
}

function askFunctions(name: string): string {
  return `# The names of programs or hosts, from the command that is on the line.
_${name}_ask() {
  local file=\${opt_args[-c]:-\${opt_args[--config]:-$config}}
  local -a call=(\${(Q)program} $1)
  [[ -n $file ]] && call+=(-c \${(Q)file})
  "\${(@)call/#\\~\\//$HOME/}" 2>/dev/null
}

_${name}_programs() {
  local -a names taken=(\${(Q)words[2,CURRENT-1]})
  names=(all \${(f)"$(_${name}_ask ${PROGRAMS_COMMAND})"})
  names=(\${names:|taken})
  local expl
  _wanted programs expl program compadd -a names
}

_${name}_hosts() {
  local -a names=(\${(f)"$(_${name}_ask ${HOSTS_COMMAND})"})
  local expl
  _wanted hosts expl host compadd "$@" -a names
}

`;
}

function describeCommand(
  { name: command, arguments: wanted, options }: Command,
  tool: string,
): string {
  const last = wanted?.kind === "programs" ? wanted.last : undefined;
  const programs =
    last === undefined
      ? `_${tool}_programs`
      : `{ _${tool}_programs; (( CURRENT > 2 )) && compadd ${last.words.join(" ")} }`;
  const words =
    wanted === undefined
      ? []
      : wanted.kind === "programs"
        ? [`    '*:program:${programs}'`]
        : wanted.kind === "files"
          ? ["    '*:file:_files'"]
          : wanted.kind === "word"
            ? [`    '1:${wanted.what}:${wanted.what === "file" ? "_files" : " "}'`]
            : [`    '1:${wanted.what}:(${wanted.words.join(" ")})'`];
  const rows = [specs({ ...options, ...common }, tool), ...words].join(" \\\n");
  return `${command})\n  _arguments -s -S \\\n${rows} && ret=0\n  ;;`;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `        ${line}`)
    .join("\n");
}

/** As _arguments wants them, one a line. */
function specs(options: Options, tool: string): string {
  return Object.entries(options)
    .map(([name, option]) => `    ${spec(name, option, tool)}`)
    .join(" \\\n");
}

function spec(name: string, { short, value, help, completes }: Option, tool: string): string {
  const text = `[${help.replaceAll(/[[\]\\:]/g, String.raw`\$&`)}]`;
  const offered = completes === undefined ? "_files" : `_sequence _${tool}_${completes}`;
  const rest = value === undefined ? text : `${text}:${value}:${offered}`;
  const long = value === undefined ? `--${name}` : `--${name}=`;
  if (short === undefined) return quote(`${long}${rest}`);
  const letter = value === undefined ? `-${short}` : `-${short}+`;
  return `'(-${short} --${name})'{${letter},${long}}${quote(rest)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
