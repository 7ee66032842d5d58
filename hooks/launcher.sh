#!/bin/sh
# lbackup-filevault: LBackup's @PHASE@-backup hook. Made by `lbackup-filevault install`; edits are lost.
#
# A shell stands before Node because LBackup goes on with the backup after any exit but 129. Whatever keeps Node from
# doing its work (missing, replaced, killed, crashed) must end in an exit code that was chosen here.
set -u
umask 077
PATH=/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL

phase=@PHASE@
node=@NODE@
package=@PACKAGE@
hook=@HOOK@
on_crash=@ON_CRASH@
excludes_name=@EXCLUDES_NAME@
mark=@MARK@
strip_program=@STRIP_PROGRAM@

child=
log=${logFile:-}
excludes=${backupConfigurationFolderPath:-}/${excludes_filename:-$excludes_name}
uid=$(id -u)

tell() {
  line="lbackup-filevault: $1"
  if [ -n "$log" ] && [ -f "$log" ] && [ ! -L "$log" ]; then printf '%s\n' "$line" >>"$log"; fi
  printf '%s\n' "$line" >&2
}

# The pid of LBackup that stands in the block's first line.
block_pid() {
  grep -aF "$mark>>> " "$excludes" 2>/dev/null | head -n 1 | sed -n 's/.* lbackup=\([0-9][0-9]*\) .*/\1/p'
}

block_in_force() { [ -f "$excludes" ] && grep -aqF "$mark" "$excludes"; }

# Takes a left-over block out of the excludes file: it would leave images out of a backup that no plan covers.
# A block of an LBackup that still runs stays, unless $1 is `ours`.
strip_block() {
  block_in_force || return 0
  pid=$(block_pid)
  if [ "$1" != ours ] && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then return 0; fi
  # A link stays a link; and not every awk keeps NUL bytes. Node can do both.
  if [ -L "$excludes" ]; then return 0; fi
  if ! tr -d '\000' <"$excludes" | cmp -s - "$excludes"; then return 0; fi
  temporary="$excludes.lbackup-filevault.$$"
  # awk cannot tell whether the last line had an end: a byte is added, which the program takes off again.
  if cp -p "$excludes" "$temporary" && { cat "$excludes" && printf X; } | awk "$strip_program" >"$temporary"; then
    mv -f "$temporary" "$excludes" && return 0
  fi
  rm -f "$temporary"
  return 1
}

# $1: what happened. The one way out that was not chosen by our own program.
crash() {
  strip_block ours
  if [ "$phase" = post ]; then
    tell "ERROR! $1 The copies of this run were not checked. Run: lbackup-filevault doctor"
    exit 1
  fi
  if [ "$on_crash" = continue ] && ! block_in_force; then
    tell "ERROR! $1 The backup goes on without any care for disk images (onCrash: continue). Run: lbackup-filevault doctor"
    exit 1
  fi
  tell "ERROR! $1 The backup is halted; the sections stay as they are. Run: lbackup-filevault doctor"
  exit 129
}

ended() {
  trap '' INT TERM HUP
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  strip_block ours
  tell "ERROR! The $phase-backup hook was ended by a signal ($1)."
  if [ "$phase" = post ]; then exit 1; fi
  exit 129
}
trap 'ended INT' INT
trap 'ended TERM' TERM
trap 'ended HUP' HUP

# The file at the end of a chain of links: a stable link to Node survives Node's updates.
target() {
  file=$1
  while [ -L "$file" ]; do
    next=$(readlink "$file")
    case $next in
    /*) file=$next ;;
    *) file=$(dirname "$file")/$next ;;
    esac
  done
  printf '%s/%s\n' "$(cd -P "$(dirname "$file")" && pwd -P)" "$(basename "$file")"
}

# Whoever may write a folder on the way may put his own program there, and root would run it.
refuse_writable() {
  at=$1
  while :; do
    bad=$(find "$at" -prune ! -type l \( -perm -0002 -o -perm -0020 -o ! -user 0 ! -user "$uid" \) ! -perm -1000 -print 2>/dev/null)
    if [ -n "$bad" ]; then crash "Others than root may write $bad, which this hook would run. Cure: chmod go-w, chown root."; fi
    if [ "$at" = / ]; then return; fi
    at=$(dirname "$at")
  done
}

strip_block stale || crash "A left-over block could not be taken out of $excludes."

[ -x "$node" ] || crash "Node is no longer at $node. Cure: run install again."
[ -f "$package/$hook" ] || crash "The program is no longer at $package. Cure: run install again."
refuse_writable "$node"
refuse_writable "$(target "$node")"
refuse_writable "$package"
writable=$(find "$package" ! -type l \( -perm -0002 -o -perm -0020 -o ! -user 0 ! -user "$uid" \) -print 2>/dev/null | head -n 1)
if [ -n "$writable" ]; then crash "Others than root may write $writable, which this hook would run. Cure: chmod -R go-w, chown -R root."; fi

# Only what is named here reaches Node: an inherited NODE_OPTIONS would run other people's code.
set --
for name in HOME USER LOGNAME SSH_AUTH_SOCK RSYNC_PROTECT_ARGS DEBUG \
  backupConfigurationFilePath backupConfigurationFolderPath backupSource backupDest logFile \
  rsync_session_log_file numRotations useSSH sshSource sshRemoteUser sshRemoteServer ssh_rsync_path_remote \
  excludes_filename ACTION_DIRECTORY ACTION_PREFIX action_name backup_status pre_backup_script_status \
  lbackup_filevault_self_test; do
  eval "if [ \"\${$name+set}\" = set ]; then set -- \"\$@\" \"$name=\${$name}\"; fi"
done

# In the background, so that a signal to this shell is answered at once and not when Node ends.
env -i PATH="$PATH" LC_ALL=C "$@" "$node" "$package/$hook" </dev/null &
child=$!
wait "$child"
code=$?

if [ "${lbackup_filevault_self_test:-}" = YES ]; then
  # Never 0: a backup that runs with this variable set must not go on unprotected.
  if [ "$code" -eq 0 ]; then echo "lbackup-filevault: self test passed ($phase)"; fi
  exit 129
fi
case $phase-$code in
pre-0 | pre-1 | pre-129 | post-0 | post-1) exit "$code" ;;
esac
crash "The $phase-backup hook ended unexpectedly (exit code $code)."
