#!/bin/bash
# Boots this machine's own systemd and journald as PID 1 of private namespaces, over a throw-away
# overlay of the root file system. For test/e2e/systemd.test.ts.
#
#   boot.sh probe [memory]              0; or 77, with one line that says why it cannot be done here
#   boot.sh run FOLDER [SOURCE:TARGET]  boots; the pid of systemd goes to FOLDER/init, and "up" to
#                                       standard output; SOURCE is bound to TARGET inside, read-only
#                                       unless it lies in FOLDER; the journal goes to FOLDER/journal
#
# `run` lives until its standard input ends (so, for example, because the test was killed) or the
# system inside is powered off. Then nothing is left but FOLDER. Inside are the accounts alice (2001)
# and bob (2002, with lingering), no services but systemd's own, and no network.
set -eu
export PATH=$PATH:/usr/sbin:/sbin

# Leaves no note of it in the machine's /run/mount.
mount() { command mount -n "$@"; }
umount() { command umount -n "$@"; }

cannot() {
  echo "no systemd can be booted here: $*"
  exit 77
}

# Where cgroup2 is mounted; with $1, where the cgroup1 hierarchy with that option is.
hierarchy() {
  awk -v want="${1:-}" '
    want == "" && $3 == "cgroup2" { print $2; exit }
    want != "" && $3 == "cgroup" && ("," $4 ",") ~ ("," want ",") { print $2; exit }' /proc/self/mounts
}

# Memory is accounted for by cgroup2, or else by cgroup1 in systemd's hybrid layout.
memory_is_in_cgroup2() { grep -qw memory "$(hierarchy)/cgroup.controllers"; }

probe() {
  local command
  [ "$(id -u)" = 0 ] || cannot "this is not root"
  systemd=$(find /usr/lib/systemd/systemd /lib/systemd/systemd -maxdepth 0 -print -quit 2>/dev/null) || true
  [ -n "$systemd" ] || cannot "systemd is not installed"
  for command in systemctl journalctl dbus-daemon useradd setpriv unshare nsenter jq; do
    command -v "$command" >/dev/null || cannot "$command is not installed"
  done
  [ -n "$(find /usr/lib /lib -name pam_systemd.so -print -quit 2>/dev/null)" ] || cannot "libpam-systemd is not installed"
  [ -n "$(hierarchy)" ] || cannot "cgroup2 is not mounted"
  [ -w "$(hierarchy)/cgroup.procs" ] || cannot "$(hierarchy) is read-only"
  if [ "${1:-}" = memory ] && ! memory_is_in_cgroup2; then
    [ -n "$(hierarchy memory)" ] && [ -n "$(hierarchy name=systemd)" ] || cannot "there is no memory controller"
  fi
  unshare --mount --pid --fork --cgroup --uts --ipc --net sh -ec '
    mount -t tmpfs tmpfs /mnt; mkdir /mnt/up /mnt/work /mnt/root
    mount -t overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work overlay /mnt/root
    test -x "/mnt/root$0"; mount -t proc proc /mnt/root/proc; mount -t sysfs sysfs /mnt/root/sys
    mount -t cgroup2 cgroup2 /mnt/root/sys/fs/cgroup' "$systemd" 2>/dev/null ||
    cannot "namespaces or mounts are refused (CAP_SYS_ADMIN), or /usr is a file system of its own"
}

run() {
  local folder=$1 name=usrsvc-test-$$ groups=() at
  # Under systemd, ask for a cgroup of our own, which systemd takes away again with all below it.
  if [ -d /run/systemd/system ] && [ -z "${IN_SCOPE:-}" ]; then
    exec env IN_SCOPE=1 systemd-run --quiet --scope -p Delegate=yes "$0" run "$@"
  fi
  for at in "$(hierarchy)" "$(hierarchy memory)" "$(hierarchy name=systemd)"; do
    [ -z "$at" ] || groups+=("$at$(own_cgroup "$at")/$name")
  done
  for at in "${groups[@]}"; do remove_stale "${at%/*}"; done
  if [ -n "${IN_SCOPE:-}" ]; then
    mkdir "${groups[0]}-boot" && echo $$ >"${groups[0]}-boot/cgroup.procs"
  fi
  mkdir "${groups[@]}"
  echo +memory +pids >"${groups[0]%/*}/cgroup.subtree_control" 2>/dev/null || true
  mkdir -p "$folder/journal" "$folder/w"
  printf '%s\n' "${groups[@]}" >"$folder/cgroups"
  setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --uts --ipc --net \
    bash "$0" join "$@" >"$folder/boot.log" 2>&1 </dev/null &
  child=$!
  # Our own input ends: so does the system, and with it this script.
  { while read -r _; do :; done; kill -KILL "$child"; } 2>/dev/null <&0 &
  watcher=$!
  trap 'kill -KILL $child 2>/dev/null' TERM INT HUP
  { until is_up "$folder"; do sleep 0.05; done; echo up; } 2>/dev/null &
  waiter=$!
  wait "$child" 2>/dev/null || true
  kill "$watcher" "$waiter" 2>/dev/null || true
  wait
  for at in "${groups[@]}"; do remove_cgroup "$at"; done
  rmdir "$folder/w"
}

# Ours below the mount point $1.
own_cgroup() {
  local path=/
  if [ "$1" = "$(hierarchy)" ]; then path=$(sed -n 's/^0:://p' /proc/self/cgroup); fi
  [ "$path" = / ] || echo "$path"
}

is_up() {
  local pid
  { read -r pid <"$1/init"; } 2>/dev/null || return 1
  case $(nsenter -t "$pid" -a timeout 20 systemctl is-system-running 2>/dev/null) in running | degraded) ;; *) return 1 ;; esac
}

# What a run whose script was killed (and its system with it) could not take away.
remove_stale() {
  local old
  for old in "$1"/usrsvc-test-*; do
    [ ! -d "$old" ] || [ -d "/proc/${old##*-}" ] || find "$old" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}

remove_cgroup() {
  local try
  for try in {1..50}; do
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ -d "$1" ] || return 0
    sleep 0.1
  done
  echo "boot.sh: $1 could not be removed ($try tries)" >&2
}

# In the new namespaces, before the cgroups are left behind.
join() {
  local folder=$1 at pid
  while read -r at; do echo 0 >"$at/cgroup.procs"; done <"$folder/cgroups"
  read -r pid _ </proc/self/stat # /proc is still that of the machine, and so is the number
  echo "$pid" >"$folder/init"
  exec unshare --cgroup bash "$0" init "$@"
}

# PID 1 until systemd is.
init() {
  local folder=$1 w=$1/w root=$1/w/root name pair
  shift
  mount --make-rprivate /
  mount -t tmpfs -o mode=755 tmpfs "$w"
  mkdir "$w/up" "$w/work" "$root"
  mount -t overlay -o "lowerdir=/,upperdir=$w/up,workdir=$w/work" overlay "$root"
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  # The kernel's settings stay out of reach.
  for name in sys irq bus sysrq-trigger; do
    [ ! -e "$root/proc/$name" ] || bind_read_only "$root/proc/$name" "$root/proc/$name"
  done
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
  mount_cgroups "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
  for name in null zero full random urandom tty; do : >"$root/dev/$name" && mount --bind "/dev/$name" "$root/dev/$name"; done
  : >"$folder/kmsg" && : >"$root/dev/kmsg" && mount --bind "$folder/kmsg" "$root/dev/kmsg"
  mkdir "$root/dev/shm" && ln -s /proc/self/fd "$root/dev/fd"
  for name in dev/shm tmp; do mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/$name"; done
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
  mkdir -p "$root/run/log/journal" && mount --bind "$folder/journal" "$root/run/log/journal"
  only_systemd_itself "$root"
  for name in alice:2001 bob:2002; do
    chroot "$root" userdel --force "${name%:*}" 2>/dev/null || true # the machine may have one
    rm -rf "$root/home/${name%:*}"
    chroot "$root" useradd --non-unique --create-home --shell /bin/sh --uid "${name#*:}" "${name%:*}"
  done
  mkdir -p "$root/var/lib/systemd/linger" && : >"$root/var/lib/systemd/linger/bob"
  for pair; do
    mkdir -p "$root$(dirname "${pair#*:}")"
    if [ -d "${pair%%:*}" ]; then mkdir -p "$root${pair#*:}"; else : >"$root${pair#*:}"; fi
    case $pair in "$folder"/*) mount --bind "${pair%%:*}" "$root${pair#*:}" ;; *) bind_read_only "${pair%%:*}" "$root${pair#*:}" ;; esac
  done
  hostname usrsvc-test
  cd "$root" && mkdir .old && pivot_root . .old && cd / && umount -l /.old && rmdir /.old
  # Powers over the whole machine are given up.
  exec env -i container=usrsvc-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog \
    "$(find /usr/lib/systemd/systemd /lib/systemd/systemd -maxdepth 0 -print -quit 2>/dev/null)" --show-status=0 --unit=multi-user.target
}

bind_read_only() {
  mount --bind "$1" "$2"
  mount -o remount,bind,ro "$2"
}

mount_cgroups() {
  if [ "${WITH_MEMORY:-}" != 1 ] || memory_is_in_cgroup2; then
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$1"
    return
  fi
  mount -t tmpfs -o mode=755 tmpfs "$1"
  mkdir "$1/unified" "$1/memory" "$1/systemd"
  mount -t cgroup2 cgroup2 "$1/unified"
  mount -t cgroup -o memory cgroup "$1/memory"
  mount -t cgroup -o none,name=systemd cgroup "$1/systemd"
}

# Takes away the machine's own services, file systems and generators, and what touches hardware.
only_systemd_itself() {
  local etc=$1/etc/systemd lib=$1/usr/lib/systemd units
  [ -d "$lib/system" ] || lib=$1/lib/systemd
  units=$lib/system
  rm -rf "$etc/system" "$etc/user" "$lib/system-generators" "$1/usr/local/lib/systemd" "$1"/etc/rc?.d "$1/var/lib/systemd/linger" \
    "$units/"{sysinit,local-fs,sockets,timers,basic,multi-user,graphical}.target.wants
  mkdir -p "$etc/system" "$etc/user" "$units/"{sysinit,sockets,multi-user}.target.wants
  ln -s ../systemd-journald.service "$units/sysinit.target.wants/"
  ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket ../dbus.socket "$units/sockets.target.wants/"
  ln -s ../systemd-logind.service ../systemd-user-sessions.service "$units/multi-user.target.wants/"
  mkdir -p "$etc/journald.conf.d"
  printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitBurst=0\n' >"$etc/journald.conf.d/test.conf"
  : >"$1/etc/fstab"
  tr -d - </proc/sys/kernel/random/uuid >"$1/etc/machine-id"
}

case ${1:-} in
probe | run | join | init) "$@" ;;
*)
  echo "usage: boot.sh probe|run …; see its first lines" >&2
  exit 2
  ;;
esac
