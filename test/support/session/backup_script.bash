#!/bin/bash
# A stand-in for LBackup in tests, written from observations of LBackup 0.9.8r6 (order of events, environment, exit
# codes, log test, rotation), not from its source. bash, because LBackup is: signals, globs and the sourced
# configuration behave the same only then. One argument: the configuration file.
#
# For tests only, from the caller's environment (never passed on to a hook):
#   SESSION_PAUSE   seconds for each of the two sleeps (LBackup: 7; here 0)
#   SESSION_EVENTS  a folder with the FIFOs "events" and "answers": see event.bash
#   SESSION_SSH     program instead of ssh
#   SESSION_RSYNC   program instead of /usr/bin/rsync

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
pause=${SESSION_PAUSE:-0} events=$SESSION_EVENTS ssh=${SESSION_SSH:-ssh} rsync=${SESSION_RSYNC:-/usr/bin/rsync}
unset SESSION_PAUSE SESSION_EVENTS SESSION_SSH SESSION_RSYNC

event() { [ -z "$events" ] || bash "$here/event.bash" "$events" "$1"; }
say() { printf '%s\n' "$*" | tee -a "$logFile"; }
failed() { say "Backup Failed"; exit 255; }
# As GNU mv -T, which macOS has not.
rename() {
  [ ! -L "$2" ] || return 1
  [ ! -d "$2" ] || rmdir "$2" || return 1
  mv "$1" "$2"
}

[ $# -eq 1 ] || { echo "ERROR! : exactly one argument is needed"; exit 129; }
[ -f "$1" ] || { echo "ERROR! : configuration file not found: $1"; exit 129; }

export SCRIPT_SUCCESS=0 SCRIPT_WARNING=1 SCRIPT_HALT=129
export backupConfigurationFilePath=$1
target=$(readlink "$1") || target=$1
backupConfigurationFolderPath=$(cd "$(dirname "$target")" 2>/dev/null && pwd) || exit 129
export backupConfigurationFolderPath
. "$1"

PATH=/usr/local/bin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin
export backupSource backupDest numRotations useSSH
export logFile=$backupConfigurationFolderPath/$log_fileName
export rsync_session_log_name=${rsync_session_log_name:-rsync_session.log}
rsync_session_log_file=
[ "$enable_rsync_session_log" = YES ] && rsync_session_log_file=$backupConfigurationFolderPath/$rsync_session_log_name
export rsync_session_log_file
export sshSource=@
if [ "$useSSH" = YES ]; then
  export sshRemoteUser sshRemoteServer
  sshSource=$sshRemoteUser@$sshRemoteServer
fi

lock=$backupConfigurationFolderPath/backup_in_progress.lock
if [ -e "$lock" ] && [ "$ignore_backup_lock" != YES ]; then
  echo "ERROR! : a backup is in progress (lock file present): $lock"
  exit 255
fi
printf '##################\n%s\n\n' "$(date)" >>"$logFile" || exit 255
if [ "$ignore_backup_lock" != YES ]; then
  printf 'Process start time (seconds since epoch) : %s\nProcess PID : %s\n' "$(date +%s)" $$ >"$lock" || exit 255
fi
trap 'rm -f "$lock"' EXIT

case $numRotations in '' | *[!0-9]*) failed ;; esac
[ $((10#$numRotations)) -ge 1 ] || failed
rotations=$((10#$numRotations))
if [ "$useSSH" = YES ] && [ "$SSHTest" = YES ]; then
  "$ssh" "$sshSource" '##--LBackup_SSH_Test--##' </dev/null || failed
fi

# Given pre or post and an override script, run the hooks and leave the status in $status.
run_hooks() {
  local argument=
  [ "$1" = pre ] && argument=$backupConfigurationFilePath
  status=0
  if [ -n "$2" ] && [ -e "$2" ]; then
    # LBackup splits this argument at blanks.
    # shellcheck disable=SC2086
    if [ -x "$2" ] && [ -s "$2" ]; then "$2" $argument; status=$?; fi
  else
    "$here/run_actions.bash" "$1" $argument
    status=$?
  fi
}

run_post_hooks() {
  export backup_status=$1 pre_backup_script_status=$pre_status
  run_hooks post "$backup_post_action_script"
  [ $status -eq 0 ] || echo "WARNING! : post action exit value : $status"
}

backup_failed() {
  [ "$post_actions_on_backup_error" = YES ] && run_post_hooks "$1"
  failed
}

run_hooks pre "$backup_pre_action_script"
case $status in
  0) pre_status=SUCCESS ;;
  129)
    pre_status=FAILED
    echo "ERROR! : a pre action requested that this backup is halted"
    [ "$post_actions_on_backup_error" = YES ] && run_post_hooks SUCCESS
    exit 129
    ;;
  1) pre_status=FAILED; echo "WARNING! : pre action exit value : 1" ;;
  *) pre_status=FAILED; echo "WARNING! : undefined pre action exit value : $status" ;;
esac

[ -d "$backupDest" ] || { say "ERROR! : backup destination not found"; failed; }
if [ "$useSSH" != YES ] && [ ! -e "$backupSource" ]; then say "ERROR! : backup source not found"; failed; fi
excludes=$backupConfigurationFolderPath/$excludes_filename
case $excludes in *' '*) excludes= ;; esac
[ -f "$excludes" ] || { say "ERROR! : excludes file not found"; exit 129; }
rm -rf "$backupDest/Section.inprogress"

[ "$pause" = 0 ] || sleep "$pause"
event before-rsync

options=()
[ "$checksum_enabled" = YES ] && checksum_options=--checksum
[ "$numeric_ids_enabled" = YES ] && numeric_id_options=--numeric-ids
[ "$hardlinks_enabled" = YES ] && hardlink_option=--hard-links
# As LBackup: these reach rsync's command line whatever they hold.
# shellcheck disable=SC2206
options+=($numeric_id_options $checksum_options $hardlink_option)
options+=(--stats -a --modify-window=20 --delete-excluded "--exclude-from=$excludes")
if [ -d "$backupDest/Section.0" ]; then options+=("--link-dest=$backupDest/Section.0"); else say "First Run Full Copy..."; fi
source=$backupSource
if [ "$useSSH" = YES ]; then options=("--rsync-path=/usr/bin/rsync" -z -e "$ssh" "${options[@]}"); source=$sshSource:$backupSource; fi
say "Synchronizing..."
"$rsync" "${options[@]}" "$source" "$backupDest/Section.inprogress" 2>&1 | tee -a "$logFile" ${rsync_session_log_file:+"$rsync_session_log_file"}

# Only the log tells whether rsync succeeded; its exit status is not looked at.
fifth_word() { tail -n "$1" "$logFile" | head -n 1 | awk '{ print $5 }'; }
vanished=no
tail -n 1 "$logFile" | grep -q '(code 24)' && vanished=yes
if [ "$ignore_rsync_vanished_files" = YES ] && [ $vanished = yes ]; then
  [ "$(fifth_word 2)" = speedup ] || backup_failed FIALED
else
  [ "$(fifth_word 1)" = speedup ] || backup_failed FIALED
  ! tail -n 15 "$logFile" | grep -q 'rsync error' || backup_failed FIALED
fi

event after-rsync
[ "$pause" = 0 ] || sleep "$pause"

say "Rotating Backups..."
newest_missing=
for ((number = 0; number < rotations; number++)); do
  if [ ! -e "$backupDest/Section.$number" ] && [ ! -L "$backupDest/Section.$number" ]; then
    newest_missing=${newest_missing:-$number}
  elif [ -n "$newest_missing" ]; then
    say "ERROR! : integrity: Section.$newest_missing is missing"
    backup_failed SUCCESS
  fi
done
[ -e "$backupDest/Section.$rotations" ] && echo "WARNING! : there are more sections than numRotations"
rm -rf "$backupDest/Section.$((rotations - 1))"
for ((number = rotations - 2; number >= 0; number--)); do
  if [ -e "$backupDest/Section.$number" ] || [ -L "$backupDest/Section.$number" ]; then
    rename "$backupDest/Section.$number" "$backupDest/Section.$((number + 1))" || backup_failed FIALED
  fi
done
say "Performing Atomic Swap..."
rename "$backupDest/Section.inprogress" "$backupDest/Section.0" || backup_failed FIALED

run_post_hooks SUCCESS
[ $status -eq 129 ] || say "Backup Completed Successfully"
exit 0
