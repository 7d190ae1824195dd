import { allOptions, commandsWith, shownCommands, takesPrograms } from "../args.ts";
import { common, type Option, type Tool } from "../command.ts";
import { HOSTS_COMMAND, PROGRAMS_COMMAND } from "./hidden-commands.ts";
import { valuedOptions } from "./valued-options.ts";

/** For fish 3.0 or later. */
export function renderFish(tool: Tool): string {
  const { name } = tool;
  const valued = valuedOptions(tool);
  const commands = shownCommands(tool);
  const takers = commands.filter((one) => one.arguments?.kind === "programs");
  const choices = commands.flatMap((one) =>
    one.arguments?.kind === "choice"
      ? [`complete -c ${name} -n '__${name}_is ${one.name}' -a '${one.arguments.words.join(" ")}'`]
      : [],
  );
  const programs =
    takers.length === 0
      ? []
      : [
          `complete -c ${name} -n '__${name}_is ${takers.map((one) => one.name).join(" ")}' -a '(__${name}_programs)'`,
        ];
  const files = commands.flatMap((one) =>
    one.arguments?.kind === "files" ? [`complete -c ${name} -n '__${name}_is ${one.name}' -F`] : [],
  );
  const lasts = commands.flatMap((one) => {
    const last = one.arguments?.kind === "programs" ? one.arguments.last : undefined;
    if (last === undefined) return [];
    const isAfter = `__${name}_is ${one.name}; and test (count (__${name}_words)) -gt 1`;
    return [`complete -c ${name} -n '${isAfter}' -a '${last.words.join(" ")}'`];
  });
  return `# Completion of ${name} for fish, as "${name} completion fish" prints it.

# The command on the line, and the words after it.
function __${name}_words
    set -l value
    for word in (commandline -opc)[2..-1]
        if set -q value[1]
            set -e value
            continue
        end
        switch $word
            case ${valued.join(" ")}
                set value 1
            case '-*'
            case '*'
                echo -- $word
        end
    end
end

# Whether the command is one of these; without any, whether there is none yet.
function __${name}_is
    set -l words (__${name}_words)
    if not set -q argv[1]
        not set -q words[1]
        return
    end
    set -q words[1]; and contains -- $words[1] $argv
end

${takesPrograms(tool) ? askFunctions(name) : ""}complete -c ${name} -e
complete -c ${name} -f
${commands
  .map((one) => `complete -c ${name} -n __${name}_is -a ${one.name} -d ${quote(one.summary)}`)
  .join("\n")}
${[...programs, ...lasts, ...choices, ...files].join("\n")}
${Object.entries(allOptions(tool))
  .map(([option, row]) => describeOption(option, row, tool))
  .join("\n")}
`;
}

function askFunctions(name: string): string {
  return `# The names of programs or hosts, from the command that is on the line.
function __${name}_ask
    set -l line (commandline -opc)
    set -l config
    for index in (seq 2 (count $line))
        switch $line[$index]
            case -c --config
                set config -c $line[(math $index + 1)]
            case '--config=*'
                set config -c (string replace -- --config= '' $line[$index])
        end
    end
    set -l program (string unescape -- $line[1] | string replace -r '^~/' "$HOME/")
    set config (string unescape -- $config | string replace -r '^~/' "$HOME/")
    command $program $argv[1] $config 2>/dev/null
end

function __${name}_programs
    set -l taken (__${name}_words | string unescape)
    echo all
    for found in (__${name}_ask ${PROGRAMS_COMMAND})
        contains -- $found $taken; or echo -- $found
    end
end

# Hosts are separated by commas.
function __${name}_hosts
    set -l typed (commandline -ct | string replace -r -- '^(--[a-z]+=|-H)' '')
    set -l given (string match -r -- '^.*,' "$typed"; or echo)
    for found in (__${name}_ask ${HOSTS_COMMAND})
        contains -- $found (string split -- , "$given"); or echo -- $given$found
    end
end

`;
}

function describeOption(
  name: string,
  { short, value, help, completes }: Option,
  tool: Tool,
): string {
  const takers = commandsWith(name, tool);
  const isCommon = Object.hasOwn(common, name);
  return [
    `complete -c ${tool.name}`,
    ...(isCommon ? [] : [`-n '__${tool.name}_is; or __${tool.name}_is ${takers.join(" ")}'`]),
    ...(short === undefined ? [] : [`-s ${short}`]),
    `-l ${name}`,
    ...(value === undefined ? [] : [completes ? `-x -a '(__${tool.name}_${completes})'` : "-r -F"]),
    `-d ${quote(help)}`,
  ].join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
