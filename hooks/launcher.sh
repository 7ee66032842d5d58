#!/bin/sh
# lbackup-filevault: LBackup's @PHASE@-backup hook. Made by `lbackup-filevault install`; edits are lost.
#
# A shell stands before Node because LBackup goes on with the backup after any exit but 129. Whatever keeps Node from
# doing its work (missing, replaced, killed, crashed) must end in an exit code that was chosen here.
set -u
phase=@PHASE@
if [ "$phase" = post ]; then failed=1; else failed=129; fi
# Before anything else: LBackup goes on after a hook that died of any signal but HUP.
trap 'exit "$failed"' EXIT HUP INT QUIT TERM USR1 USR2 ALRM
# A reader of our output that is gone must not end us.
trap '' PIPE
umask 077
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
unset CDPATH GREP_OPTIONS

node=@NODE@
package=@PACKAGE@
hook=@HOOK@
on_crash=@ON_CRASH@
excludes_name=@EXCLUDES_NAME@
mark=@MARK@
strip_program=@STRIP_PROGRAM@
limit_seconds=@LIMIT_SECONDS@

log=${logFile:-}
excludes=${backupConfigurationFolderPath:-}/${excludes_filename:-$excludes_name}
watch=
child=

# With the self test's variable set, nothing of ours ever lets a backup go on.
if [ "${lbackup_filevault_self_test:-}" = YES ]; then self_test=YES failed=129; else self_test=; fi

# The only way out that was chosen; by the trap on EXIT the shell itself may end at any line (no memory, no descriptor left).
leave() {
  trap - EXIT
  if [ -n "$self_test" ]; then exit 129; fi
  exit "$1"
}

tell() {
  line="lbackup-filevault: $1"
  # Never a FIFO or a device: writing to one could wait for ever.
  if [ -n "$log" ] && [ -f "$log" ]; then printf '%s\n' "$line" >>"$log"; fi
  printf '%s\n' "$line" >&2
}

# The file at the end of a chain of links.
target() {
  file=$1
  while [ -L "$file" ]; do file=$(next_link "$file"); done
  printf '%s/%s\n' "$(cd -P "$(dirname "$file")" && pwd -P)" "$(basename "$file")"
}

next_link() {
  next=$(readlink "$1")
  case $next in
  /*) printf '%s\n' "$next" ;;
  *) printf '%s/%s\n' "$(dirname "$1")" "$next" ;;
  esac
}

parent_of() {
  if [ -r "/proc/$1/status" ]; then
    sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"
  else
    ps -o ppid= -p "$1" | tr -d ' '
  fi
}

# Whether process $1 is the LBackup that runs this hook.
above_us() {
  at=$PPID
  while [ -n "$at" ] && [ "$at" -ge 1 ]; do
    if [ "$at" = "$1" ]; then return 0; fi
    at=$(parent_of "$at")
  done
  return 1
}

block_in_force() { [ -f "$excludes" ] && grep -aqF "$mark" "$excludes"; }

# The pid of LBackup that stands in the block's first line.
block_pid() {
  grep -aF "$mark>>> " "$excludes" 2>/dev/null | head -n 1 | sed -n 's/.* lbackup=\([0-9][0-9]*\) .*/\1/p'
}

# Takes a block out of the excludes file: it would leave images out of a backup that no plan covers. $1 is `stale` (only
# the block of an LBackup that is gone) or `ours` (also the block of this LBackup). The block of another LBackup that
# still runs always stays. Returns 1 where a block that should go stays.
strip_block() {
  block_in_force || return 0
  pid=$(block_pid)
  if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    if [ "$1" = stale ] || ! above_us "$pid"; then return 0; fi
  fi
  real=$(target "$excludes")
  # A second name of the file would keep the block, and not every awk keeps NUL bytes. Node can do better, or says why not.
  if [ -n "$(find "$real" -prune -links +1 -print)" ] || ! tr -d '\000' <"$real" | cmp -s - "$real"; then
    [ "$1" = stale ]
    return
  fi
  temporary="$real.lbackup-filevault.$$"
  rm -f "$temporary"
  # cp -p: the new file gets owner and mode of the old. awk cannot tell whether the last line had an end: a byte is added,
  # which the program takes off again. sync: after a power cut a rename may last where the content does not.
  if cp -p "$real" "$temporary" && { cat "$real" && printf X; } | awk "$strip_program" >"$temporary" && sync; then
    if mv -f "$temporary" "$real"; then return 0; fi
  fi
  rm -f "$temporary"
  return 1
}

# After this, nothing of this run is in force; or it is said.
end_block() {
  strip_block ours && return
  tell "ERROR! Our lines could not be taken out of $excludes. Cure: remove every line that begins with '$mark', and the line after it where that repeats it."
}

# $1: what happened. The way out that was not chosen by our own program.
crash() {
  end_block
  if [ "$phase" = post ]; then
    tell "ERROR! $1 The copies of this run were not checked. Run: lbackup-filevault doctor"
    leave 1
  fi
  if [ "$on_crash" = continue ] && ! block_in_force; then
    tell "ERROR! $1 The backup goes on without any care for disk images (onCrash: continue). Run: lbackup-filevault doctor"
    leave 1
  fi
  tell "ERROR! $1 The backup is halted; the sections stay as they are. Run: lbackup-filevault doctor"
  leave 129
}

deaf() { trap '' HUP INT QUIT TERM USR1 USR2 ALRM; }

# A signal that comes between fork and exec can be lost in some shells; and not everybody dies of TERM.
end_child() {
  tries=0
  while [ "$tries" -lt 50 ] && kill -TERM "$child" 2>/dev/null; do
    sleep 0.1 2>/dev/null || sleep 1
    tries=$((tries + 1))
  done
  if [ "$tries" -eq 50 ]; then kill -KILL "$child" 2>/dev/null; fi
}

# $1: which signal. `$!` and not a variable: the signal may come before the line that would set it.
ended() {
  deaf
  child=${!:-}
  if [ -n "$child" ]; then end_child; fi
  call_off
  end_block
  tell "ERROR! The $phase-backup hook was ended by a signal ($1)."
  leave "$failed"
}

# What hangs in the kernel may not even die of KILL: it is not waited for.
overdue() {
  deaf
  kill -KILL "$child" 2>/dev/null
  crash "The $phase-backup hook did not end within $limit_seconds seconds. Look for a disk or a network volume that hangs."
}

# Sends ALRM to this shell when the time is over; ends within ten seconds where this shell is gone.
watch_time() {
  # A redirection of the function's would keep a copy of our output open, and a cron that reads it waiting.
  exec </dev/null >/dev/null 2>&1
  trap 'kill "$!" 2>/dev/null; exit 0' TERM
  # shellcheck disable=SC2016
  me=$(exec sh -c 'echo "$PPID"')
  left=$limit_seconds
  while [ "$left" -gt 0 ]; do
    if [ "$left" -gt 10 ]; then slice=10; else slice=$left; fi
    sleep "$slice" &
    wait "$!"
    left=$((left - slice))
    [ "$(parent_of "$me")" = "$$" ] || exit 0
  done
  kill -ALRM "$$"
}
call_off() {
  if [ -n "$watch" ]; then kill -TERM "$watch" 2>/dev/null; fi
}

uid=$(id -u)

# Whoever may write a folder on the way may put his own program there, and root would run it. In a folder with the sticky
# bit only its owner may replace what belongs to others.
refuse_writable() {
  at=$1
  set --
  while :; do
    set -- "$@" "$at"
    if [ "$at" = / ]; then break; fi
    at=${at%/*}
    at=${at:-/}
  done
  # One `find` for the whole way: each program started costs as much as all the rest of a step.
  bad=$(find "$@" -prune ! -type l \( ! -user 0 ! -user "$uid" -o \( -perm -0002 -o -perm -0020 \) \( ! -type d -o ! -perm -1000 \) \) -print) ||
    crash "It cannot be found out who may write $1 and the folders above it, which this hook would run."
  if [ -n "$bad" ]; then
    crash "Others than root may write $(printf '%s\n' "$bad" | head -n 1), which this hook would run. Cure: chmod go-w, chown root."
  fi
}

# Each link of a chain counts: a stable link to Node survives Node's updates.
refuse_chain() {
  link=$1
  while [ -L "$link" ]; do
    refuse_writable "$link"
    link=$(next_link "$link")
  done
  refuse_writable "$link"
  refuse_writable "$(target "$link")"
}

for signal in HUP INT QUIT TERM USR1 USR2; do
  # shellcheck disable=SC2064
  trap "ended $signal" "$signal"
done
trap overdue ALRM

strip_block stale || crash "A left-over block could not be taken out of $excludes."

if [ ! -f "$node" ] || [ ! -x "$node" ]; then crash "Node is no longer at $node. Cure: run install again."; fi
[ -f "$package/$hook" ] || crash "The program is no longer at $package. Cure: run install again."
refuse_chain "$node"
# Each hook is whole with what lies in its folder; Node reads package.json to see what kind of program it is.
programs=$(cd -P "$(dirname "$package/$hook")" && pwd -P)
refuse_writable "$programs"
writable=$(find "$package/package.json" "$programs" ! -type l \( -perm -0002 -o -perm -0020 -o ! -user 0 ! -user "$uid" \) -print) ||
  crash "It cannot be found out who may write $programs, which this hook would run."
if [ -n "$writable" ]; then
  crash "Others than root may write $(printf '%s\n' "$writable" | head -n 1), which this hook would run. Cure: chmod -R go-w, chown -R root."
fi

# Only what is named here reaches Node: an inherited NODE_OPTIONS would run other people's code.
set --
for name in HOME USER LOGNAME SSH_AUTH_SOCK RSYNC_PROTECT_ARGS DEBUG \
  backupConfigurationFilePath backupConfigurationFolderPath backupSource backupDest logFile \
  rsync_session_log_file numRotations useSSH sshSource sshRemoteUser sshRemoteServer ssh_rsync_path_remote \
  excludes_filename ACTION_DIRECTORY ACTION_PREFIX action_name backup_status pre_backup_script_status \
  lbackup_filevault_self_test; do
  eval "if [ \"\${$name+set}\" = set ]; then set -- \"\$@\" \"$name=\${$name}\"; fi"
done

watch_time &
watch=$!
# In the background, so that a signal to this shell is answered at once and not when Node ends.
env -i PATH="$PATH" LC_ALL=C "$@" "$node" "$package/$hook" </dev/null &
child=$!
wait "$child"
code=$?
call_off

if [ -n "$self_test" ]; then
  if [ "$code" -eq 100 ]; then echo "lbackup-filevault: self test passed ($phase)"; fi
  leave 129
fi
# Codes of our own: Node ends with 0 for a program that is empty, and with 1 for most of what goes wrong before ours runs.
case $phase-$code in
pre-100) leave 0 ;;
pre-101) leave 1 ;;
pre-102)
  end_block
  leave 129
  ;;
post-100 | post-101)
  end_block
  leave $((code - 100))
  ;;
esac
crash "The $phase-backup hook ended unexpectedly (exit code $code)."
