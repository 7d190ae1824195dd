# Completion of usrsvc and usrsvcd for bash. To use it: source this file in ~/.bashrc, or copy it to
# ~/.local/share/bash-completion/completions/usrsvc and link usrsvcd to it.

_usrsvc() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local action= config= index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
    -c | --config) config=${COMP_WORDS[++index]} ;;
    --node) ((++index)) ;;
    -*) ;;
    *) action=${action:-${COMP_WORDS[index]}} ;;
    esac
  done
  COMPREPLY=()
  if [[ $previous == -c || $previous == --config || $previous == --node ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  elif [[ $word == -* ]]; then
    local options='--config --json --debug --help --version --readme'
    if [[ ${COMP_WORDS[0]##*/} != usrsvcd ]]; then
      options+=' --parallel --here --reread'
    elif [[ $action == install-unit ]]; then
      options+=' --system --user --force --node'
    elif [[ $action == checkconfig ]]; then
      options+=' --show-secrets'
    else
      options+=' --foreground'
    fi
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ -z $action ]]; then
    local actions='start stop restart status'
    [[ ${COMP_WORDS[0]##*/} == usrsvcd ]] && actions+=' reread checkconfig init install-unit'
    mapfile -t COMPREPLY < <(compgen -W "$actions" -- "$word")
  elif [[ ${COMP_WORDS[0]##*/} == usrsvc ]]; then
    local name
    while IFS= read -r name; do
      [[ $name == "$word"* ]] && COMPREPLY+=("$(printf %q "$name")")
    done < <(echo all; _usrsvc_programs "${config:-$HOME/usrsvc.cfg}")
  fi
}

# The names of the programs, as the files have them.
_usrsvc_programs() {
  local config=$1 folder
  folder=$(sed -n 's/^[[:space:]]*config_dir[[:space:]]*=[[:space:]]*//p' "$config" 2>/dev/null | head -n 1)
  folder=${folder%\"}
  folder=${folder#\"}
  sed -n 's/^[[:space:]]*\[Program:\(.*\)\].*$/\1/p' "$config" ${folder:+"$folder"/*.cfg} 2>/dev/null
}

complete -F _usrsvc usrsvc usrsvcd
