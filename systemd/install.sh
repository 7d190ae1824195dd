#!/bin/sh
# Installs the systemd unit of usrsvcd, with the paths of this machine's node and usrsvcd in it.
set -eu

usage() {
  cat <<'USAGE'
usage: install.sh [--system | --user] [--force] [--node PATH] [--usrsvcd PATH]

  --system        the template usrsvcd@.service, for usrsvcd@ACCOUNT; what root gets by default
  --user          usrsvcd.service, for your own systemd instance; what others get by default
  --force         replace an existing unit that differs; the old one is kept beside it as .old
  --node PATH     the node that runs usrsvcd; by default the one found on PATH
  --usrsvcd PATH  by default $PREFIX/bin/usrsvcd, or the one found on PATH, or this package's own
  --help

Environment, for packagers:
  PREFIX          put the unit in PREFIX/lib/systemd/system (--user: PREFIX/lib/systemd/user), instead
                  of /etc/systemd/system (~/.config/systemd/user)
  DESTDIR         put everything below this folder; the paths in the unit do not include it

Nothing else is changed, and nothing is started. Running it again is harmless. As root it neither runs
nor installs what an account other than root could change; with DESTDIR it does not try that out.
USAGE
}

fail() {
  printf '%s: %s\n' "${CALLED_AS:-install.sh}" "$*" >&2
  exit 1
}

warn() {
  printf '%s: warning: %s\n' "${CALLED_AS:-install.sh}" "$*" >&2
}

# What is called here is the machine's; where node and usrsvcd are looked for is another matter.
their_path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin:$PATH

main() {
  here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
  DESTDIR=${DESTDIR:-}
  PREFIX=${PREFIX:-}
  read_arguments "$@"
  require_absolute DESTDIR "$DESTDIR"
  require_absolute PREFIX "$PREFIX"
  # If an account asks for what only root can do, say so first.
  if [ "$kind$PREFIX$DESTDIR" = system ] && [ "$(id -u)" -ne 0 ]; then
    fail "--system is for root: sudo ${CALLED_AS:-sh install.sh} --system; or leave it out, for a unit of your own"
  fi
  find_node
  find_usrsvcd
  find_folder
  check_trust "$here/${0##*/}" "$here/$unit"
  check_node
  check_usrsvcd
  warn_of_what_vanishes node "$node"
  warn_of_what_vanishes usrsvcd "$usrsvcd"
  [ "$kind" = user ] || warn_of_what_others_cannot_reach
  write_unit
  [ -z "$written" ] || tell_what_is_next
}

read_arguments() {
  kind='' node='' usrsvcd='' force=''
  while [ $# -gt 0 ]; do
    case $1 in
    --system | --user)
      [ -z "$kind" ] || [ "$kind" = "${1#--}" ] || fail "--system and --user exclude each other"
      kind=${1#--}
      ;;
    --force) force=yes ;;
    --node=* | --usrsvcd=*) set_path "${1%%=*}" "${1#*=}" ;;
    --node | --usrsvcd)
      [ $# -gt 1 ] || fail "$1 wants a path"
      set_path "$1" "$2"
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "$1: no such option; see --help" ;;
    esac
    shift
  done
  [ -n "$kind" ] || if [ "$(id -u)" -eq 0 ]; then kind=system; else kind=user; fi
}

set_path() {
  [ -n "$2" ] || fail "$1 wants a path"
  require_absolute "$1" "$2"
  case $1 in --node) node=$2 ;; *) usrsvcd=$2 ;; esac
}

require_absolute() {
  case $2 in '' | /*) ;; *) fail "$1 must be an absolute path, not \"$2\"" ;; esac
}

find_node() {
  [ -n "$node" ] || node=$(PATH=$their_path command -v node) || fail "no node on PATH: name it with --node PATH"
  # fnm gives each shell a folder of links that vanishes with it; what they lead to stays.
  case $node in */fnm_multishells/*) node=$(readlink -f -- "$node") ;; esac
}

find_usrsvcd() {
  [ -z "$usrsvcd" ] || return 0
  if [ -n "$PREFIX" ]; then
    usrsvcd=${PREFIX%/}/bin/usrsvcd
  elif ! usrsvcd=$(PATH=$their_path command -v usrsvcd); then
    usrsvcd=$(dirname -- "$here")/dist/usrsvcd.cjs
    [ -e "$usrsvcd" ] || fail "no usrsvcd on PATH: install it with npm, or name it with --usrsvcd PATH"
  fi
}

find_folder() {
  if [ -n "$PREFIX" ]; then
    folder=${PREFIX%/}/lib/systemd/$kind
  elif [ "$kind" = system ]; then
    folder=/etc/systemd/system
  else
    [ -n "${XDG_CONFIG_HOME:-}${HOME:-}" ] || fail "HOME is not set: no place for the unit"
    folder=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    [ "$(id -u)" -ne 0 ] ||
      warn "the unit is for root's own systemd instance; for all accounts use --system, for one run this as that account"
  fi
  require_absolute "the unit's folder" "$folder"
  if [ "$kind" = system ]; then unit=usrsvcd@.service kind_option=; else unit=usrsvcd.service kind_option='--user '; fi
  [ -r "$here/$unit" ] || fail "$here/$unit is missing: install.sh must be beside the units"
}

# Where a path of the target is now: in DESTDIR, or, for what is not packaged with it, on this machine.
now_at() {
  if [ -e "$DESTDIR$1" ]; then printf '%s\n' "$DESTDIR$1"; else printf '%s\n' "$1"; fi
}

# As root: fails for paths that others could change. True where they belong to nobody else; in DESTDIR they
# may belong to whoever builds a package, and are just not run.
check_trust() {
  [ "$(id -u)" -eq 0 ] || return 0
  for path; do
    why=$(distrust "$path")
    [ -n "$why" ] || continue
    if [ -n "$DESTDIR" ]; then
      warn "$path: not tried out, because $why"
      return 1
    fi
    case $why in "$path "*) ;; *) why="$path: $why" ;; esac
    fail "$why; root runs nothing that others can change; install it for the whole machine (sudo npm install -g, without --prefix), or make it root's alone (chown -R root:root, chmod -R go-w)"
  done
}

# Says who but root could put something else in the place of a path; nothing: nobody. Each folder and
# each link on the way counts, and in one like /tmp what is root's stays where it is.
distrust() (
  set -f
  at='' rest=$1/ links=0
  while :; do
    look_at "${at:-/}" || return 0 # what is missing is told elsewhere
    shared=
    case $uid:$mode in
    0:d???????w[tT]* | 0:d????w???[tT]*) shared=yes ;;
    0:????????w*) tell "${at:-/} can be changed by everybody" ;;
    0:?????w*) is_roots_group "$gid" || tell "${at:-/} can be changed by its group ($gid)" ;;
    0:*) ;;
    *) tell "${at:-/} belongs to $(name_of "$uid")" ;;
    esac
    name=
    while [ -n "$rest" ] && [ -z "$name" ]; do
      name=${rest%%/*} rest=${rest#*/}
      case $name in
      .) name= ;;
      ..) at=${at%/*} name= ;;
      esac
    done
    [ -n "$name" ] || return 0
    look_at "$at/$name" || return 0
    case $shared:$uid in yes:0) ;; yes:*) tell "$at/$name belongs to $(name_of "$uid")" ;; esac
    case $mode in
    l*)
      links=$((links + 1))
      [ "$links" -le 40 ] || tell "$at/$name leads through too many links"
      target=$(readlink -- "$at/$name")
      case $target in /*) at='' ;; esac
      rest=$target/$rest
      ;;
    *) at=$at/$name ;;
    esac
  done
)

tell() {
  printf '%s\n' "$1"
  exit
}

look_at() {
  words=$(ls -ldn -- "$1" 2>/dev/null) || return
  # shellcheck disable=SC2086
  set -- $words
  mode=$1 uid=$3 gid=$4
}

name_of() {
  account=$(getent passwd "$1" 2>/dev/null || grep "^[^:]*:[^:]*:$1:" /etc/passwd) || account="user $1"
  printf '%s\n' "${account%%:*}"
}

# Debian gives /usr/local to a group whose members may do there what root does; normally it has none.
is_roots_group() {
  [ "$1" -ne 0 ] || return 0
  case $(getent group "$1" 2>/dev/null || grep "^[^:]*:[^:]*:$1:" /etc/group) in
  staff:*:) ;;
  *) return 1 ;;
  esac
}

check_node() {
  require_plain node "$node"
  file=$(now_at "$node")
  [ -f "$file" ] || fail "node: there is no file $file"
  [ -x "$file" ] || fail "node: $file is not executable"
  check_trust "$file" || file='' # not to be run
  [ -n "$file" ] || return 0
  # As systemd will run it: with none of our variables, which some version managers depend on.
  version=$(env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="${HOME:-/}" "$file" --version 2>/dev/null) ||
    fail "node: $file does not run without your shell's variables (a version manager's shim?): name the real one with --node PATH"
  case $version in
  v[0-9] | v[0-9].* | v1[0-9].* | v20.[0-9].* | v20.1[0-6].*) fail "node: $file is $version, and 20.17 or later is needed" ;;
  v[0-9]*) ;;
  *) fail "node: $file is not node: it calls itself \"$version\"" ;;
  esac
}

check_usrsvcd() {
  require_plain usrsvcd "$usrsvcd"
  script=$(now_at "$usrsvcd")
  [ -f "$script" ] || fail "usrsvcd: there is no file $script"
  [ -r "$script" ] || fail "usrsvcd: $script cannot be read"
  check_trust "$script" || return 0
  check_package || return 0
  [ -n "$file" ] || return 0
  version=$(env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="${HOME:-/}" "$file" "$script" --version 2>/dev/null) || version=
  case $version in
  "usrsvcd "*) ;;
  *) fail "usrsvcd: $script is not usrsvcd, or does not run: try $file $script --version" ;;
  esac
}

# All files of the package that root would run parts of.
check_package() {
  [ "$(id -u)" -eq 0 ] || return 0
  package=$(dirname -- "$(dirname -- "$(readlink -f -- "$script")")")
  grep -q '"name": "usrsvc"' "$package/package.json" 2>/dev/null || return 0
  # What it depends on is in it, or beside it.
  case $package in */node_modules/*) [ -d "$package/node_modules" ] || package=${package%/*} ;; esac
  others=$(find "$package" -type l -o ! -user 0 -print -o -perm -002 -print -o -perm -020 ! -group 0 -print | head -n 1)
  [ -z "$others" ] || check_trust "$others" || return
  outside=$(find "$package" -type l | while IFS= read -r link; do
    case $(readlink -f -- "$link") in "$package"/*) continue ;; esac
    [ -z "$(distrust "$link")" ] || echo "$link"
  done | head -n 1)
  [ -z "$outside" ] || check_trust "$outside"
}

# Blanks, quotes, $, % and \ mean something in a unit.
require_plain() {
  case $2 in *[!A-Za-z0-9/._+@:,=~-]*) fail "$1: the path \"$2\" contains a character that cannot be used in a unit" ;; esac
}

warn_of_what_vanishes() {
  real=$(readlink -f -- "$(now_at "$2")")
  real=${real#"$DESTDIR"}
  for path in "$2" "$real"; do
    if [ "$kind$DESTDIR" = system ] && is_in_a_home "$path"; then
      fail "$1: $path is in somebody's home, and must not be run for all accounts: install it for the machine$(how_to_install "$1")"
    fi
  done
  for path in "$2" "$real"; do
    case $path in
    /tmp/* | /var/tmp/* | /dev/shm/* | /run/user/*)
      # A unit in such a folder as well is a trial, which no systemd sees.
      case $kind$DESTDIR:$folder/ in
      *:/tmp/* | *:/var/tmp/*) ;;
      system:*) fail "$1: $path is in a folder that is emptied, and must not be run for all accounts: install it for the machine$(how_to_install "$1")" ;;
      esac
      warn "$1: $path is in a folder that is emptied, and then usrsvcd will not start"
      return
      ;;
    /run/*)
      warn "$1: $path is in a folder that is emptied, and then usrsvcd will not start"
      return
      ;;
    */.nvm/* | */nvm/versions/* | */.fnm/* | */fnm/node-versions/* | */.volta/* | */.asdf/* | */.nodenv/* | */mise/installs/* | */n/versions/*)
      warn "$1: $path belongs to a version manager: it will be gone when that version is, and then usrsvcd will not start; it is better to name a node of the machine with --node"
      return
      ;;
    esac
    # With a unit of one's own goes one's own home.
    case $kind:$path in user:"${HOME:-/nowhere}"/*) continue ;; esac
    if is_in_a_home "$path"; then
      warn "$1: $path is in somebody's home: without that, usrsvcd will not start"
      return
    fi
  done
}

# True for a path in the home of an account that somebody logs in to.
is_in_a_home() {
  case $1 in /home/* | /root/*) return 0 ;; esac
  [ -r /etc/passwd ] || return 1
  while IFS=: read -r _ _ uid _ _ home _; do
    case $uid in *[!0-9]* | '') continue ;; esac
    [ "$uid" -ge 1000 ] && [ "$uid" -lt 60000 ] || continue
    case ${home%/} in '' | /nonexistent | /usr | /usr/* | /bin | /sbin | /opt) continue ;; esac
    case $1 in "${home%/}"/*) return 0 ;; esac
  done </etc/passwd
  return 1
}

how_to_install() {
  case $1 in node) echo ", or name another with --node PATH" ;; *) echo " (sudo npm install -g, without --prefix)" ;; esac
}

# The accounts that usrsvcd@ACCOUNT runs as must get there.
warn_of_what_others_cannot_reach() {
  for path in "$node" "$usrsvcd"; do
    at=$(readlink -f -- "$(now_at "$path")")
    while [ "$at" != / ]; do
      if [ -d "$at" ]; then need=-001; else need=-004; fi
      if [ -z "$(find "$at" -prune -perm "$need")" ]; then
        warn "other accounts cannot reach $path: see the permissions of $at"
        break
      fi
      at=$(dirname -- "$at")
      [ "$at" != "${DESTDIR%/}" ] || break
    done
  done
}

write_unit() {
  target=$DESTDIR$folder/$unit written=
  [ ! -L "$target" ] || fail "$target is a link (is the unit masked?): remove it first"
  [ ! -d "$target" ] || fail "$target is a folder"
  mkdir -p -- "$DESTDIR$folder" 2>/dev/null || fail "$DESTDIR$folder cannot be made$(hint)"
  text=$(sed "s|^\(ExecStart=.*\) /usr/bin/node \(.*\) /usr/local/bin/usrsvcd |\1 $node \2 $usrsvcd |" "$here/$unit")
  case $text in *" $node --"*" $usrsvcd start "*) ;; *) fail "$here/$unit has no ExecStart that this script knows" ;; esac
  if [ -e "$target" ] && [ "$text" = "$(cat "$target")" ]; then
    echo "$target is as it should be"
    return
  fi
  if [ -e "$target" ] && [ -z "$force$DESTDIR" ]; then
    printf '%s\n' "$text" | diff -u -L "$target" -L "$target (new)" "$target" - >&2 || :
    printf '%s differs from what would be written, as shown, and is left unchanged.\n' "$target" >&2
    fail "--force replaces it (changes of your own belong in a drop-in: systemctl ${kind_option}edit ${unit%.service})"
  fi
  umask 022
  if [ -e "$target" ] && [ -z "$DESTDIR" ]; then
    cp -p -- "$target" "$target.old" 2>/dev/null || fail "$target.old cannot be written$(hint)"
    echo "$target is replaced; the old one is $target.old" >&2
  fi
  { printf '%s\n' "$text" >"$target.new" && mv -f -- "$target.new" "$target"; } 2>/dev/null ||
    fail "$target cannot be written$(hint)"
  written=yes
  echo "$target written, for $node $usrsvcd"
}

hint() {
  if [ "$kind" = system ] && [ "$(id -u)" -ne 0 ]; then echo ": run this as root, or with --user"; fi
}

tell_what_is_next() {
  if [ -n "$DESTDIR" ]; then return; fi
  if [ "$kind" = system ]; then
    cat <<'NEXT'
Next, as root:
  systemctl daemon-reload
  systemctl enable --now usrsvcd@ACCOUNT      for each account that has a usrsvc.cfg
  systemctl try-restart 'usrsvcd@*'           if it is already running; all programs keep running
NEXT
  else
    cat <<'NEXT'
Next, as the account itself:
  systemctl --user daemon-reload
  systemctl --user enable --now usrsvcd
  systemctl --user try-restart usrsvcd        if it is already running; all programs keep running
  loginctl enable-linger                      from boot on, not only while you are logged in
NEXT
    if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
      echo "This is not a login session (su?); run this first:"
      echo "  export XDG_RUNTIME_DIR=/run/user/$(id -u)    where that folder exists (loginctl enable-linger makes it)"
    fi
  fi
}

main "$@"
